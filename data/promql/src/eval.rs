//! Plan to value.
//!
//! Evaluation is series-major: a selector reads one series at a time into a reused buffer, a kernel runs over
//! its samples once and writes one value a step, and the row goes on at once, through elementwise functions
//! into the accumulators of an aggregation if there is one. `sum(rate(x[5m]))` never holds more than the samples
//! of one series. Labels are hashed once a series, never once a step.
//!
//! Instant and range queries take the same path: an instant query has one step.
//!
//! More cores are the caller's to lend: [`spread`] cuts stored series into pieces, and reading and kernels run on
//! [`Workers`]; everything that depends on order stays on the caller's thread.

mod aggregate;
mod binary;
mod call;
mod frame;
mod output;
mod select;
mod spread;
mod steps;
mod window;
mod workers;

use std::cell::RefCell;
use std::sync::Arc;

use model::{Histogram, Millis, Query, Selection, SeriesSet};

use crate::annotations::Annotations;
use crate::ast::{Boundary, Expr, ValueType};
use crate::error::{EvalError, Interrupt};
use crate::eval::frame::{
    Budget, Frame, Lease, Row, RowMut, RowSink, float_steps, has_metadata, histogram_at, without_metadata,
};
use crate::eval::steps::{Steps, all_steps};
use crate::histogram;
use crate::plan::{Horizon, Kind, Node, lower};
use crate::value::QueryOutput;

pub use workers::{Alone, Caller, Job, Workers};

/// What bounds an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Samples in memory at once.
    pub max_samples: usize,
    /// Steps of a range query.
    pub max_points: usize,
}

impl Limits {
    /// The bounds Prometheus has by default.
    pub const PROMETHEUS: Self = Self {
        max_samples: 50_000_000,
        max_points: 11_000,
    };
}

/// When and how an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvalParams {
    /// First evaluation time.
    pub start: Millis,
    /// Last evaluation time.
    pub end: Millis,
    /// Time between evaluations; 0 for an instant query, whose start and end are equal.
    pub step: Millis,
    /// How old the newest sample of a series may be to count as its value.
    pub lookback: Millis,
    /// Step of subqueries that do not give one.
    pub default_subquery_step: Millis,
    /// Whether metric names go at the end of the evaluation instead of at each function, as Prometheus has
    /// behind the flag `promql-delayed-name-removal`.
    pub delayed_name_removal: bool,
    /// Whether counters are taken to have begun where their samples say so, as Prometheus has behind the flag
    /// `use-start-timestamps`.
    pub start_timestamps: bool,
    /// What bounds the evaluation.
    pub limits: Limits,
}

impl EvalParams {
    /// Parameters of an instant query, with Prometheus's defaults.
    pub fn instant(time: Millis) -> Self {
        Self {
            start: time,
            end: time,
            step: 0,
            lookback: 300_000,
            default_subquery_step: 60_000,
            delayed_name_removal: false,
            start_timestamps: false,
            limits: Limits::PROMETHEUS,
        }
    }

    /// Parameters of a range query, with Prometheus's defaults. A step below 1 ms counts as 1 ms.
    pub fn range(start: Millis, end: Millis, step: Millis) -> Self {
        Self {
            start,
            end,
            step: step.max(1),
            ..Self::instant(start)
        }
    }

    fn is_instant(&self) -> bool {
        self.step == 0
    }
}

/// Evaluates an expression over stored series.
///
/// `interrupt` is asked between series and between operators; what it returns ends the evaluation.
///
/// # Errors
/// A bound was hit, the evaluation was interrupted, the store failed, or the expression has no meaning for the
/// data (many-to-many matching, duplicate series, parameters out of range).
pub fn evaluate(
    expr: &Expr,
    source: &dyn Query,
    params: &EvalParams,
    interrupt: &(dyn Fn() -> Option<Interrupt> + Sync),
) -> Result<QueryOutput, EvalError> {
    let caller = Caller {
        interrupt,
        workers: &Alone,
    };
    evaluate_with(expr, source, params, &caller)
}

/// Evaluates an expression over stored series on the threads that the caller lends. The result is that of
/// [`evaluate`] to the last bit.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with(
    expr: &Expr,
    source: &dyn Query,
    params: &EvalParams,
    caller: &Caller<'_>,
) -> Result<QueryOutput, EvalError> {
    let steps = Steps {
        start: params.start,
        end: params.end,
        step: params.step.max(1),
    };
    if steps.count() > params.limits.max_points {
        return Err(EvalError::TooManyPoints {
            limit: params.limits.max_points,
        });
    }
    let value_type = expr.value_type();
    if !params.is_instant() && !matches!(value_type, ValueType::Scalar | ValueType::InstantVector) {
        let message = format!(
            "invalid expression type \"{value_type}\" for range query, must be Scalar or instant Vector"
        );
        return Err(EvalError::invalid(message));
    }
    let node = lower(
        expr,
        &Horizon {
            start: params.start,
            end: params.end,
            step: params.step,
        },
    )?;
    let evaluator = Evaluator {
        source,
        params,
        interrupt: caller.interrupt,
        workers: caller.workers,
        budget: Budget::new(params.limits.max_samples),
        annotations: RefCell::default(),
        selections: RefCell::default(),
    };
    let value = evaluator.value(&node, &steps)?;
    let (warnings, infos) = evaluator.annotations.into_inner().into_parts();
    Ok(QueryOutput {
        value,
        warnings,
        infos,
    })
}

/// A selection that was made, so that it is not made twice.
type Selected = (Selection, Arc<dyn SeriesSet>);

struct Evaluator<'a> {
    source: &'a dyn Query,
    params: &'a EvalParams,
    interrupt: &'a (dyn Fn() -> Option<Interrupt> + Sync),
    workers: &'a dyn Workers,
    budget: Budget,
    annotations: RefCell<Annotations>,
    selections: RefCell<Vec<Selected>>,
}

impl Evaluator<'_> {
    fn check_interrupt(&self) -> Result<(), EvalError> {
        (self.interrupt)().map_or(Ok(()), |interrupt| Err(interrupt.into()))
    }

    fn annotate(&self, remark: impl FnOnce(&mut Annotations)) {
        remark(&mut self.annotations.borrow_mut());
    }

    /// Takes room for the scratch vectors of one operator, for as long as it and those below it run.
    fn scratch(&self, steps: &Steps) -> Result<Lease, EvalError> {
        let mut lease = self.budget.lease();
        lease.grow(steps.count())?;
        Ok(lease)
    }

    fn frame(&self, steps: &Steps) -> Frame {
        Frame::new(steps.count(), &self.budget)
    }

    /// Evaluates a scalar: one value a step.
    fn scalar(&self, node: &Node, steps: &Steps) -> Result<Vec<f64>, EvalError> {
        self.check_interrupt()?;
        let _scratch = self.scratch(steps)?;
        let n = steps.count();
        match &node.kind {
            Kind::Number(number) => Ok(vec![*number; n]),
            Kind::Invariant(inner) => {
                let value = self.scalar(inner, &steps.first())?;
                Ok(vec![value.first().copied().unwrap_or(f64::NAN); n])
            }
            Kind::Plus(inner) => self.scalar(inner, steps),
            Kind::Negate(inner) => {
                let mut values = self.scalar(inner, steps)?;
                values.iter_mut().for_each(|value| *value = -*value);
                Ok(values)
            }
            Kind::Binary(plan) => self.scalar_binary(plan, steps),
            Kind::Call(function, args) => self.scalar_call(*function, args, steps),
            _ => Err(EvalError::invalid(format!(
                "unexpected {} where a scalar is expected",
                node.value_type
            ))),
        }
    }

    /// Evaluates an instant vector into a frame.
    fn vector(&self, node: &Node, steps: &Steps) -> Result<Frame, EvalError> {
        self.check_interrupt()?;
        let _scratch = self.scratch(steps)?;
        match &node.kind {
            // Long chains of operators are deep, so what they need of the stack is kept small.
            Kind::Binary(plan) if plan.matching.is_some() => self.between_vectors(plan, steps),
            _ => self.other_vector(node, steps),
        }
    }

    fn other_vector(&self, node: &Node, steps: &Steps) -> Result<Frame, EvalError> {
        match &node.kind {
            Kind::Selector(_) => {
                let mut frame = self.frame(steps);
                self.stream(node, steps, &mut frame)?;
                Ok(frame)
            }
            Kind::Window(plan) => {
                let mut frame = self.frame(steps);
                self.stream_window(plan, steps, &mut frame)?;
                if self.keeps_series_apart(plan, steps)? {
                    return Ok(frame);
                }
                self.settle_names(frame)
            }
            Kind::Invariant(inner) => {
                let once = self.vector(inner, &steps.first())?;
                self.repeat(&once, steps)
            }
            Kind::Call(function, args) => self.vector_call(node, (*function, args), steps),
            Kind::Aggregate(plan) => self.aggregate(plan, node.span, steps),
            Kind::Binary(plan) => self.vector_binary(plan, steps),
            Kind::Plus(inner) => self.vector(inner, steps),
            Kind::Negate(inner) => {
                let frame = self.vector(inner, steps)?;
                self.negate(frame)
            }
            Kind::Number(_) | Kind::Text(_) | Kind::Range(_) => Err(EvalError::invalid(format!(
                "unexpected {} where a vector is expected",
                node.value_type
            ))),
        }
    }

    /// Evaluates an instant vector row by row into a sink.
    fn stream(&self, node: &Node, steps: &Steps, sink: &mut dyn RowSink) -> Result<(), EvalError> {
        match &node.kind {
            Kind::Selector(plan) if plan.boundary == Some(Boundary::Smoothed) => {
                self.stream_smoothed((plan, node.span), steps, sink)
            }
            Kind::Selector(plan) => self.stream_selector(plan, steps, sink),
            Kind::Window(plan) if self.keeps_series_apart(plan, steps)? => {
                self.stream_window(plan, steps, sink)
            }
            _ => self.vector(node, steps)?.replay(sink),
        }
    }

    /// Copies the only step of each row to all steps.
    fn repeat(&self, once: &Frame, steps: &Steps) -> Result<Frame, EvalError> {
        let n = steps.count();
        let mut frame = self.frame(steps);
        let present = all_steps(n);
        let mut values = Vec::new();
        let mut histograms = Vec::new();
        for row in once.rows() {
            if row.present.first().is_none_or(|word| word & 1 == 0) {
                continue;
            }
            values.clear();
            values.resize(n, row.values.first().copied().unwrap_or(f64::NAN));
            histograms.clear();
            if let Some(slot @ Some(_)) = row.histograms.first() {
                histograms.resize(n, slot.clone());
            }
            frame.push(Row {
                values: &values,
                present: &present,
                histograms: &histograms,
                ..row
            })?;
        }
        Ok(frame)
    }

    /// Computes new values from the floats of a frame, `None` to leave one out, and leaves out histograms; the
    /// result is another quantity, so it loses its name.
    fn map_values(
        &self,
        mut frame: Frame,
        map: impl Fn(usize, f64) -> Option<f64>,
    ) -> Result<Frame, EvalError> {
        for idx in 0..frame.len() {
            let histograms = frame.take_histograms(idx);
            let RowMut { values, present } = frame.get_mut(idx);
            if !histograms.is_empty() {
                present.copy_from_slice(&float_steps(present, &histograms));
            }
            map_row(values, present, &map);
        }
        self.without_names(frame)
    }

    /// Computes the value of each sample from its step, be it a float or a histogram.
    fn map_steps(&self, mut frame: Frame, map: impl Fn(usize) -> f64) -> Result<Frame, EvalError> {
        for idx in 0..frame.len() {
            frame.take_histograms(idx);
        }
        self.map_values(frame, |i, _| Some(map(i)))
    }

    /// Computes the value of each histogram, and leaves out floats.
    fn map_histograms(&self, mut frame: Frame, map: impl Fn(&Histogram) -> f64) -> Result<Frame, EvalError> {
        for idx in 0..frame.len() {
            let histograms = frame.take_histograms(idx);
            let RowMut { values, present } = frame.get_mut(idx);
            map_row(values, present, &|i, _| {
                histogram_at(&histograms, i).map(|histogram| map(histogram))
            });
        }
        self.without_names(frame)
    }

    fn negate(&self, mut frame: Frame) -> Result<Frame, EvalError> {
        for idx in 0..frame.len() {
            let mut histograms = frame.take_histograms(idx);
            for slot in histograms.iter_mut().flatten() {
                histogram::multiply(Arc::make_mut(slot), -1.0);
            }
            frame
                .get_mut(idx)
                .values
                .iter_mut()
                .for_each(|value| *value = -*value);
            frame.set_histograms(idx, histograms);
        }
        self.without_names(frame)
    }

    /// Takes the metadata labels off all rows, now or at the end; rows that are equal without them become one.
    fn without_names(&self, mut frame: Frame) -> Result<Frame, EvalError> {
        if self.params.delayed_name_removal {
            frame
                .heads_mut()
                .iter_mut()
                .for_each(|head| head.drop_name = true);
            return Ok(frame);
        }
        let mut changed = false;
        for head in frame.heads_mut() {
            if has_metadata(&head.labels) {
                head.labels = without_metadata(&head.labels);
                changed = true;
            }
        }
        // As long as labels stay, rows stay different.
        if changed {
            frame.merge_equal_labels()
        } else {
            Ok(frame)
        }
    }

    /// Makes one row of those that are equal without their names, if names go at once.
    fn settle_names(&self, frame: Frame) -> Result<Frame, EvalError> {
        if self.params.delayed_name_removal {
            Ok(frame)
        } else {
            frame.merge_equal_labels()
        }
    }
}

/// Computes the values of a row, `None` to leave one out.
fn map_row(values: &mut [f64], present: &mut [u64], map: &impl Fn(usize, f64) -> Option<f64>) {
    for (w, word) in present.iter_mut().enumerate() {
        for bit in steps::steps_of(&[*word]) {
            let i = w * 64 + bit;
            match map(i, values[i]) {
                Some(value) => values[i] = value,
                None => *word &= !(1 << bit),
            }
        }
    }
}
