//! Functions of instant vectors and scalars.

mod date;
mod histogram;
mod info;
mod label;
mod sort;

use model::{Labels, MatchOp, Matcher};

use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::{Frame, Row, float_steps, is_metadata_label};
use crate::eval::select::Pick;
use crate::eval::steps::{Steps, all_steps, count_steps, has_step, steps_of, unite};
use crate::functions::FunctionId;
use crate::histogram::{average, variance};
use crate::math::{go_max, go_min};
use crate::plan::{Kind, Node};

pub(super) use label::with_label;

impl Evaluator<'_> {
    pub(super) fn scalar_call(
        &self,
        function: FunctionId,
        args: &[Node],
        steps: &Steps,
    ) -> Result<Vec<f64>, EvalError> {
        match (function, args) {
            (FunctionId::Time, _) => Ok(steps.times().map(|t| t as f64 / 1000.0).collect()),
            (FunctionId::Pi, _) => Ok(vec![std::f64::consts::PI; steps.count()]),
            (FunctionId::Scalar, [vector]) => Ok(only_values(&self.vector(vector, steps)?)),
            (FunctionId::MaxOf | FunctionId::MinOf, [left, right]) => {
                let (left, right) = (self.scalar(left, steps)?, self.scalar(right, steps)?);
                let pick = if function == FunctionId::MaxOf {
                    go_max
                } else {
                    go_min
                };
                Ok(left
                    .iter()
                    .zip(&right)
                    .map(|(left, right)| pick(*left, *right))
                    .collect())
            }
            _ => Err(wrong_arguments()),
        }
    }

    pub(super) fn vector_call(
        &self,
        node: &Node,
        (function, args): (FunctionId, &[Node]),
        steps: &Steps,
    ) -> Result<Frame, EvalError> {
        use FunctionId as F;
        if let Some(part) = date::part(function) {
            return self.date_part(part, args, steps);
        }
        match (function, args) {
            (F::Absent, [arg]) => self.absent(arg, steps),
            (F::Info, _) => self.info(args, steps),
            (F::Vector, [arg]) => {
                let values = self.scalar(arg, steps)?;
                let mut frame = self.frame(steps);
                let present = all_steps(values.len());
                let labels = Labels::default();
                frame.push(Row {
                    labels: &labels,
                    drop_name: false,
                    values: &values,
                    present: &present,
                    histograms: &[],
                })?;
                Ok(frame)
            }
            (F::Timestamp, [arg]) => match &arg.kind {
                Kind::Selector(selector) => self.sample_times(selector, Pick::Time, steps),
                _ => {
                    let frame = self.vector(arg, steps)?;
                    let times: Vec<f64> = steps.times().map(|t| t as f64 / 1000.0).collect();
                    self.map_steps(frame, |i| times[i])
                }
            },
            (F::StartTimestamp, [arg]) => match &arg.kind {
                Kind::Selector(selector) if self.params.start_timestamps => {
                    self.sample_times(selector, Pick::Start, steps)
                }
                // What an expression computes did not begin anywhere.
                _ => {
                    self.vector(arg, steps)?;
                    Ok(self.frame(steps))
                }
            },
            (F::Sort | F::SortDesc | F::SortByLabel | F::SortByLabelDesc, _) => {
                self.sort(node.span, (function, args), steps)
            }
            (F::LabelReplace, [arg, rest @ ..]) => self.label_replace(arg, rest, steps),
            (F::LabelJoin, [arg, rest @ ..]) => self.label_join(arg, rest, steps),
            (F::HistogramQuantile, [q, arg]) => self.histogram_quantile(q, arg, steps),
            (F::HistogramQuantiles, _) => self.histogram_quantiles(args, steps),
            (F::HistogramFraction, [low, high, arg]) => self.histogram_fraction((low, high), arg, steps),
            (F::Clamp | F::ClampMin | F::ClampMax, _) => self.clamp(function, args, steps),
            (F::Round, [arg, rest @ ..]) => {
                let nearest = match rest.first() {
                    Some(nearest) => self.scalar(nearest, steps)?,
                    None => vec![1.0; steps.count()],
                };
                let frame = self.vector(arg, steps)?;
                self.map_values(frame, |i, value| {
                    // The inverse loses less: 0.1 is not exact, 10 is.
                    let inverse = 1.0 / nearest[i];
                    Some((value * inverse + 0.5).floor() / inverse)
                })
            }
            (F::HistogramCount, [arg]) => self.map_histograms(self.vector(arg, steps)?, |h| h.count),
            (F::HistogramSum, [arg]) => self.map_histograms(self.vector(arg, steps)?, |h| h.sum),
            (F::HistogramAvg, [arg]) => self.map_histograms(self.vector(arg, steps)?, average),
            (F::HistogramStdvar, [arg]) => self.map_histograms(self.vector(arg, steps)?, variance),
            (F::HistogramStddev, [arg]) => {
                self.map_histograms(self.vector(arg, steps)?, |h| variance(h).sqrt())
            }
            (_, [arg]) => {
                let map = elementwise(function).ok_or_else(wrong_arguments)?;
                let frame = self.vector(arg, steps)?;
                self.map_values(frame, |_, value| Some(map(value)))
            }
            _ => Err(wrong_arguments()),
        }
    }

    fn absent(&self, arg: &Node, steps: &Steps) -> Result<Frame, EvalError> {
        let any = self.vector(arg, steps)?.any_present();
        let n = steps.count();
        let mut present = all_steps(n);
        present
            .iter_mut()
            .zip(&any)
            .for_each(|(absent, any)| *absent &= !any);
        let labels = match &arg.kind {
            Kind::Selector(selector) => labels_of_absent(&selector.matchers)?,
            _ => Labels::default(),
        };
        let mut frame = self.frame(steps);
        let values = vec![1.0; n];
        frame.push(Row {
            labels: &labels,
            drop_name: false,
            values: &values,
            present: &present,
            histograms: &[],
        })?;
        Ok(frame)
    }

    fn clamp(&self, function: FunctionId, args: &[Node], steps: &Steps) -> Result<Frame, EvalError> {
        let [arg, bounds @ ..] = args else {
            return Err(wrong_arguments());
        };
        let n = steps.count();
        let bounds = bounds
            .iter()
            .map(|bound| self.scalar(bound, steps))
            .collect::<Result<Vec<_>, _>>()?;
        let (low, high) = match (function, bounds.as_slice()) {
            (FunctionId::Clamp, [low, high]) => (low.clone(), high.clone()),
            (FunctionId::ClampMin, [low]) => (low.clone(), vec![f64::INFINITY; n]),
            (_, [high]) => (vec![f64::NEG_INFINITY; n], high.clone()),
            _ => return Err(wrong_arguments()),
        };
        let frame = self.vector(arg, steps)?;
        self.map_values(frame, |i, value| {
            let (low, high) = (low[i], high[i]);
            if high < low {
                None
            } else {
                Some(go_max(low, go_min(high, value)))
            }
        })
    }
}

fn wrong_arguments() -> EvalError {
    EvalError::invalid("unexpected arguments")
}

/// Returns the value of the only float at each step, NaN where there is none or more than one.
fn only_values(frame: &Frame) -> Vec<f64> {
    let mut values = vec![f64::NAN; frame.n_steps()];
    let mut seen = vec![0_u64; frame.n_words()];
    for row in frame.rows() {
        let floats = float_steps(row.present, row.histograms);
        for i in steps_of(&floats) {
            values[i] = if has_step(&seen, i) {
                f64::NAN
            } else {
                row.values[i]
            };
        }
        unite(&mut seen, &floats);
        debug_assert!(count_steps(&seen) <= frame.n_steps(), "no step beyond the last");
    }
    values
}

/// Returns the labels that an absent series would have: of each label the value of its first equality matcher,
/// unless another matcher of that label follows.
pub(super) fn labels_of_absent(matchers: &[Matcher]) -> Result<Labels, EvalError> {
    let mut pairs: Vec<(&str, Option<&str>)> = Vec::new();
    for matcher in matchers
        .iter()
        .filter(|matcher| !is_metadata_label(matcher.name()))
    {
        let equal = (matcher.op() == MatchOp::Equal).then(|| matcher.value());
        match pairs.iter_mut().find(|(name, _)| *name == matcher.name()) {
            Some((_, value)) => *value = None,
            None if equal.is_some() => pairs.push((matcher.name(), equal)),
            None => {}
        }
    }
    let labels = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Labels::from_pairs(labels).map_err(|error| EvalError::invalid(error.to_string()))
}

/// Returns the functions of one number.
fn elementwise(function: FunctionId) -> Option<fn(f64) -> f64> {
    use FunctionId as F;
    Some(match function {
        F::Abs => f64::abs,
        F::Acos => f64::acos,
        F::Acosh => f64::acosh,
        F::Asin => f64::asin,
        F::Asinh => f64::asinh,
        F::Atan => f64::atan,
        F::Atanh => f64::atanh,
        F::Ceil => f64::ceil,
        F::Cos => f64::cos,
        F::Cosh => f64::cosh,
        F::Deg => |value| value * (180.0 / std::f64::consts::PI),
        F::Exp => f64::exp,
        F::Floor => f64::floor,
        F::Ln => f64::ln,
        F::Log10 => f64::log10,
        F::Log2 => f64::log2,
        F::Rad => |value| value * (std::f64::consts::PI / 180.0),
        F::Sgn => |value| {
            if value > 0.0 {
                1.0
            } else if value < 0.0 {
                -1.0
            } else {
                value
            }
        },
        F::Sin => f64::sin,
        F::Sinh => f64::sinh,
        F::Sqrt => f64::sqrt,
        F::Tan => f64::tan,
        F::Tanh => f64::tanh,
        _ => return None,
    })
}
