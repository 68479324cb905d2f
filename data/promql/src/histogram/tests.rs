//! Results of Prometheus' own `model/histogram` and `promql` packages for random histograms, one operation a line:
//! `operation|histogram[|argument]|result`. A histogram is
//! `schema;hint;zero threshold;zero count;count;sum;positive side;negative side;custom bounds`, a side
//! `offset:length,.../count,...`.

use model::{Buckets, ResetHint, Span};

use super::*;

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(',')
        .filter(|item| !item.is_empty())
        .map(number)
        .collect()
}

fn side(text: &str) -> Buckets {
    let (spans, counts) = text.split_once('/').unwrap();
    let span = |item: &str| {
        let (offset, length) = item.split_once(':').unwrap();
        Span {
            offset: offset.parse().unwrap(),
            length: length.parse().unwrap(),
        }
    };
    Buckets {
        spans: spans
            .split(',')
            .filter(|item| !item.is_empty())
            .map(span)
            .collect(),
        counts: numbers(counts),
    }
}

fn histogram(text: &str) -> Histogram {
    let fields: Vec<&str> = text.split(';').collect();
    let hints = [
        ResetHint::Unknown,
        ResetHint::Reset,
        ResetHint::NoReset,
        ResetHint::Gauge,
    ];
    Histogram {
        schema: fields[0].parse().unwrap(),
        integer: false,
        reset_hint: hints[fields[1].parse::<usize>().unwrap()],
        zero_threshold: number(fields[2]),
        zero_count: number(fields[3]),
        count: number(fields[4]),
        sum: number(fields[5]),
        positive: side(fields[6]),
        negative: side(fields[7]),
        custom_values: numbers(fields[8]).into(),
    }
}

/// The same up to the last bits: Go may round logarithms otherwise.
fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

/// Everything that both may round otherwise is close, everything else the same.
fn same(a: &Histogram, b: &Histogram) -> bool {
    let all_close = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(*a, *b));
    a.schema == b.schema
        && a.reset_hint == b.reset_hint
        && a.zero_threshold == b.zero_threshold
        && close(a.zero_count, b.zero_count)
        && close(a.count, b.count)
        && close(a.sum, b.sum)
        && a.custom_values == b.custom_values
        && a.positive.spans == b.positive.spans
        && a.negative.spans == b.negative.spans
        && all_close(&a.positive.counts, &b.positive.counts)
        && all_close(&a.negative.counts, &b.negative.counts)
}

fn flags(combined: Combined) -> String {
    let flag = |set| if set { '1' } else { '0' };
    [flag(combined.hint_collision), flag(combined.bounds_reconciled)]
        .iter()
        .collect()
}

/// Runs one operation; returns what differs from the expected result.
fn run(fields: &[&str]) -> Result<(), String> {
    let mut changed = histogram(fields[1].split('&').next().unwrap());
    let expected = fields.last().unwrap();
    let mut found_flags = None;
    match fields[0] {
        "add" | "sub" => {
            let other = histogram(fields[2]);
            let combined = if fields[0] == "add" {
                add(&mut changed, &other)
            } else {
                subtract(&mut changed, &other)
            };
            match combined {
                Ok(combined) => found_flags = Some((flags(combined), fields[3])),
                Err(Incompatible) if *expected == "incompatible" => return Ok(()),
                Err(Incompatible) => return Err("incompatible".to_owned()),
            }
            changed.compact(0);
        }
        "mul" | "div" => {
            let change = if fields[0] == "mul" { multiply } else { divide };
            change(&mut changed, number(fields[2]));
            changed.compact(0);
        }
        "compact" => changed.compact(fields[2].parse().unwrap()),
        "reduce" => changed.reduce_resolution(fields[2].parse().unwrap()).unwrap(),
        "below" => trim(&mut changed, number(fields[2]), Trim::Below),
        "above" => trim(&mut changed, number(fields[2]), Trim::Above),
        "sum" | "mean" => {
            changed = fold(fields);
            changed.compact(0);
        }
        "reset" => {
            let found = u8::from(detect_reset(&changed, &histogram(fields[2]))).to_string();
            return if found == *expected { Ok(()) } else { Err(found) };
        }
        "string" => {
            let found = changed.to_string();
            return if found == *expected { Ok(()) } else { Err(found) };
        }
        _ => return run_estimate(&changed, fields),
    }
    if let Some((found, expected)) = found_flags
        && found != expected
    {
        return Err(found);
    }
    if same(&changed, &histogram(expected)) {
        Ok(())
    } else {
        Err(format!("{changed:?}\n     for {:?}", histogram(expected)))
    }
}

fn run_estimate(histogram: &Histogram, fields: &[&str]) -> Result<(), String> {
    let (value, note, expected) = match fields[0] {
        "quantile" => {
            let (value, note) = quantile(number(fields[2]), histogram);
            let note = match note {
                None => "-",
                Some(NanNote::Skew) => "skew",
                Some(NanNote::Result) => "result",
            };
            (value, note, number(fields[3]))
        }
        "fraction" => {
            let (value, has_nans) = fraction(number(fields[2]), number(fields[3]), histogram);
            (value, if has_nans { "1" } else { "0" }, number(fields[4]))
        }
        other => return Err(format!("unknown operation {other}")),
    };
    if close(value, expected) && Some(&note) == fields.last() {
        Ok(())
    } else {
        Err(format!("{value} {note}"))
    }
}

/// Sum or mean of several histograms.
fn fold(fields: &[&str]) -> Histogram {
    let mut all = fields[1].split('&').map(histogram);
    let first = all.next().unwrap();
    if fields[0] == "sum" {
        let mut sum = HistogramSum::new(first);
        let mut reconciled = false;
        for other in all {
            reconciled |= sum.add(&other).unwrap().bounds_reconciled;
        }
        assert_eq!(u8::from(reconciled).to_string(), fields[2], "{}", fields[1]);
        sum.finish()
    } else {
        let mut mean = HistogramMean::new(first);
        for other in all {
            mean.add(&other).unwrap();
        }
        mean.finish()
    }
}

#[test]
fn agrees_with_prometheus() {
    let mut wrong = Vec::new();
    let mut n_lines = 0;
    for line in include_str!("tests/reference.txt").lines() {
        let fields: Vec<&str> = line.split('|').collect();
        n_lines += 1;
        if let Err(found) = run(&fields) {
            wrong.push(format!("{line}\n  is {found}"));
        }
    }
    assert!(n_lines > 400, "{n_lines} lines");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(10)].join("\n")
    );
}

/// Counter histograms of schema 0 with buckets from index 0 on.
fn counter(counts: &[f64]) -> Histogram {
    let count = counts.iter().sum();
    Histogram {
        count,
        sum: count,
        positive: Buckets {
            spans: vec![Span {
                offset: 0,
                length: counts.len() as u32,
            }],
            counts: counts.to_vec(),
        },
        ..Histogram::default()
    }
}

#[test]
fn adds_up_what_was_counted_before_resets() {
    let points = [
        counter(&[1.0, 2.0]),
        counter(&[3.0, 4.0]),
        counter(&[1.0, 5.0]),
        counter(&[2.0, 7.0]),
    ];
    let change =
        |points: &[Histogram], kind, restart: usize| increase(points.iter(), kind, |at| at == restart);
    let counts = |change: Option<Histogram>| change.map(|change| change.positive.counts);

    let (increased, notes) = change(&points, Increase::Counter, 0);
    // 2, 7 less 1, 2; 3, 4 from before the reset.
    assert_eq!(counts(increased.clone()), Some(vec![4.0, 9.0]));
    assert_eq!(increased.map(|change| change.reset_hint), Some(ResetHint::Gauge));
    assert_eq!(notes, RateNotes::default());

    // A restart that only start timestamps tell of.
    assert_eq!(
        counts(change(&points[..2], Increase::Counter, 0).0),
        Some(vec![2.0, 2.0])
    );
    assert_eq!(
        counts(change(&points[..2], Increase::Counter, 1).0),
        Some(vec![3.0, 4.0])
    );

    let (difference, notes) = change(&points, Increase::Gauge, 0);
    assert_eq!(counts(difference), Some(vec![1.0, 5.0]));
    assert!(notes.not_gauge && !notes.not_counter);
    assert_eq!(change(&points[..1], Increase::Counter, 0).0, None);
}

#[test]
fn remarks_on_what_does_not_belong_together() {
    let mut gauge = counter(&[2.0, 3.0]);
    gauge.reset_hint = ResetHint::Gauge;
    let (_, notes) = increase(
        [counter(&[1.0]), gauge.clone(), counter(&[9.0, 9.0])].iter(),
        Increase::Counter,
        |_| false,
    );
    assert!(notes.not_counter);
    let (_, notes) = increase([gauge.clone(), gauge.clone()].iter(), Increase::Gauge, |_| false);
    assert_eq!(notes, RateNotes::default());

    let mut custom = counter(&[1.0, 2.0]);
    custom.schema = model::CUSTOM_BUCKETS;
    custom.custom_values = [1.0].into();
    let mut more = counter(&[2.0, 3.0, 4.0]);
    more.schema = model::CUSTOM_BUCKETS;
    more.custom_values = [1.0, 2.0].into();
    let (change, notes) = increase([custom.clone(), more].iter(), Increase::Counter, |_| false);
    assert!(notes.subtracted_bounds && !notes.added_bounds);
    assert_eq!(change.map(|change| change.positive.counts), Some(vec![1.0, 5.0]));

    let (change, notes) = increase(
        [custom.clone(), custom, counter(&[9.0])].iter(),
        Increase::Counter,
        |_| false,
    );
    assert!(change.is_none() && notes.incompatible);
}

#[test]
fn finds_a_histogram_between_two() {
    let (before, after) = (counter(&[2.0, 4.0]), counter(&[4.0, 8.0]));
    let at = |fraction, after: &Histogram| {
        let (between, _) = interpolate(&before, after, fraction, Increase::Counter).unwrap();
        between.positive.counts
    };
    assert_eq!(at(0.0, &after), [2.0, 4.0]);
    assert_eq!(at(0.5, &after), [3.0, 6.0]);
    assert_eq!(at(1.0, &after), [4.0, 8.0]);
    // After a reset the counter begins at zero.
    assert_eq!(at(0.5, &counter(&[2.0, 2.0])), [1.0, 1.0]);
}

#[test]
fn estimates_moments() {
    // Observations in the middle of (1,4] and (4,16] on the logarithmic scale: at 2 and 8.
    let mut histogram = counter(&[0.0, 3.0, 1.0]);
    histogram.schema = -1;
    histogram.sum = 14.0;
    assert_eq!(average(&histogram), 3.5);
    assert!(close(variance(&histogram), (3.0 * 1.5 * 1.5 + 4.5 * 4.5) / 4.0));
    // The zero bucket is at 0.
    histogram.zero_count = 4.0;
    histogram.zero_threshold = 0.5;
    histogram.count = 8.0;
    assert!(close(
        variance(&histogram),
        (3.0 * 0.25 * 0.25 + 6.25 * 6.25 + 4.0 * 1.75 * 1.75) / 8.0
    ));
    assert!(variance(&Histogram::default()).is_nan());
}

#[test]
fn counts_as_samples_by_its_size() {
    assert_eq!(size_in_samples(&Histogram::default()), 11);
    assert_eq!(size_in_samples(&counter(&[1.0, 2.0, 3.0])), 13);
}
