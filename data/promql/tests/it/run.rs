//! Runs scripts: loads, evaluates, compares.
//!
//! As Prometheus's harness does, each instant evaluation is repeated with its time pinned by `@` and evaluated
//! elsewhere, and as the middle of a range query; a case passes if all agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{ClassicHistogram, ClassicPart, Histogram, Labels, Millis, is_stale};
use promql::ast::{AtTime, Expr, ExprKind, TimeShift};
use promql::{EvalParams, Options, QueryOutput, Sample, Series, Value, evaluate, parse};

use crate::literal::Literal;
use crate::memory::{Memory, Stored};
use crate::script::{self, Command, Eval, Item, Loaded, Text, number_of};

/// What became of a script.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) passed: usize,
    pub(crate) failures: Vec<String>,
}

/// When metric names are removed.
#[derive(Clone, Copy)]
pub(crate) enum Names {
    AtOnce,
    AtTheEnd,
}

/// Returns what is in the store after the loads of a script.
pub(crate) fn loaded(text: &str) -> Memory {
    let mut store = Memory::default();
    for command in script::read(text).expect("a script is well-formed") {
        if let Command::Load {
            step,
            series,
            with_nhcb,
        } = command
        {
            load(&mut store, (step, &series), with_nhcb);
        }
    }
    store
}

pub(crate) fn run(commands: &[Command], names: Names) -> Report {
    let mut store = Memory::default();
    let mut report = Report::default();
    for command in commands {
        match command {
            Command::Clear => store.clear(),
            Command::Load {
                step,
                series,
                with_nhcb,
            } => load(&mut store, (*step, series), *with_nhcb),
            Command::Eval(eval) => match check(eval, &store, names) {
                Ok(()) => report.passed += 1,
                Err(reason) => report
                    .failures
                    .push(format!("line {}: {}: {reason}", eval.line, eval.expr)),
            },
        }
    }
    report
}

fn load(store: &mut Memory, (step, series): (Millis, &[Loaded]), with_nhcb: bool) {
    let mut classic: BTreeMap<Labels, BTreeMap<Millis, ClassicHistogram>> = BTreeMap::new();
    for (at, loaded) in series.iter().enumerate() {
        // Of several definitions in one load, the last one counts.
        if series
            .iter()
            .skip(at + 1)
            .any(|later| later.labels == loaded.labels)
        {
            continue;
        }
        for (i, item) in loaded.items.iter().enumerate() {
            let time = i as Millis * step;
            let (value, histogram) = match item {
                Item::Float(value) => (*value, None),
                Item::Histogram(literal) => (literal.histogram.sum, Some(literal.histogram.clone())),
                Item::Omitted => continue,
            };
            if with_nhcb && histogram.is_none() {
                add_classic(&mut classic, &loaded.labels, (time, value));
            }
            let start = loaded
                .starts
                .get(i)
                .copied()
                .flatten()
                .map_or(0, |offset| time + offset);
            store.add_sample(
                &loaded.labels,
                time,
                Stored {
                    value,
                    histogram,
                    start,
                },
            );
        }
    }
    for (labels, histograms) in classic {
        for (time, histogram) in histograms {
            let histogram = histogram
                .to_histogram()
                .expect("classic histograms of scripts are sound");
            let sample = Stored {
                value: histogram.sum,
                histogram: Some(histogram),
                start: 0,
            };
            store.add_sample(&labels, time, sample);
        }
    }
}

/// Adds a sample to the classic histogram it is part of, if it is.
fn add_classic(
    classic: &mut BTreeMap<Labels, BTreeMap<Millis, ClassicHistogram>>,
    labels: &Labels,
    (time, value): (Millis, f64),
) {
    let Some((name, part)) = ClassicPart::split(labels.metric_name()) else {
        return;
    };
    let bound = labels.get("le").and_then(number_of);
    if part == ClassicPart::Bucket && bound.is_none_or(f64::is_nan) {
        return;
    }
    let others = labels
        .iter()
        .filter(|(name, _)| !["__name__", "le"].contains(name));
    let base = Labels::from_pairs(others.chain([("__name__", name)])).expect("names are unique");
    let histogram = classic.entry(base).or_default().entry(time).or_default();
    // What is wrong is remembered, and said when the histogram is built.
    let told = match (part, bound) {
        (ClassicPart::Bucket, Some(bound)) => histogram.set_bucket(bound, value),
        (ClassicPart::Count, _) => histogram.set_count(value),
        _ => histogram.set_sum(value),
    };
    drop(told);
}

fn evaluated(
    expr: &Expr,
    store: &Memory,
    mut params: EvalParams,
    names: Names,
) -> Result<QueryOutput, String> {
    params.delayed_name_removal = matches!(names, Names::AtTheEnd);
    params.start_timestamps = true;
    evaluate(expr, store, &params, &|| None).map_err(|error| error.to_string())
}

fn check(eval: &Eval, store: &Memory, names: Names) -> Result<(), String> {
    let expr = parse(&eval.expr, &Options::EXPERIMENTAL).map_err(|error| error.to_string())?;
    if eval.step > 0 {
        let params = EvalParams::range(eval.start, eval.end, eval.step);
        let result = evaluated(&expr, store, params, names);
        return compare(eval, &eval.expr, result, (eval.start, eval.step));
    }
    check_instant(eval, (&eval.expr, &expr, eval.start), store, names)?;
    for (text, time) in pinned(&expr, eval.start) {
        let again = parse(&text, &Options::EXPERIMENTAL).map_err(|error| format!("{text}: {error}"))?;
        check_instant(eval, (&text, &again, time), store, names)
            .map_err(|e| format!("{text} at {time}: {e}"))?;
    }
    Ok(())
}

fn check_instant(
    eval: &Eval,
    (text, expr, time): (&str, &Expr, Millis),
    store: &Memory,
    names: Names,
) -> Result<(), String> {
    let result = evaluated(expr, store, EvalParams::instant(time), names);
    let failed = result.is_err();
    let (start, _, step) = eval.expected_step.unwrap_or((time, time, 0));
    compare(eval, text, result, (start, step))?;
    let context = ["start()", "end()", "range()", "step()"]
        .iter()
        .any(|word| text.contains(word));
    if failed || context || eval.expected_step.is_some() || eval.string.is_some() {
        return Ok(());
    }
    let params = EvalParams::range(time - 60_000, time + 60_000, 60_000);
    let output = evaluated(expr, store, params, names).map_err(|e| format!("as range: {e}"))?;
    if eval.ordered {
        return Ok(());
    }
    let Value::Matrix(series) = output.value else {
        return Err("as range: no matrix".to_owned());
    };
    let samples: Vec<_> = series.iter().filter_map(|s| sample_at(s, time)).collect();
    if let Some(expected) = eval.scalar {
        return match samples.as_slice() {
            [sample] => same(expected, sample.value, "as range: scalar"),
            _ => Err("as range: no scalar".to_owned()),
        };
    }
    compare_vector(eval, &samples).map_err(|e| format!("as range: {e}"))
}

/// Returns what a series has at a time.
fn sample_at(series: &Series, time: Millis) -> Option<Sample> {
    let labels = series.labels.clone();
    if let Some((_, value)) = series.floats.iter().find(|(t, _)| *t == time) {
        return Some(Sample {
            labels,
            value: *value,
            histogram: None,
        });
    }
    let (_, histogram) = series.histograms.iter().find(|(t, _)| *t == time)?;
    Some(Sample {
        labels,
        value: histogram.sum,
        histogram: Some(Arc::clone(histogram)),
    })
}

/// Pins all selectors to a time and returns other times at which the value must be the same.
fn pinned(expr: &Expr, time: Millis) -> Vec<(String, Millis)> {
    let mut expr = expr.clone();
    if !pin(&mut expr, time) {
        return Vec::new();
    }
    let times = if time == 0 {
        vec![-1000, 0, 1000]
    } else {
        vec![-10 * time, 0, time / 5, time, 10 * time]
    };
    times.into_iter().map(|t| (expr.to_string(), t)).collect()
}

/// Returns false if a function depends on the evaluation time itself.
fn pin(expr: &mut Expr, time: Millis) -> bool {
    let set = |shift: &mut TimeShift| {
        if !matches!(shift.at, Some(AtTime::Fixed(_))) {
            shift.at = Some(AtTime::Fixed(time));
        }
    };
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => true,
        ExprKind::Selector(selector) => {
            set(&mut selector.shift);
            true
        }
        ExprKind::Matrix(matrix) => {
            set(&mut matrix.selector.shift);
            true
        }
        ExprKind::Subquery(subquery) => {
            set(&mut subquery.shift);
            true
        }
        ExprKind::Call(call) => {
            let unsafe_names = [
                "days_in_month",
                "day_of_month",
                "day_of_week",
                "day_of_year",
                "end",
                "hour",
                "minute",
                "month",
                "year",
                "predict_linear",
                "range",
                "start",
                "step",
                "time",
                "timestamp",
            ];
            let mut stable = !unsafe_names.contains(&call.function.name);
            for arg in &mut call.args {
                stable &= pin(arg, time);
            }
            stable
        }
        ExprKind::Aggregate(aggregate) => {
            let param = aggregate.param.as_mut().is_none_or(|param| pin(param, time));
            pin(&mut aggregate.expr, time) && param
        }
        ExprKind::Binary(binary) => {
            let left = pin(&mut binary.left, time);
            pin(&mut binary.right, time) && left
        }
        ExprKind::Unary(unary) => pin(&mut unary.expr, time),
        ExprKind::Paren(inner) => pin(inner, time),
    }
}

fn compare(
    eval: &Eval,
    text: &str,
    result: Result<QueryOutput, String>,
    (start, step): (Millis, Millis),
) -> Result<(), String> {
    let output = match (result, &eval.fail) {
        (Err(error), Some(expected)) if expected.fits(&error) => return Ok(()),
        (Err(error), Some(expected)) => return Err(format!("expected error {expected:?}, got {error}")),
        (Err(error), None) => return Err(format!("error: {error}")),
        (Ok(_), Some(expected)) => return Err(format!("expected error {expected:?}, got none")),
        (Ok(output), None) => output,
    };
    let texts = |all: &[promql::Annotation]| all.iter().map(|a| a.text(text)).collect::<Vec<_>>();
    annotations("warning", &eval.warn, &texts(&output.warnings), eval.no_warn)?;
    annotations("info", &eval.info, &texts(&output.infos), eval.no_info)?;
    match output.value {
        Value::Scalar { value, .. } => match eval.scalar {
            Some(expected) => same(expected, value, "scalar"),
            None => Err(format!("unexpected scalar {value}")),
        },
        Value::String { value, .. } if eval.string.as_ref() == Some(&value) => Ok(()),
        Value::String { value, .. } => Err(format!("unexpected string {value:?}")),
        Value::InstantVector { samples, .. } => compare_vector(eval, &samples),
        Value::RangeVector(series) | Value::Matrix(series) => compare_matrix(eval, &series, (start, step)),
    }
}

fn annotations(what: &str, expected: &[Text], found: &[String], none: bool) -> Result<(), String> {
    if none && !found.is_empty() {
        return Err(format!("unexpected {what}: {found:?}"));
    }
    if expected.is_empty() {
        return Ok(());
    }
    if let Some(missing) = expected.iter().find(|e| !found.iter().any(|f| e.fits(f))) {
        return Err(format!("no {what} like {missing:?}, found {found:?}"));
    }
    match found.iter().find(|f| !expected.iter().any(|e| e.fits(f))) {
        Some(extra) => Err(format!("unexpected {what}: {extra}")),
        None => Ok(()),
    }
}

fn compare_vector(eval: &Eval, samples: &[Sample]) -> Result<(), String> {
    if eval.scalar.is_some() {
        return Err("expected a scalar, got a vector".to_owned());
    }
    for (position, sample) in samples.iter().enumerate() {
        let labels = &sample.labels;
        let found = eval
            .series
            .iter()
            .enumerate()
            .find(|(_, (expected, _))| expected == labels);
        let Some((at, (_, items))) = found else {
            return Err(format!("unexpected {labels:?} {}", text_of(sample)));
        };
        if eval.ordered && at != position {
            return Err(format!("{labels:?} at place {position}, expected at {at}"));
        }
        match (items.first(), &sample.histogram) {
            (Some(Item::Float(expected)), None) => same(*expected, sample.value, &format!("{labels:?}"))?,
            (Some(Item::Histogram(expected)), Some(found)) => {
                same_histogram(expected, found, &format!("{labels:?}"))?;
            }
            (other, _) => {
                return Err(format!("{labels:?}: expected {other:?}, got {}", text_of(sample)));
            }
        }
    }
    match eval
        .series
        .iter()
        .find(|(expected, _)| !samples.iter().any(|sample| sample.labels == *expected))
    {
        Some((missing, _)) => Err(format!("missing {missing:?}")),
        None => Ok(()),
    }
}

fn text_of(sample: &Sample) -> String {
    match &sample.histogram {
        Some(histogram) => histogram.to_string(),
        None => sample.value.to_string(),
    }
}

fn compare_matrix(eval: &Eval, found: &[Series], (start, step): (Millis, Millis)) -> Result<(), String> {
    if !found.is_sorted_by(|a, b| a.labels <= b.labels) {
        return Err("series are not sorted".to_owned());
    }
    if let Some(value) = eval.scalar {
        return Err(format!("expected scalar {value}, got series"));
    }
    for series in found {
        let labels = &series.labels;
        let expected = eval.series.iter().rev().find(|(expected, _)| expected == labels);
        let Some((_, items)) = expected else {
            return Err(format!("unexpected {labels:?} {:?}", series.floats));
        };
        let mut times = Vec::new();
        for (i, item) in items.iter().enumerate() {
            if matches!(item, Item::Omitted) {
                continue;
            }
            let time = start + i as Millis * step;
            times.push(time);
            let what = format!("{labels:?} at {time}");
            match (item, sample_at(series, time)) {
                (_, None) => return Err(format!("{what}: expected {item:?}, got nothing")),
                (Item::Float(expected), Some(found)) if found.histogram.is_none() => {
                    same(*expected, found.value, &what)?;
                }
                (
                    Item::Histogram(expected),
                    Some(Sample {
                        histogram: Some(found),
                        ..
                    }),
                ) => same_histogram(expected, &found, &what)?,
                (_, Some(found)) => {
                    return Err(format!("{what}: expected {item:?}, got {}", text_of(&found)));
                }
            }
        }
        let found = series.floats.iter().map(|(t, _)| t);
        let mut found = found.chain(series.histograms.iter().map(|(t, _)| t));
        if let Some(extra) = found.find(|t| !times.contains(t)) {
            return Err(format!("{labels:?}: unexpected sample at {extra}"));
        }
    }
    match eval
        .series
        .iter()
        .find(|(expected, _)| !found.iter().any(|series| series.labels == *expected))
    {
        Some((missing, _)) => Err(format!("missing {missing:?}")),
        None => Ok(()),
    }
}

/// Equal as Prometheus's harness compares histograms: to six digits, hints only if something is said of them.
fn same_histogram(expected: &Literal, found: &Histogram, what: &str) -> Result<(), String> {
    let (mut wanted, mut found) = (expected.histogram.clone(), found.clone());
    wanted.compact(0);
    found.compact(0);
    let fail = || Err(format!("{what}: expected {wanted:?}, got {found:?}"));
    let numbers = |h: &Histogram| {
        let counts = h.positive.counts.iter().chain(&h.negative.counts).copied();
        [h.count, h.sum, h.zero_count]
            .into_iter()
            .chain(counts)
            .collect::<Vec<_>>()
    };
    let alike = wanted.schema == found.schema
        && wanted.zero_threshold == found.zero_threshold
        && (!wanted.has_custom_buckets() || wanted.custom_values == found.custom_values)
        && wanted.positive.spans == found.positive.spans
        && wanted.negative.spans == found.negative.spans
        && (!expected.hint_set || wanted.reset_hint == found.reset_hint);
    let (a, b) = (numbers(&wanted), numbers(&found));
    if !alike || a.len() != b.len() || a.iter().zip(&b).any(|(a, b)| same(*a, *b, "").is_err()) {
        return fail();
    }
    Ok(())
}

/// Equal to six digits, as Prometheus's harness compares.
fn same(expected: f64, found: f64, what: &str) -> Result<(), String> {
    let sum = expected.abs() + found.abs();
    let difference = (expected - found).abs();
    let equal = if is_stale(expected) || is_stale(found) {
        is_stale(expected) && is_stale(found)
    } else if expected == found || (expected.is_nan() && found.is_nan()) {
        true
    } else if expected == 0.0 || found == 0.0 || sum < f64::MIN_POSITIVE {
        difference < 1e-6 * f64::MIN_POSITIVE
    } else {
        difference / sum.min(f64::MAX) < 1e-6
    };
    if equal {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected}, got {found}"))
    }
}
