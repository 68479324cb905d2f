//! The labels of a series: those of the page, those of the target, the rules, the limits.

use model::{EditableLabels, Labels, METRIC_NAME, relabel};

use super::PageError;
use crate::config::Job;

/// What a label of the page is renamed to when the target has one of the same name.
const EXPORTED: &str = "exported_";
/// What a message shows of a name or value, in characters.
const SHOWN: usize = 50;

/// Joins the target's labels in and applies the rules; `false` if one of them drops the series.
///
/// A page that is honoured keeps a label of the target away by saying that it is empty: the names in `denied`.
pub(super) fn with_target(
    labels: &mut EditableLabels,
    denied: &[&str],
    (target, job): (&Labels, &Job),
) -> bool {
    if job.honor_labels {
        for (name, value) in target.iter() {
            if labels.get(name).is_empty() && !denied.contains(&name) {
                labels.set(name, value);
            }
        }
    } else {
        let mut conflicts = Vec::new();
        for (name, value) in target.iter() {
            let exposed = labels.get(name);
            if !exposed.is_empty() {
                conflicts.push((name, exposed.to_owned()));
            }
            labels.set(name, value);
        }
        conflicts.sort_by_key(|(name, _)| name.len());
        for (name, value) in conflicts {
            let mut renamed = format!("{EXPORTED}{name}");
            while !labels.get(&renamed).is_empty() {
                renamed.insert_str(0, EXPORTED);
            }
            labels.set(&renamed, &value);
        }
    }
    relabel(&job.metric_relabel, labels)
}

/// Checks names and limits of a series behind relabelling.
pub(super) fn check(labels: &EditableLabels, job: &Job, exposed: &Labels) -> Result<(), PageError> {
    let metric = labels.get(METRIC_NAME);
    if metric.is_empty() {
        return Err(PageError::Nameless(
            exposed.to_string().chars().take(200).collect(),
        ));
    }
    let names = job.names.scheme;
    let wrong = |name: &str| PageError::Name {
        name: name.chars().take(SHOWN).collect(),
    };
    if !names.is_metric_name(metric) {
        return Err(wrong(metric));
    }
    let limits = &job.limits;
    let shown: String = metric.chars().take(SHOWN).collect();
    let exceeds = |length: usize, limit: u64| limit > 0 && length as u64 > limit;
    let exceeded = |limit, allowed, found| {
        Err(PageError::Limit {
            limit,
            allowed,
            found,
        })
    };
    if exceeds(labels.len(), limits.labels) {
        let found = format!("metric {shown:?} has {} labels", labels.len());
        return exceeded("label_limit", limits.labels, found);
    }
    for (name, value) in labels.iter() {
        if name != METRIC_NAME && !names.is_label_name(name) {
            return Err(wrong(name));
        }
        let label: String = name.chars().take(SHOWN).collect();
        if exceeds(name.len(), limits.label_name_length) {
            let found = format!(
                "label name {label:?} of metric {shown:?} has {} bytes",
                name.len()
            );
            return exceeded("label_name_length_limit", limits.label_name_length, found);
        }
        if exceeds(value.len(), limits.label_value_length) {
            let found = format!(
                "label {label:?} of metric {shown:?} has a value of {} bytes",
                value.len()
            );
            return exceeded("label_value_length_limit", limits.label_value_length, found);
        }
    }
    Ok(())
}
