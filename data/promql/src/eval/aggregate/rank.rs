//! Aggregations that keep some of their input series: `topk bottomk limitk limit_ratio`.

use model::Labels;
use xxhash_rust::xxh64::xxh64;

use crate::ast::{AggregateOp, Span};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::aggregate::Groups;
use crate::eval::frame::{Frame, Row, float_steps, histogram_at};
use crate::eval::steps::{Steps, add_step, has_step};
use crate::number::format_short;
use crate::plan::AggregatePlan;

impl Evaluator<'_> {
    pub(super) fn rank(&self, plan: &AggregatePlan, span: Span, steps: &Steps) -> Result<Frame, EvalError> {
        let param = self.aggregate_param(plan, steps)?;
        let input = self.vector(&plan.input, steps)?;
        if !self.check_rank_param(plan, &param)? {
            return Ok(self.frame(steps));
        }
        let mut groups = Groups::new(plan.grouping.as_ref());
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (idx, head) in input.heads().iter().enumerate() {
            let group = groups.find(&head.labels);
            members.resize(groups.len(), Vec::new());
            members[group].push(idx);
        }
        let places: Vec<f64> = match plan.op {
            AggregateOp::LimitRatio => input.heads().iter().map(|head| place_of(&head.labels)).collect(),
            _ => Vec::new(),
        };
        let n_words = input.n_words();
        let mut kept = vec![0; input.len() * n_words];
        let mut order = Vec::new();
        let mut chosen = Vec::new();
        let mut ignored = false;
        let always_one = param.iter().all(|k| count_of(*k) > 0);
        for (n, members) in members.iter().enumerate() {
            if n % 64 == 0 {
                self.check_interrupt()?;
            }
            if let ([idx], true, true) = (members.as_slice(), always_one, is_extreme(plan.op)) {
                // It is the first of itself wherever it has a float.
                let (present, histograms) = (input.present(*idx), input.histograms(*idx));
                let floats = float_steps(present, histograms);
                ignored |= floats != present;
                if steps.is_instant() && floats.iter().any(|word| *word != 0) {
                    order.push(*idx);
                }
                kept[idx * n_words..(idx + 1) * n_words].copy_from_slice(&floats);
                continue;
            }
            for (step, &parameter) in param.iter().enumerate() {
                let candidates = members
                    .iter()
                    .copied()
                    .filter(|idx| has_step(input.present(*idx), step));
                chosen.clear();
                match plan.op {
                    AggregateOp::LimitRatio => {
                        let ratio = parameter.clamp(-1.0, 1.0);
                        chosen.extend(candidates.filter(|idx| is_sampled(places[*idx], ratio)));
                    }
                    AggregateOp::LimitK => chosen.extend(candidates.take(count_of(parameter))),
                    op => {
                        let candidates = candidates.filter(|idx| {
                            let is_float = histogram_at(input.histograms(*idx), step).is_none();
                            ignored |= !is_float && count_of(parameter) > 0;
                            is_float
                        });
                        let value = |idx: usize| input.values(idx)[step];
                        choose_extreme(&mut chosen, candidates, count_of(parameter), |a, b| {
                            ranks_before(op, value(a), value(b))
                        });
                    }
                }
                for idx in &chosen {
                    add_step(&mut kept[idx * n_words..(idx + 1) * n_words], step);
                }
                if steps.is_instant() {
                    order.extend_from_slice(&chosen);
                }
            }
        }
        if ignored {
            self.annotate(|notes| notes.histogram_ignored(span, plan.op.as_str()));
        }
        if !steps.is_instant() {
            order.extend(0..input.len());
        }
        let mut out = self.frame(steps);
        for idx in order {
            out.push(Row {
                present: &kept[idx * n_words..(idx + 1) * n_words],
                ..input.get(idx)
            })?;
        }
        Ok(out)
    }

    /// Checks the parameter; `false` means that it selects nothing at any step.
    fn check_rank_param(&self, plan: &AggregatePlan, param: &[f64]) -> Result<bool, EvalError> {
        let low = param.iter().copied().fold(f64::INFINITY, f64::min);
        let high = param.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let nan = param.iter().any(|p| p.is_nan());
        if plan.op == AggregateOp::LimitRatio {
            if low == 0.0 && high == 0.0 && !nan {
                return Ok(false);
            }
            if nan {
                return Err(EvalError::invalid("Ratio value is NaN"));
            }
            let span = plan.param.as_ref().map_or(plan.input.span, |param| param.span);
            self.annotate(|notes| {
                if high > 1.0 {
                    notes.invalid_ratio(span, high, 1.0);
                }
                if low < -1.0 {
                    notes.invalid_ratio(span, low, -1.0);
                }
            });
            return Ok(true);
        }
        if !nan && high < 1.0 {
            return Ok(false);
        }
        if nan {
            return Err(EvalError::invalid("Parameter value is NaN"));
        }
        for (value, word) in [(low, "underflows"), (high, "overflows")] {
            if value.abs() >= i64::MAX as f64 {
                let value = format_short(value);
                return Err(EvalError::invalid(format!("Scalar value {value} {word} int64")));
            }
        }
        Ok(true)
    }
}

fn is_extreme(op: AggregateOp) -> bool {
    matches!(op, AggregateOp::TopK | AggregateOp::BottomK)
}

fn count_of(parameter: f64) -> usize {
    if parameter < 1.0 { 0 } else { parameter as usize }
}

/// Tells whether a value comes before another in the result; NaN comes last.
fn ranks_before(op: AggregateOp, a: f64, b: f64) -> bool {
    if a.is_nan() || b.is_nan() {
        return !a.is_nan() && b.is_nan();
    }
    if op == AggregateOp::TopK { a > b } else { a < b }
}

/// Keeps the `k` first candidates by rank, in order; of equals the earlier one stays.
fn choose_extreme(
    chosen: &mut Vec<usize>,
    candidates: impl Iterator<Item = usize>,
    k: usize,
    before: impl Fn(usize, usize) -> bool,
) {
    if k == 0 {
        return;
    }
    for idx in candidates {
        if chosen.len() == k && chosen.last().is_some_and(|last| !before(idx, *last)) {
            continue;
        }
        let at = chosen.partition_point(|other| !before(idx, *other));
        chosen.insert(at, idx);
        chosen.truncate(k);
    }
}

/// Returns the place of a series in `0..=1` that decides whether a ratio takes it. It is Prometheus's: the hash
/// of the labels as `labels.Labels` stores them (length-prefixed, lengths below 255 in one byte, else 255 and
/// three bytes little endian), so that both take the same series.
fn place_of(labels: &Labels) -> f64 {
    let mut bytes = Vec::with_capacity(labels.packed().len());
    for (name, value) in labels.iter() {
        for item in [name, value] {
            match u8::try_from(item.len()) {
                Ok(len) if len < 255 => bytes.push(len),
                _ => {
                    bytes.push(255);
                    bytes.extend_from_slice(&item.len().to_le_bytes()[..3]);
                }
            }
            bytes.extend_from_slice(item.as_bytes());
        }
    }
    xxh64(&bytes, 0) as f64 / u64::MAX as f64
}

fn is_sampled(place: f64, ratio: f64) -> bool {
    if ratio >= 0.0 {
        place < ratio
    } else {
        place >= 1.0 + ratio
    }
}
