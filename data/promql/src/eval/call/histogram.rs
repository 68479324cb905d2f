//! Quantiles and fractions of classic histograms: series with a label `le` and cumulative counts.
//!
//! Series are grouped by their other labels once; each step then looks at the buckets that are present.

use hashbrown::HashMap;
use model::{Labels, Millis};

use crate::annotations::Monotonicity;
use crate::ast::Span;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::call::label::{text_of, with_label};
use crate::eval::frame::{Frame, Row, without_metadata};
use crate::eval::steps::{Steps, add_step, has_step};
use crate::number::{format_plain, format_short};
use crate::plan::Node;

/// Counts that differ less than this are taken to differ by rounding only.
const SMALL_DIFFERENCE: f64 = 1e-12;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    upper_bound: f64,
    count: f64,
}

/// An argument that holds buckets.
struct Buckets {
    frame: Frame,
    span: Span,
    times: Vec<Millis>,
}

/// A classic histogram: its labels without `le`, and its rows with their bounds in ascending order.
struct Classic {
    labels: Labels,
    drop_name: bool,
    rows: Vec<(f64, usize)>,
}

impl Evaluator<'_> {
    pub(super) fn histogram_quantile(&self, q: &Node, arg: &Node, steps: &Steps) -> Result<Frame, EvalError> {
        let qs = self.scalar(q, steps)?;
        self.remark_quantiles_of(q.span, &qs);
        let input = self.buckets(arg, steps)?;
        let mut frame = self.frame(steps);
        self.quantile_rows(&input, &qs, |row| frame.push(row))?;
        self.settle_names(frame)
    }

    pub(super) fn histogram_quantiles(&self, args: &[Node], steps: &Steps) -> Result<Frame, EvalError> {
        let [arg, label, qs @ ..] = args else {
            return Err(super::wrong_arguments());
        };
        let label = text_of(label).unwrap_or("");
        let input = self.buckets(arg, steps)?;
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
                self.quantile_rows(&input, &values, |row| {
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
        let input = self.buckets(arg, steps)?;
        let mut frame = self.frame(steps);
        self.classic_rows(
            &input,
            |_, i, buckets| fraction(low[i], high[i], buckets),
            |row| frame.push(row),
        )?;
        self.settle_names(frame)
    }

    fn buckets(&self, arg: &Node, steps: &Steps) -> Result<Buckets, EvalError> {
        let frame = self.vector(arg, steps)?;
        Ok(Buckets {
            frame,
            span: arg.span,
            times: steps.times().collect(),
        })
    }

    fn remark_quantiles_of(&self, span: Span, qs: &[f64]) {
        for q in qs.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
            self.annotate(|notes| notes.invalid_quantile(span, *q));
        }
    }

    fn quantile_rows(
        &self,
        input: &Buckets,
        qs: &[f64],
        row: impl FnMut(Row<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let compute = |histogram: &Classic, i: usize, buckets: &mut Vec<Bucket>| {
            let (value, bent) = quantile(qs[i], buckets);
            if let Some((low, high, max_difference)) = bent {
                let name = if self.params.delayed_name_removal {
                    histogram.labels.metric_name()
                } else {
                    ""
                };
                let times = (input.times[i], input.times[i]);
                let detail = Monotonicity {
                    times,
                    buckets: (low, high),
                    max_difference,
                    count: 1,
                };
                self.annotate(|notes| notes.forced_monotonicity(input.span, name, detail));
            }
            value
        };
        self.classic_rows(input, compute, row)
    }

    /// Computes a row a histogram, from its buckets at each step.
    fn classic_rows(
        &self,
        input: &Buckets,
        compute: impl Fn(&Classic, usize, &mut Vec<Bucket>) -> f64,
        mut row: impl FnMut(Row<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let mut values = vec![0.0; input.frame.n_steps()];
        let mut buckets = Vec::new();
        for histogram in self.classic_histograms(input)? {
            let mut present = vec![0; input.frame.n_words()];
            for (i, slot) in values.iter_mut().enumerate() {
                buckets.clear();
                let found = histogram
                    .rows
                    .iter()
                    .filter(|(_, idx)| has_step(input.frame.present(*idx), i));
                buckets.extend(found.map(|(bound, idx)| Bucket {
                    upper_bound: *bound,
                    count: input.frame.values(*idx)[i],
                }));
                if !buckets.is_empty() {
                    *slot = compute(&histogram, i, &mut buckets);
                    add_step(&mut present, i);
                }
            }
            let dropped;
            let labels = if self.params.delayed_name_removal {
                &histogram.labels
            } else {
                dropped = without_metadata(&histogram.labels);
                &dropped
            };
            row(Row {
                labels,
                drop_name: true,
                values: &values,
                present: &present,
            })?;
        }
        Ok(())
    }

    fn classic_histograms(&self, input: &Buckets) -> Result<Vec<Classic>, EvalError> {
        let mut histograms: Vec<Classic> = Vec::new();
        let mut index: HashMap<Labels, usize> = HashMap::new();
        for (idx, head) in input.frame.heads().iter().enumerate() {
            let le = head.labels.get("le").unwrap_or("");
            let Some(bound) = parse_bound(le) else {
                let name = if self.params.delayed_name_removal {
                    head.labels.metric_name()
                } else {
                    ""
                };
                self.annotate(|notes| notes.bad_bucket_label(input.span, le, name));
                continue;
            };
            let labels = head.labels.filtered(|name| name != "le");
            let at = *index.entry(labels.clone()).or_insert_with(|| {
                histograms.push(Classic {
                    labels,
                    drop_name: head.drop_name,
                    rows: Vec::new(),
                });
                histograms.len() - 1
            });
            histograms[at].drop_name |= head.drop_name;
            histograms[at].rows.push((bound, idx));
        }
        for histogram in &mut histograms {
            histogram.rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Ok(histograms)
    }
}

/// Reads a bucket's bound as Go reads floats.
fn parse_bound(text: &str) -> Option<f64> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    let bound = match plain.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "-inf" | "-infinity" => f64::NEG_INFINITY,
        number
            if number
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'-' | b'+')) =>
        {
            number.parse().ok()?
        }
        _ => return None,
    };
    (!bound.is_nan()).then_some(bound)
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

/// Sums the counts of buckets with the same bound.
fn coalesce(buckets: &mut Vec<Bucket>) {
    buckets.dedup_by(|next, kept| {
        let same = next.upper_bound == kept.upper_bound;
        if same {
            kept.count += next.count;
        }
        same
    });
}

/// Makes counts monotonic. Returns the lowest and highest bound bent, and by how much at most, unless it was
/// rounding only.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<(f64, f64, f64)> {
    let mut bent: Option<(f64, f64, f64)> = None;
    let mut previous = buckets.first()?.count;
    for bucket in buckets.iter_mut().skip(1) {
        let count = bucket.count;
        if count == previous {
            continue;
        }
        if almost_equal(previous, count) {
            bucket.count = previous;
        } else if count < previous {
            bucket.count = previous;
            let (low, high, difference) = bent.unwrap_or((f64::INFINITY, f64::NEG_INFINITY, 0.0));
            bent = Some((
                low.min(bucket.upper_bound),
                high.max(bucket.upper_bound),
                difference.max(previous - count),
            ));
        } else {
            previous = count;
        }
    }
    bent
}

fn almost_equal(a: f64, b: f64) -> bool {
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == b || (a.is_nan() && b.is_nan()) {
        true
    } else if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        difference < SMALL_DIFFERENCE * f64::MIN_POSITIVE
    } else {
        difference / sum.min(f64::MAX) < SMALL_DIFFERENCE
    }
}

/// Estimates a quantile by linear interpolation within a bucket, as Prometheus's `BucketQuantile` does.
fn quantile(q: f64, buckets: &mut Vec<Bucket>) -> (f64, Option<(f64, f64, f64)>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if !(0.0..=1.0).contains(&q) {
        return (if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY }, None);
    }
    if buckets
        .last()
        .is_none_or(|last| last.upper_bound != f64::INFINITY)
    {
        return (f64::NAN, None);
    }
    coalesce(buckets);
    let bent = make_monotonic(buckets);
    let [.., second_last, last] = buckets.as_slice() else {
        return (f64::NAN, bent);
    };
    if last.count == 0.0 {
        return (f64::NAN, bent);
    }
    let mut rank = q * last.count;
    let n_finite = buckets.len() - 1;
    let at = buckets
        .iter()
        .take(n_finite)
        .position(|bucket| bucket.count >= rank)
        .unwrap_or(n_finite);
    let bucket = buckets[at];
    if at == n_finite {
        return (second_last.upper_bound, bent);
    }
    if at == 0 && bucket.upper_bound <= 0.0 {
        return (bucket.upper_bound, bent);
    }
    let mut start = 0.0;
    let mut count = bucket.count;
    if at > 0 {
        let below = buckets[at - 1];
        start = below.upper_bound;
        count -= below.count;
        rank -= below.count;
    }
    (start + (bucket.upper_bound - start) * (rank / count), bent)
}

/// Estimates the fraction of observations between two values by linear interpolation within buckets.
fn fraction(low: f64, high: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if buckets
        .last()
        .is_none_or(|last| last.upper_bound != f64::INFINITY)
    {
        return f64::NAN;
    }
    coalesce(buckets);
    let total = buckets.last().map_or(0.0, |last| last.count);
    if total == 0.0 || low.is_nan() || high.is_nan() {
        return f64::NAN;
    }
    if low >= high {
        return 0.0;
    }
    (rank_of(high, buckets, total) - rank_of(low, buckets, total)) / total
}

/// Estimates how many observations are at most `value`.
fn rank_of(value: f64, buckets: &[Bucket], total: f64) -> f64 {
    let first_is_negative = buckets.first().is_some_and(|first| first.upper_bound <= 0.0);
    let mut lower = if first_is_negative { f64::NEG_INFINITY } else { 0.0 };
    let mut rank: f64 = 0.0;
    for bucket in buckets {
        if lower >= value {
            return rank.min(total);
        }
        if bucket.upper_bound > value {
            let found = if lower == f64::NEG_INFINITY {
                bucket.count
            } else {
                rank + (bucket.count - rank) * (value - lower) / (bucket.upper_bound - lower)
            };
            return if found > total { total } else { found };
        }
        rank = bucket.count;
        lower = bucket.upper_bound;
    }
    total
}
