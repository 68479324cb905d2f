//! Operators between two vectors.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::Labels;

use crate::ast::{BinaryOp, Cardinality, Matching};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::binary::element::{Operand, Outcome, Remark, combine};
use crate::eval::binary::{compute, holds};
use crate::eval::call::with_label;
use crate::eval::frame::{Frame, Row, Slot, histogram_at, is_metadata_label, without_metadata};
use crate::eval::steps::{add_step, all_steps, has_step, overlap, steps_of, unite};
use crate::number::quote;
use crate::plan::BinaryPlan;

/// Rows of both sides that have the same matching labels.
#[derive(Default)]
struct MatchGroup {
    /// Rows of the side that may have many.
    many: Vec<usize>,
    /// Rows of the side that may have one at a time.
    one: Vec<usize>,
}

/// Returns the labels a matching looks at.
pub(super) fn matched_labels(labels: &Labels, matching: &Matching) -> Labels {
    if matching.on {
        labels.filtered(|name| matching.labels.iter().any(|l| l == name))
    } else {
        labels.filtered(|name| !is_metadata_label(name) && matching.labels.iter().all(|l| l != name))
    }
}

fn match_groups(many: &Frame, one: &Frame, matching: &Matching) -> Vec<(Labels, MatchGroup)> {
    let mut groups: Vec<(Labels, MatchGroup)> = Vec::new();
    let mut index: HashMap<Labels, usize> = HashMap::new();
    let sides = [many, one];
    for (is_one, frame) in sides.into_iter().enumerate() {
        for (idx, head) in frame.heads().iter().enumerate() {
            let key = matched_labels(&head.labels, matching);
            let at = *index.entry(key.clone()).or_insert_with(|| {
                groups.push((key, MatchGroup::default()));
                groups.len() - 1
            });
            let group = &mut groups[at].1;
            if is_one == 1 {
                group.one.push(idx)
            } else {
                group.many.push(idx)
            }
        }
    }
    groups
}

fn union_of(frame: &Frame, rows: &[usize]) -> Vec<u64> {
    let mut all = vec![0; frame.n_words()];
    rows.iter().for_each(|idx| unite(&mut all, frame.present(*idx)));
    all
}

fn minus(a: &[u64], b: &[u64]) -> Vec<u64> {
    a.iter().zip(b).map(|(a, b)| a & !b).collect()
}

fn both(a: &[u64], b: &[u64]) -> Vec<u64> {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

/// Labels in the form of Prometheus's messages: all inside braces.
fn in_braces(labels: &Labels) -> String {
    let pairs: Vec<_> = labels
        .iter()
        .map(|(name, value)| format!("{name}={}", quote(value)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

impl Evaluator<'_> {
    pub(super) fn set_operation(
        &self,
        plan: &BinaryPlan,
        left: &Frame,
        right: &Frame,
    ) -> Result<Frame, EvalError> {
        let Some(matching) = &plan.matching else {
            return Err(no_matching());
        };
        let groups = match_groups(left, right, matching);
        let mut of_left = vec![0; left.len()];
        for (at, (_, group)) in groups.iter().enumerate() {
            group.many.iter().for_each(|idx| of_left[*idx] = at);
        }
        let mut frame = Frame::new(left.n_steps(), &self.budget);
        let unions: Vec<_> = match plan.op {
            BinaryOp::Or => groups
                .iter()
                .map(|(_, group)| union_of(left, &group.many))
                .collect(),
            _ => groups
                .iter()
                .map(|(_, group)| union_of(right, &group.one))
                .collect(),
        };
        for (idx, row) in left.rows().enumerate() {
            let other = &unions[of_left[idx]];
            let present = match plan.op {
                BinaryOp::And => both(row.present, other),
                BinaryOp::Unless => minus(row.present, other),
                _ => row.present.to_vec(),
            };
            frame.push(Row {
                present: &present,
                ..row
            })?;
        }
        if plan.op == BinaryOp::Or {
            let mut of_right = vec![0; right.len()];
            for (at, (_, group)) in groups.iter().enumerate() {
                group.one.iter().for_each(|idx| of_right[*idx] = at);
            }
            for (idx, row) in right.rows().enumerate() {
                let present = minus(row.present, &unions[of_right[idx]]);
                frame.push(Row {
                    present: &present,
                    ..row
                })?;
            }
            return frame.merge_equal_labels();
        }
        Ok(frame)
    }

    /// Evaluates an arithmetic operator or comparison between vectors.
    pub(super) fn matched(&self, plan: &BinaryPlan, left: &Frame, right: &Frame) -> Result<Frame, EvalError> {
        let Some(matching) = &plan.matching else {
            return Err(no_matching());
        };
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        let (fill_many, fill_one) = if swapped {
            (matching.fill_right, matching.fill_left)
        } else {
            (matching.fill_left, matching.fill_right)
        };
        let mut join = Join {
            plan,
            matching,
            many,
            one,
            swapped,
            drop_names: plan.op.changes_metric() || (plan.return_bool && !self.params.delayed_name_removal),
            out: Frame::new(left.n_steps(), &self.budget),
            values: vec![0.0; left.n_steps()],
            remarks: HashMap::new(),
            many_any: if fill_many.is_some() || fill_one.is_some() {
                all_steps(left.n_steps())
            } else {
                many.any_present()
            },
        };
        for (key, group) in match_groups(many, one, matching) {
            join.group(&key, &group, (fill_many, fill_one))?;
        }
        let mut remarks: Vec<Remark> = Vec::new();
        for (_, (_, remark)) in join.remarks {
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
        self.annotate(|notes| remarks.iter().for_each(|remark| remark.write(plan, notes)));
        join.out.merge_equal_labels()
    }
}

fn no_matching() -> EvalError {
    EvalError::invalid("vector matching expected")
}

/// What a pair takes its samples from.
#[derive(Clone, Copy)]
enum Side<'a> {
    Row(Row<'a>),
    /// The value that stands for a missing series, with the labels it would be matched by.
    Fill(&'a Labels, f64),
}

impl<'a> Side<'a> {
    fn labels(&self) -> &'a Labels {
        match self {
            Self::Row(row) => row.labels,
            Self::Fill(labels, _) => labels,
        }
    }

    fn has_histograms(&self) -> bool {
        matches!(self, Self::Row(row) if !row.histograms.is_empty())
    }

    fn float(&self, step: usize) -> f64 {
        match self {
            Self::Row(row) => row.values[step],
            Self::Fill(_, value) => *value,
        }
    }

    fn operand(&self, step: usize) -> Operand {
        match self {
            Self::Row(row) => match histogram_at(row.histograms, step) {
                Some(histogram) => Operand::Histogram(Arc::clone(histogram)),
                None => Operand::Float(row.values[step]),
            },
            Self::Fill(_, value) => Operand::Float(*value),
        }
    }
}

/// A join of two vectors under way.
struct Join<'a> {
    plan: &'a BinaryPlan,
    matching: &'a Matching,
    many: &'a Frame,
    one: &'a Frame,
    /// Whether "many" is the right side.
    swapped: bool,
    drop_names: bool,
    out: Frame,
    values: Vec<f64>,
    /// By step the last remark, with the place of its pair: Prometheus makes one a step.
    remarks: HashMap<usize, (usize, Remark)>,
    /// Steps at which the "many" side has anything; at others nothing is matched, and nothing can go wrong.
    many_any: Vec<u64>,
}

impl Join<'_> {
    fn group(
        &mut self,
        key: &Labels,
        group: &MatchGroup,
        (fill_many, fill_one): (Option<f64>, Option<f64>),
    ) -> Result<(), EvalError> {
        self.check_one_side(key, group)?;
        let ones = union_of(self.one, &group.one);
        let manys = union_of(self.many, &group.many);
        let matchable = if fill_one.is_some() {
            manys.clone()
        } else {
            both(&manys, &ones)
        };
        self.check_many_side(group, &matchable)?;
        for &many in &group.many {
            for &one in &group.one {
                let steps = both(self.many.present(many), self.one.present(one));
                let sides = (Side::Row(self.many.get(many)), Side::Row(self.one.get(one)));
                self.emit(many, sides, &steps)?;
            }
            if let Some(fill) = fill_one {
                let steps = minus(self.many.present(many), &ones);
                self.emit(
                    many,
                    (Side::Row(self.many.get(many)), Side::Fill(key, fill)),
                    &steps,
                )?;
            }
        }
        if let Some(fill) = fill_many {
            for &one in &group.one {
                let steps = minus(self.one.present(one), &manys);
                let sides = (Side::Fill(key, fill), Side::Row(self.one.get(one)));
                self.emit(self.many.len() + one, sides, &steps)?;
            }
        }
        Ok(())
    }

    /// The "one" side must have one series a match group at each step.
    fn check_one_side(&self, key: &Labels, group: &MatchGroup) -> Result<(), EvalError> {
        for (n, &first) in group.one.iter().enumerate() {
            for &second in group.one.iter().skip(n + 1) {
                let shared = both(self.one.present(first), self.one.present(second));
                if !overlap(&shared, &self.many_any) {
                    continue;
                }
                let mut found = [
                    in_braces(self.one.labels(first)),
                    in_braces(self.one.labels(second)),
                ];
                found.sort();
                let side = if self.swapped { "left" } else { "right" };
                return Err(EvalError::invalid(format!(
                    "found duplicate series for the match group {} on the {side} hand-side of the operation: \
                     [{}];many-to-many matching not allowed: matching labels must be unique on one side",
                    in_braces(key),
                    found.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Without `group_left` the other side must have one, too; with it, results must differ in their labels.
    fn check_many_side(&self, group: &MatchGroup, matchable: &[u64]) -> Result<(), EvalError> {
        if group.many.len() < 2 {
            return Ok(());
        }
        if self.matching.cardinality == Cardinality::OneToOne {
            let mut seen = vec![0; matchable.len()];
            for &many in &group.many {
                let matched = self.answered(many, &group.one, both(self.many.present(many), matchable));
                if overlap(&seen, &matched) {
                    let message = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)";
                    return Err(EvalError::invalid(message));
                }
                unite(&mut seen, &matched);
            }
            return Ok(());
        }
        for &one in &group.one {
            let mut seen: HashMap<Labels, Vec<u64>> = HashMap::new();
            for &many in &group.many {
                let labels = self.result_labels(self.many.labels(many), self.one.labels(one))?;
                let matched = both(self.many.present(many), self.one.present(one));
                let matched = self.answered(many, &[one], matched);
                let before = seen.entry(labels).or_insert_with(|| vec![0; matched.len()]);
                if overlap(before, &matched) {
                    let message = "multiple matches for labels: grouping labels must ensure unique matches";
                    return Err(EvalError::invalid(message));
                }
                unite(before, &matched);
            }
        }
        Ok(())
    }

    /// Returns at which of the steps the operator takes the samples of a row and its match, of which each step has one
    /// among `ones`, or a fill value. Samples that it does not take match nothing, so they are not too many either.
    fn answered(&self, many: usize, ones: &[usize], matched: Vec<u64>) -> Vec<u64> {
        let row = self.many.get(many);
        let has_histograms = |row: Row<'_>| !row.histograms.is_empty();
        let only_floats = !has_histograms(row) && !ones.iter().any(|one| has_histograms(self.one.get(*one)));
        if only_floats && !self.plan.op.is_trim() {
            return matched;
        }
        let mut answered = vec![0; matched.len()];
        for i in steps_of(&matched) {
            let other = ones.iter().find(|one| has_step(self.one.present(**one), i));
            let other = other.map_or(Operand::Float(0.0), |one| {
                Side::Row(self.one.get(*one)).operand(i)
            });
            let many = Side::Row(row).operand(i);
            let (left, right) = if self.swapped {
                (other, many)
            } else {
                (many, other)
            };
            if combine(self.plan.op, left, right).0.is_some() {
                add_step(&mut answered, i);
            }
        }
        answered
    }

    /// Computes a row from a pair of series at the given steps.
    fn emit(
        &mut self,
        place: usize,
        (many, one): (Side<'_>, Side<'_>),
        steps: &[u64],
    ) -> Result<(), EvalError> {
        if steps.iter().all(|word| *word == 0) {
            return Ok(());
        }
        let op = self.plan.op;
        let (left, right) = if self.swapped { (one, many) } else { (many, one) };
        let (present, histograms) = if op.is_trim() || left.has_histograms() || right.has_histograms() {
            self.compute_mixed(place, (left, right), steps)
        } else {
            (self.compute_floats((left, right), steps), Vec::new())
        };
        let labels = self.result_labels(many.labels(), one.labels())?;
        let row = Row {
            labels: &labels,
            drop_name: self.plan.return_bool,
            values: &self.values,
            present: &present,
            histograms: &histograms,
        };
        self.out.push(row)
    }

    /// Computes the values of two sides that have floats only; returns the steps that have one.
    fn compute_floats(&mut self, (left, right): (Side<'_>, Side<'_>), steps: &[u64]) -> Vec<u64> {
        let op = self.plan.op;
        let filters = op.is_comparison() && !self.plan.return_bool;
        let mut present = vec![0; steps.len()];
        for i in steps_of(steps) {
            let (left, right) = (left.float(i), right.float(i));
            if !filters {
                self.values[i] = compute(op, left, right);
            } else if holds(op, left, right) {
                self.values[i] = left;
            } else {
                continue;
            }
            add_step(&mut present, i);
        }
        present
    }

    /// Computes the samples of two sides of which one has histograms; returns the steps that have one, and
    /// histograms, one slot a step.
    fn compute_mixed(
        &mut self,
        place: usize,
        (left, right): (Side<'_>, Side<'_>),
        steps: &[u64],
    ) -> (Vec<u64>, Vec<Slot>) {
        let mut present = vec![0; steps.len()];
        let mut histograms = vec![None; self.values.len()];
        for i in steps_of(steps) {
            let (outcome, remark) = combine(self.plan.op, left.operand(i), right.operand(i));
            if let Some(remark) = remark {
                let last = self.remarks.entry(i).or_insert((place, remark));
                if last.0 <= place {
                    *last = (place, remark);
                }
            }
            match outcome {
                Some(outcome) if self.plan.return_bool => self.values[i] = f64::from(u8::from(outcome.keep)),
                Some(Outcome { keep: false, .. }) | None => continue,
                Some(outcome) => match outcome.value {
                    Operand::Float(value) => self.values[i] = value,
                    Operand::Histogram(histogram) => histograms[i] = Some(histogram),
                },
            }
            add_step(&mut present, i);
        }
        (present, histograms)
    }

    fn result_labels(&self, many: &Labels, one: &Labels) -> Result<Labels, EvalError> {
        let matching = self.matching;
        let mut labels = if self.drop_names {
            without_metadata(many)
        } else {
            many.clone()
        };
        if matching.cardinality == Cardinality::OneToOne {
            let listed: HashSet<&str> = matching.labels.iter().map(String::as_str).collect();
            labels = labels.filtered(|name| listed.contains(name) == matching.on);
        }
        for name in &matching.include {
            labels = with_label(&labels, name, one.get(name).unwrap_or(""))?;
        }
        Ok(labels)
    }
}
