//! Aggregations over the distribution of values: `quantile`, `count_values`.

use hashbrown::HashMap;
use model::Labels;

use crate::error::EvalError;
use crate::eval::aggregate::Groups;
use crate::eval::call::with_label;
use crate::eval::frame::{Frame, RowHead, RowMut, histogram_at};
use crate::eval::steps::{add_step, has_step, steps_of};
use crate::math::{compare_nan_first, quantile_of_sorted};
use crate::number::format_plain;
use crate::plan::AggregatePlan;

/// Returns a quantile over the series of each group.
pub(super) fn quantiles(
    input: &Frame,
    plan: &AggregatePlan,
    q: &[f64],
    mut out: Frame,
) -> Result<Frame, EvalError> {
    let mut groups = Groups::new(plan.grouping.as_ref());
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (idx, head) in input.heads().iter().enumerate() {
        let group = groups.find(&head.labels);
        members.resize(groups.len(), Vec::new());
        members[group].push(idx);
    }
    let mut sorted = Vec::new();
    for (labels, members) in groups.labels.iter().zip(&members) {
        let drop_name = members.iter().any(|idx| input.heads()[*idx].drop_name);
        let row = out.push_empty(RowHead {
            labels: labels.clone(),
            drop_name,
        })?;
        for (step, q) in q.iter().enumerate() {
            sorted.clear();
            let floats = members.iter().filter(|idx| {
                has_step(input.present(**idx), step) && histogram_at(input.histograms(**idx), step).is_none()
            });
            sorted.extend(floats.map(|idx| input.values(*idx)[step]));
            if sorted.is_empty() {
                continue;
            }
            sorted.sort_by(compare_nan_first);
            let RowMut { values, present } = out.get_mut(row);
            values[step] = quantile_of_sorted(*q, &sorted);
            add_step(present, step);
        }
    }
    Ok(out)
}

/// Counts how many series of each group have each value; the value becomes a label.
pub(super) fn count_values(
    input: &Frame,
    plan: &AggregatePlan,
    label: &str,
    mut out: Frame,
) -> Result<Frame, EvalError> {
    let mut grouping = plan.grouping.clone();
    match &mut grouping {
        Some(grouping) if !grouping.without => grouping.labels.push(label.to_owned()),
        Some(_) => {}
        None => {
            grouping = Some(crate::ast::Grouping {
                without: false,
                labels: vec![label.to_owned()],
            })
        }
    }
    let groups = Groups::new(grouping.as_ref());
    let mut rows: HashMap<Labels, usize> = HashMap::new();
    for row in input.rows() {
        // Values of one series repeat from step to step.
        let mut known: HashMap<u64, usize> = HashMap::new();
        for step in steps_of(row.present) {
            let histogram = histogram_at(row.histograms, step);
            let value = row.values[step];
            let bits = if value.is_nan() {
                f64::NAN.to_bits()
            } else {
                value.to_bits()
            };
            let found = if histogram.is_none() {
                known.get(&bits)
            } else {
                None
            };
            let idx = match found {
                Some(idx) => *idx,
                None => {
                    let text = histogram.map_or_else(|| format_plain(value), |h| h.to_string());
                    let key = groups.key(&with_label(row.labels, label, &text)?);
                    let idx = match rows.get(&key) {
                        Some(idx) => *idx,
                        None => {
                            let idx = out.push_empty(RowHead {
                                labels: key.clone(),
                                drop_name: false,
                            })?;
                            rows.insert(key, idx);
                            idx
                        }
                    };
                    if histogram.is_none() {
                        known.insert(bits, idx);
                    }
                    idx
                }
            };
            let RowMut { values, present } = out.get_mut(idx);
            values[step] = if has_step(present, step) {
                values[step] + 1.0
            } else {
                1.0
            };
            add_step(present, step);
        }
    }
    Ok(out)
}
