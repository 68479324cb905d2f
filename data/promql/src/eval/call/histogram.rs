//! Quantiles and fractions of histograms, classic and native.
//!
//! A classic histogram is series with a label `le` and cumulative counts. Series are grouped by their other labels
//! once; each step then looks at the buckets that are present. A native histogram is a sample, so it is a row of
//! its own. Where both are of the same name and labels, neither counts.

mod classic;
mod native;

use hashbrown::HashMap;
use model::{Labels, Millis};

use crate::annotations::Monotonicity;
use crate::ast::Span;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::call::histogram::classic::{Bucket, parse_bound};
use crate::eval::call::label::{text_of, with_label};
use crate::eval::frame::{Frame, Row, float_steps, has_histogram, without_metadata};
use crate::eval::steps::{Steps, add_step, has_step};
use crate::number::{format_plain, format_short};
use crate::plan::Node;

/// An argument that holds histograms.
struct Input {
    frame: Frame,
    span: Span,
    times: Vec<Millis>,
    /// Steps of each row at which it has a float.
    floats: Vec<Vec<u64>>,
    classic: Vec<Classic>,
    /// Rows with native histograms, and the steps at which they count.
    native: Vec<(usize, Vec<u64>)>,
}

/// A classic histogram: its labels without `le`, and its rows with their bounds in ascending order.
struct Classic {
    labels: Labels,
    rows: Vec<(f64, usize)>,
    /// Steps at which it does not count.
    left_out: Vec<u64>,
}

/// What is estimated.
#[derive(Clone, Copy)]
enum Estimate<'a> {
    /// One quantile a step.
    Quantile(&'a [f64]),
    /// The fraction between two values a step.
    Fraction(&'a [f64], &'a [f64]),
}

impl Evaluator<'_> {
    pub(super) fn histogram_quantile(&self, q: &Node, arg: &Node, steps: &Steps) -> Result<Frame, EvalError> {
        let qs = self.scalar(q, steps)?;
        self.remark_quantiles_of(q.span, &qs);
        let input = self.histograms(arg, steps)?;
        let mut frame = self.frame(steps);
        self.estimate(&input, Estimate::Quantile(&qs), |row| frame.push(row))?;
        self.settle_names(frame)
    }

    pub(super) fn histogram_quantiles(&self, args: &[Node], steps: &Steps) -> Result<Frame, EvalError> {
        let [arg, label, qs @ ..] = args else {
            return Err(super::wrong_arguments());
        };
        let label = text_of(label).unwrap_or("");
        let input = self.histograms(arg, steps)?;
        let mut frame = self.frame(steps);
        for q in qs {
            let values = self.scalar(q, steps)?;
            self.remark_quantiles_of(q.span, &values);
            // The label may change with the step, so each distinct value has its own pass.
            let mut distinct: Vec<f64> = Vec::new();
            for value in &values {
                if !distinct.iter().any(|known| known.to_bits() == value.to_bits()) {
                    distinct.push(*value);
                }
            }
            for value in distinct {
                let mut mask = vec![0; input.frame.n_words()];
                for (i, q) in values.iter().enumerate() {
                    if q.to_bits() == value.to_bits() {
                        add_step(&mut mask, i);
                    }
                }
                let text = open_metrics_float(value);
                self.estimate(&input, Estimate::Quantile(&values), |row| {
                    let labels = with_label(row.labels, label, &text)?;
                    let present: Vec<u64> = row.present.iter().zip(&mask).map(|(a, b)| a & b).collect();
                    frame.push(Row {
                        labels: &labels,
                        present: &present,
                        ..row
                    })
                })?;
            }
        }
        frame.merge_equal_labels()
    }

    pub(super) fn histogram_fraction(
        &self,
        (low, high): (&Node, &Node),
        arg: &Node,
        steps: &Steps,
    ) -> Result<Frame, EvalError> {
        let (low, high) = (self.scalar(low, steps)?, self.scalar(high, steps)?);
        let input = self.histograms(arg, steps)?;
        let mut frame = self.frame(steps);
        self.estimate(&input, Estimate::Fraction(&low, &high), |row| frame.push(row))?;
        self.settle_names(frame)
    }

    fn remark_quantiles_of(&self, span: Span, qs: &[f64]) {
        for q in qs.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
            self.annotate(|notes| notes.invalid_quantile(span, *q));
        }
    }

    /// Returns the metric name for remarks: there is one as long as names are kept.
    fn name_for_remarks<'a>(&self, labels: &'a Labels) -> &'a str {
        if self.params.delayed_name_removal {
            labels.metric_name()
        } else {
            ""
        }
    }

    /// Evaluates an argument and sorts out its histograms.
    fn histograms(&self, arg: &Node, steps: &Steps) -> Result<Input, EvalError> {
        let frame = self.vector(arg, steps)?;
        let floats: Vec<_> = frame
            .rows()
            .map(|row| float_steps(row.present, row.histograms))
            .collect();
        let mut input = Input {
            span: arg.span,
            times: steps.times().collect(),
            classic: Vec::new(),
            native: Vec::new(),
            floats,
            frame,
        };
        self.find_classic(&mut input);
        self.find_native(&mut input);
        Ok(input)
    }

    fn find_classic(&self, input: &mut Input) {
        let mut index: HashMap<Labels, usize> = HashMap::new();
        for (idx, head) in input.frame.heads().iter().enumerate() {
            if input.floats[idx].iter().all(|word| *word == 0) {
                continue;
            }
            let le = head.labels.get("le").unwrap_or("");
            let Some(bound) = parse_bound(le) else {
                let name = self.name_for_remarks(&head.labels);
                self.annotate(|notes| notes.bad_bucket_label(input.span, le, name));
                continue;
            };
            let labels = head.labels.filtered(|name| name != "le");
            let at = *index.entry(labels.clone()).or_insert_with(|| {
                input.classic.push(Classic {
                    labels,
                    rows: Vec::new(),
                    left_out: vec![0; input.frame.n_words()],
                });
                input.classic.len() - 1
            });
            input.classic[at].rows.push((bound, idx));
        }
        for histogram in &mut input.classic {
            histogram.rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
    }

    /// Finds native histograms, and leaves out what is there twice.
    fn find_native(&self, input: &mut Input) {
        for (idx, row) in input.frame.rows().enumerate() {
            if !has_histogram(row.present, row.histograms) {
                continue;
            }
            let mut steps: Vec<u64> = row
                .present
                .iter()
                .zip(&input.floats[idx])
                .map(|(present, floats)| present & !floats)
                .collect();
            if let Some(classic) = input.classic.iter_mut().find(|c| c.labels == *row.labels) {
                let mut both = vec![0; steps.len()];
                for (_, bucket) in &classic.rows {
                    for (both, (native, floats)) in
                        both.iter_mut().zip(steps.iter().zip(&input.floats[*bucket]))
                    {
                        *both |= native & floats;
                    }
                }
                if both.iter().any(|word| *word != 0) {
                    let name = self.name_for_remarks(row.labels);
                    self.annotate(|notes| notes.mixed_classic_native(input.span, name));
                }
                steps
                    .iter_mut()
                    .zip(&both)
                    .for_each(|(steps, both)| *steps &= !both);
                classic.left_out = both;
            }
            input.native.push((idx, steps));
        }
    }

    /// Computes a row a histogram.
    fn estimate(
        &self,
        input: &Input,
        estimate: Estimate<'_>,
        mut row: impl FnMut(Row<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        self.native_rows(input, estimate, &mut row)?;
        self.classic_rows(input, estimate, &mut row)
    }

    fn classic_rows(
        &self,
        input: &Input,
        estimate: Estimate<'_>,
        row: &mut dyn FnMut(Row<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let mut values = vec![0.0; input.frame.n_steps()];
        let mut buckets = Vec::new();
        for histogram in &input.classic {
            let columns: Vec<_> = histogram
                .rows
                .iter()
                .map(|(bound, idx)| (*bound, input.frame.values(*idx), &*input.floats[*idx]))
                .collect();
            let mut present = vec![0; input.frame.n_words()];
            for (i, slot) in values.iter_mut().enumerate() {
                if has_step(&histogram.left_out, i) {
                    continue;
                }
                buckets.clear();
                buckets.extend(columns.iter().filter(|(_, _, floats)| has_step(floats, i)).map(
                    |(bound, counts, _)| Bucket {
                        upper_bound: *bound,
                        count: counts[i],
                    },
                ));
                if !buckets.is_empty() {
                    *slot = self.classic_value((input, histogram), (estimate, i), &mut buckets);
                    add_step(&mut present, i);
                }
            }
            self.push_estimates(&histogram.labels, (&values, &present), row)?;
        }
        Ok(())
    }

    fn classic_value(
        &self,
        (input, histogram): (&Input, &Classic),
        (estimate, i): (Estimate<'_>, usize),
        buckets: &mut Vec<Bucket>,
    ) -> f64 {
        let qs = match estimate {
            Estimate::Fraction(low, high) => return classic::fraction(low[i], high[i], buckets),
            Estimate::Quantile(qs) => qs,
        };
        let (value, bent) = classic::quantile(qs[i], buckets);
        if let Some((low, high, max_difference)) = bent {
            let name = self.name_for_remarks(&histogram.labels);
            let detail = Monotonicity {
                times: (input.times[i], input.times[i]),
                buckets: (low, high),
                max_difference,
                count: 1,
            };
            self.annotate(|notes| notes.forced_monotonicity(input.span, name, detail));
        }
        value
    }

    /// Hands on a row of estimates, with its name as long as names are kept.
    fn push_estimates(
        &self,
        labels: &Labels,
        (values, present): (&[f64], &[u64]),
        row: &mut dyn FnMut(Row<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let dropped;
        let labels = if self.params.delayed_name_removal {
            labels
        } else {
            dropped = without_metadata(labels);
            &dropped
        };
        row(Row {
            labels,
            drop_name: true,
            values,
            present,
            histograms: &[],
        })
    }
}

/// Writes a float as OpenMetrics wants label values: integers with `.0`.
fn open_metrics_float(value: f64) -> String {
    let text = format_short(value);
    if !value.is_finite() {
        return format_plain(value);
    }
    if text.contains(['e', '.']) {
        text
    } else {
        format!("{text}.0")
    }
}
