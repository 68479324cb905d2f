//! What ends an evaluation: bounds, the caller, the store.

use model::{Labels, Metadata, NamesRequest, Query, QueryError, Selection, SeriesSet};
use promql::{EvalError, EvalParams, Interrupt, Limits, Options, Value, evaluate, parse};

use crate::memory::Memory;
use crate::run::loaded;

fn store() -> Memory {
    let mut store = Memory::default();
    for cpu in 0..10 {
        let cpu = cpu.to_string();
        let labels = Labels::from_pairs([("__name__", "cpu_total"), ("cpu", cpu.as_str())])
            .expect("labels form a set");
        (0..100).for_each(|i| store.add(&labels, i * 1000, i as f64));
    }
    store
}

fn fails(text: &str, params: &EvalParams, interrupt: Option<Interrupt>) -> EvalError {
    let expr = parse(text, &Options::STABLE).expect("the text is an expression");
    evaluate(&expr, &store(), params, &move || interrupt).expect_err("the evaluation ends early")
}

fn limited(max_samples: usize) -> EvalParams {
    EvalParams {
        limits: Limits {
            max_samples,
            max_points: 1000,
        },
        ..EvalParams::range(0, 99_000, 1000)
    }
}

#[test]
fn samples_in_memory_are_bounded() {
    let error = fails("cpu_total", &limited(500), None);
    assert!(
        matches!(error, EvalError::TooManySamples { limit: 500 }),
        "{error}"
    );
    // One series at a time is in memory, so the sum of all needs less than the series together.
    let expr = parse("sum(cpu_total)", &Options::STABLE).unwrap();
    let output = evaluate(&expr, &store(), &limited(500), &|| None).unwrap();
    let Value::Matrix(series) = output.value else {
        panic!("{:?}", output.value)
    };
    assert_eq!(series[0].floats.len(), 100);
    let error = fails(
        "max_over_time(vector(1)[100y:1ms])",
        &EvalParams::instant(0),
        None,
    );
    assert!(matches!(error, EvalError::TooManySamples { .. }), "{error}");
}

#[test]
fn histograms_count_by_their_size() {
    let store = loaded("load 1m\n    h {{schema:0 count:6 sum:5 buckets:[1 2 3]}}x9");
    let expr = parse("h", &Options::STABLE).unwrap();
    // Ten histograms of 168 bytes, a span and three counts each are 13 samples of 16 bytes each.
    let run = |max_samples| {
        let params = EvalParams {
            limits: Limits {
                max_samples,
                max_points: 1000,
            },
            ..EvalParams::range(0, 540_000, 60_000)
        };
        evaluate(&expr, &store, &params, &|| None)
    };
    let error = run(130).unwrap_err();
    assert!(
        matches!(error, EvalError::TooManySamples { limit: 130 }),
        "{error}"
    );
    // What is read is held beside what is returned.
    assert!(run(300).is_ok());
}

#[test]
fn steps_are_bounded() {
    let error = fails("1", &EvalParams::range(0, 1_000_000, 1), None);
    assert!(
        matches!(error, EvalError::TooManyPoints { limit: 11_000 }),
        "{error}"
    );
    let error = fails("1", &EvalParams::range(i64::MIN, i64::MAX, 1), None);
    assert!(matches!(error, EvalError::TooManyPoints { .. }), "{error}");
}

#[test]
fn the_caller_ends_an_evaluation() {
    let params = EvalParams::instant(99_000);
    assert!(matches!(
        fails("cpu_total", &params, Some(Interrupt::Cancelled)),
        EvalError::Cancelled
    ));
    assert!(matches!(
        fails("1 + 1", &params, Some(Interrupt::TimedOut)),
        EvalError::Timeout
    ));
}

#[test]
fn range_queries_have_no_range_vectors() {
    for text in ["cpu_total[5m]", "\"text\""] {
        let error = fails(text, &EvalParams::range(0, 1000, 1000), None);
        assert!(
            error.to_string().contains("must be Scalar or instant Vector"),
            "{error}"
        );
    }
}

/// A store that cannot be read.
struct Broken;

impl Query for Broken {
    fn select(&self, _: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        Err(QueryError::TooLarge {
            what: "series",
            limit: 7,
        })
    }

    fn label_names(&self, _: &NamesRequest) -> Result<Vec<String>, QueryError> {
        Ok(Vec::new())
    }

    fn label_values(&self, _: &str, _: &NamesRequest) -> Result<Vec<String>, QueryError> {
        Ok(Vec::new())
    }

    fn metadata(&self, _: Option<&str>) -> Vec<(String, Metadata)> {
        Vec::new()
    }
}

#[test]
fn errors_of_the_store_come_through() {
    let expr = parse("sum(rate(x[5m]))", &Options::STABLE).unwrap();
    let error = evaluate(&expr, &Broken, &EvalParams::instant(0), &|| None).unwrap_err();
    assert!(
        matches!(error, EvalError::Storage(QueryError::TooLarge { limit: 7, .. })),
        "{error}"
    );
}

#[test]
fn times_at_the_ends_of_the_world_do_no_harm() {
    let texts = [
        "rate(cpu_total[5m] @ -9223372036854770)",
        "cpu_total @ 9223372036854770 offset -292y",
        "cpu_total smoothed offset 292y",
        "increase(cpu_total[1h] anchored)",
        "max_over_time(cpu_total[1h:1m] @ 9223372036854770)",
        "year(vector(1e300)) + day_of_year(vector(-1e300))",
        "predict_linear(cpu_total[1h:] offset 292y, 1e300)",
        "absent_over_time(cpu_total[292y])",
    ];
    for text in texts {
        for time in [i64::MIN, -1, 0, 99_000, i64::MAX] {
            let expr = parse(text, &Options::STABLE).unwrap();
            let output = evaluate(&expr, &store(), &EvalParams::instant(time), &|| None);
            assert!(output.is_ok(), "{text} at {time}: {output:?}");
        }
    }
}
