//! `info`: adds the labels of info metrics to the series that share their `instance` and `job`.
//!
//! Which info series is the newest may change from step to step, so one input row may become several.

use std::sync::Arc;

use hashbrown::HashMap;
use model::{Labels, METRIC_NAME, MatchOp, Matcher};

use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::call::with_label;
use crate::eval::frame::{Frame, RowHead, RowMut, histogram_at, is_metadata_label};
use crate::eval::steps::{Steps, add_step, has_step, steps_of};
use crate::plan::{Detail, Kind, Node, SelectorPlan, common_reference};

/// The metric that OpenTelemetry resources become.
const DEFAULT_METRIC: &str = "target_info";

/// The labels by which an info series belongs to a target.
const IDENTIFYING: [&str; 2] = ["instance", "job"];

/// Values of the identifying labels, empty if missing.
type Target = [String; 2];

fn target_of(labels: &Labels) -> Target {
    IDENTIFYING.map(|name| labels.get(name).unwrap_or("").to_owned())
}

/// What the second argument asks for.
struct Wanted {
    /// All must hold for the name of an info metric.
    names: Vec<Matcher>,
    /// Matchers of other labels; if there are any, only those labels are added.
    data: Vec<Matcher>,
}

impl Wanted {
    fn new(selector: Option<&Node>) -> Result<Self, EvalError> {
        let Some(Kind::Selector(plan)) = selector.map(|node| &node.kind) else {
            return Ok(Self {
                names: vec![Matcher::equal(METRIC_NAME, DEFAULT_METRIC)],
                data: Vec::new(),
            });
        };
        let (mut names, data): (Vec<_>, Vec<_>) = plan
            .matchers
            .iter()
            .cloned()
            .partition(|m| m.name() == METRIC_NAME);
        if names.is_empty() {
            names.push(Matcher::equal(METRIC_NAME, DEFAULT_METRIC));
        } else if names
            .iter()
            .all(|m| matches!(m.op(), MatchOp::NotEqual | MatchOp::NotRegex))
        {
            let any_info = Matcher::new(METRIC_NAME, MatchOp::Regex, ".+_info");
            names.push(any_info.map_err(|error| EvalError::invalid(error.to_string()))?);
        }
        Ok(Self { names, data })
    }

    fn is_info_metric(&self, name: &str) -> bool {
        self.names.iter().all(|m| m.matches(name))
    }

    fn adds(&self, label: &str) -> bool {
        !is_metadata_label(label) && (self.data.is_empty() || self.data.iter().any(|m| m.name() == label))
    }
}

/// Info series of one metric and target, as rows of the frame of their sample times.
type Candidates = HashMap<Target, Vec<(String, Vec<usize>)>>;

impl Evaluator<'_> {
    pub(super) fn info(&self, args: &[Node], steps: &Steps) -> Result<Frame, EvalError> {
        let [input, rest @ ..] = args else {
            return Err(super::wrong_arguments());
        };
        let wanted = Wanted::new(rest.first())?;
        let base = self.vector(input, steps)?;
        let times = self.info_times((input, &base), &wanted, steps)?;
        let mut candidates = Candidates::new();
        for (idx, head) in times.heads().iter().enumerate() {
            let name = head.labels.metric_name();
            let metrics = candidates.entry(target_of(&head.labels)).or_default();
            match metrics.iter_mut().find(|(known, _)| known == name) {
                Some((_, rows)) => rows.push(idx),
                None => metrics.push((name.to_owned(), vec![idx])),
            }
        }
        let mut out = self.frame(steps);
        for idx in 0..base.len() {
            if wanted.is_info_metric(base.labels(idx).metric_name()) {
                out.push(base.get(idx))?;
                continue;
            }
            let none = Vec::new();
            let metrics = candidates.get(&target_of(base.labels(idx))).unwrap_or(&none);
            add_info((&base, idx), (&times, metrics), &wanted, &mut out)?;
        }
        out.merge_equal_labels()
    }

    /// Returns the sample times of the info series of all targets of the input.
    fn info_times(
        &self,
        (input, base): (&Node, &Frame),
        wanted: &Wanted,
        steps: &Steps,
    ) -> Result<Frame, EvalError> {
        let mut frame = self.frame(steps);
        let (at, offset) = common_reference(input).unwrap_or((None, 0));
        let targets = base
            .heads()
            .iter()
            .filter(|head| !wanted.is_info_metric(head.labels.metric_name()));
        let mut presences: Vec<[bool; 2]> = targets
            .map(|head| target_of(&head.labels).map(|value| !value.is_empty()))
            .collect();
        presences.sort_unstable();
        presences.dedup();
        for presence in presences.into_iter().filter(|presence| presence.contains(&true)) {
            let mut matchers: Vec<Matcher> = wanted.names.iter().chain(&wanted.data).cloned().collect();
            for (name, present) in IDENTIFYING.into_iter().zip(presence) {
                let op = if present {
                    MatchOp::NotEqual
                } else {
                    MatchOp::Equal
                };
                let matcher = Matcher::new(name, op, "");
                matchers.push(matcher.map_err(|error| EvalError::invalid(error.to_string()))?);
            }
            let plan = SelectorPlan {
                matchers,
                keep: Vec::new(),
                offset,
                at,
                boundary: None,
                detail: Detail::Buckets,
            };
            self.stream_info_times(&plan, steps, &mut frame)?;
        }
        Ok(frame)
    }
}

/// Returns the row with the newest sample at a step.
fn newest(times: &Frame, rows: &[usize], step: usize) -> Result<Option<usize>, EvalError> {
    let mut best: Option<usize> = None;
    for &row in rows.iter().filter(|row| has_step(times.present(**row), step)) {
        let Some(known) = best else {
            best = Some(row);
            continue;
        };
        let (old, new) = (times.values(known)[step], times.values(row)[step]);
        if old == new {
            return Err(EvalError::invalid(format!(
                "found duplicate series for info metric: existing {:?} @ {:.0}, new {:?} @ {:.0}",
                times.labels(known),
                old * 1000.0,
                times.labels(row),
                new * 1000.0
            )));
        }
        if new > old {
            best = Some(row);
        }
    }
    Ok(best)
}

/// Adds the rows that one input row becomes.
fn add_info(
    (base, idx): (&Frame, usize),
    (times, metrics): (&Frame, &Vec<(String, Vec<usize>)>),
    wanted: &Wanted,
    out: &mut Frame,
) -> Result<(), EvalError> {
    let row = base.get(idx);
    // What was chosen before, and the output row it led to; the choice seldom changes.
    let mut known: HashMap<Vec<usize>, Option<usize>> = HashMap::new();
    let mut chosen = Vec::new();
    for step in steps_of(row.present) {
        chosen.clear();
        for (_, rows) in metrics {
            chosen.extend(newest(times, rows, step)?);
        }
        let target = match known.get(&chosen) {
            Some(target) => *target,
            None => {
                let infos: Vec<&Labels> = chosen.iter().map(|row| times.labels(*row)).collect();
                let target = match enriched(row.labels, &infos, wanted)? {
                    Some(labels) => Some(out.push_empty(RowHead {
                        labels,
                        drop_name: row.drop_name,
                    })?),
                    None => None,
                };
                known.insert(chosen.clone(), target);
                target
            }
        };
        if let Some(target) = target {
            let RowMut { values, present } = out.get_mut(target);
            values[step] = row.values[step];
            add_step(present, step);
            if let Some(histogram) = histogram_at(row.histograms, step) {
                out.put_histogram(target, step, Arc::clone(histogram))?;
            }
        }
    }
    Ok(())
}

/// Returns the labels of a series with those of its info series; `None` if it has none and needs one.
fn enriched(base: &Labels, infos: &[&Labels], wanted: &Wanted) -> Result<Option<Labels>, EvalError> {
    if infos.is_empty() && !wanted.data.iter().all(Matcher::matches_empty) {
        return Ok(None);
    }
    let mut labels = base.clone();
    let mut added: HashMap<&str, &str> = HashMap::new();
    for info in infos {
        for (name, value) in info.iter().filter(|(name, _)| wanted.adds(name)) {
            if added.get(name).is_some_and(|known| *known != value) {
                return Err(EvalError::invalid(format!("conflicting label: {name}")));
            }
            if base.get(name).is_none() {
                added.insert(name, value);
                labels = with_label(&labels, name, value)?;
            }
        }
    }
    Ok(Some(labels))
}
