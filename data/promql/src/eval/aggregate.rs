//! Aggregations over series.
//!
//! `sum`, `avg` and their like fold each row into accumulators as it comes; the others need all values of a step
//! side by side and work on a frame. Groups are found once a series.

mod fold;
mod histograms;
mod rank;
mod values;

use hashbrown::HashMap;
use model::Labels;

use crate::ast::{AggregateOp, Grouping, Span};
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::{Frame, has_histogram, is_metadata_label};
use crate::eval::steps::Steps;
use crate::plan::{AggregatePlan, Kind};

/// Numbers the groups of an aggregation in the order in which they are met.
struct Groups<'a> {
    grouping: Option<&'a Grouping>,
    index: HashMap<Labels, usize>,
    labels: Vec<Labels>,
}

impl<'a> Groups<'a> {
    fn new(grouping: Option<&'a Grouping>) -> Self {
        Self {
            grouping,
            index: HashMap::new(),
            labels: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns the labels of the group a series belongs to.
    fn key(&self, labels: &Labels) -> Labels {
        match self.grouping {
            None => Labels::default(),
            Some(Grouping {
                without: false,
                labels: names,
            }) => labels.filtered(|name| names.iter().any(|n| n == name)),
            Some(Grouping {
                without: true,
                labels: names,
            }) => labels.filtered(|name| !is_metadata_label(name) && names.iter().all(|n| n != name)),
        }
    }

    /// Returns the number of the group a series belongs to.
    fn find(&mut self, labels: &Labels) -> usize {
        if self.grouping.is_none() {
            if self.labels.is_empty() {
                self.labels.push(Labels::default());
            }
            return 0;
        }
        let key = self.key(labels);
        if let Some(group) = self.index.get(&key) {
            return *group;
        }
        let group = self.labels.len();
        self.labels.push(key.clone());
        self.index.insert(key, group);
        group
    }
}

impl Evaluator<'_> {
    pub(super) fn aggregate(
        &self,
        plan: &AggregatePlan,
        span: Span,
        steps: &Steps,
    ) -> Result<Frame, EvalError> {
        match plan.op {
            AggregateOp::CountValues => self.count_values(plan, steps),
            AggregateOp::Quantile => self.quantile(plan, steps),
            AggregateOp::TopK | AggregateOp::BottomK | AggregateOp::LimitK | AggregateOp::LimitRatio => {
                self.rank(plan, span, steps)
            }
            _ => self.fold(plan, steps),
        }
    }

    /// Evaluates the parameter of an aggregation: one value a step.
    fn aggregate_param(&self, plan: &AggregatePlan, steps: &Steps) -> Result<Vec<f64>, EvalError> {
        match &plan.param {
            Some(param) => self.scalar(param, steps),
            None => Ok(Vec::new()),
        }
    }

    /// Names each distinct value in a label and counts the series that have it.
    fn count_values(&self, plan: &AggregatePlan, steps: &Steps) -> Result<Frame, EvalError> {
        let label = match plan.param.as_ref().map(|param| &param.kind) {
            Some(Kind::Text(text)) if text.raw.is_none() && !text.value.is_empty() => text.value.clone(),
            Some(Kind::Text(text)) => return Err(EvalError::invalid(format!("invalid label name {text}"))),
            _ => return Err(EvalError::invalid("label name expected")),
        };
        let input = self.vector(&plan.input, steps)?;
        values::count_values(&input, plan, &label, self.frame(steps))
    }

    fn quantile(&self, plan: &AggregatePlan, steps: &Steps) -> Result<Frame, EvalError> {
        let q = self.aggregate_param(plan, steps)?;
        let input = self.vector(&plan.input, steps)?;
        if let Some(param) = &plan.param {
            let (low, high) = q.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), q| {
                (l.min(*q), h.max(*q))
            });
            self.annotate(|notes| {
                if q.iter().any(|q| q.is_nan()) {
                    notes.invalid_quantile(param.span, f64::NAN);
                }
                if high > 1.0 {
                    notes.invalid_quantile(param.span, high);
                }
                if low < 0.0 {
                    notes.invalid_quantile(param.span, low);
                }
            });
        }
        self.remark_ignored(&input, plan.input.span, plan.op);
        values::quantiles(&input, plan, &q, self.frame(steps))
    }

    /// Says that an aggregation leaves out the histograms among its input, if there are any.
    fn remark_ignored(&self, input: &Frame, span: Span, op: AggregateOp) {
        if input.rows().any(|row| has_histogram(row.present, row.histograms)) {
            self.annotate(|notes| notes.histogram_ignored(span, op.as_str()));
        }
    }
}
