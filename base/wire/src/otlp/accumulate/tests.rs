use super::*;
use crate::{DeltaHandling, OtlpLimits, OtlpSettings, decode_otlp_json};

fn request(metric: &str) -> OtlpRequest {
    let text = format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"s"}}}}]}},
        "scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#
    );
    decode_otlp_json(text.as_bytes(), &OtlpLimits::default()).unwrap()
}

fn sum(start: u64, t: u64, value: f64) -> OtlpRequest {
    request(&format!(
        r#"{{"name":"n","sum":{{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{{"asDouble":{value},
        "startTimeUnixNano":"{start}000000","timeUnixNano":"{t}000000","attributes":[{{"key":"a","value":{{"stringValue":"b"}}}}]}}]}}}}"#
    ))
}

fn exponential(t: u64, rest: &str) -> OtlpRequest {
    request(&format!(
        r#"{{"name":"e","exponentialHistogram":{{"aggregationTemporality":1,"dataPoints":[{{"startTimeUnixNano":"0",
        "timeUnixNano":"{t}000000",{rest}}}]}}}}"#
    ))
}

fn explicit(t: u64, counts: &str, bounds: &str) -> OtlpRequest {
    request(&format!(
        r#"{{"name":"h","histogram":{{"aggregationTemporality":1,"dataPoints":[{{"startTimeUnixNano":"{t}000000",
        "timeUnixNano":"{t}000000","count":"3","sum":1.5,"bucketCounts":[{counts}],"explicitBounds":[{bounds}]}}]}}}}"#
    ))
}

/// Start, time and value of the only number of a request, or why it was refused.
fn take(
    totals: &mut DeltaTotals,
    mut request: OtlpRequest,
    now: Millis,
) -> Result<(Millis, Millis, f64), String> {
    let told = request.accumulate(totals, now);
    match &request.resources[0].scopes[0].metrics[0].data {
        Data::Sum(points, Temporality::Cumulative, _) if points.len() == 1 => {
            Ok((points[0].start, points[0].timestamp, points[0].value))
        }
        _ => Err(told.refusals[0].reason.to_string()),
    }
}

#[test]
fn deltas_add_up_from_the_first_start_on() {
    let mut totals = DeltaTotals::default();
    assert_eq!(take(&mut totals, sum(10, 20, 1.0), 0), Ok((10, 20, 1.0)));
    assert_eq!(take(&mut totals, sum(20, 30, 2.5), 0), Ok((10, 30, 3.5)));
    assert!(
        take(&mut totals, sum(20, 30, 2.5), 0)
            .unwrap_err()
            .contains("newest"),
        "a repetition"
    );
    assert!(
        take(&mut totals, sum(5, 40, 1.0), 0)
            .unwrap_err()
            .contains("start")
    );
    assert_eq!(take(&mut totals, sum(30, 50, 1.0), 0), Ok((10, 50, 4.5)));
    assert_eq!(totals.len(), 1);
}

#[test]
fn a_series_that_was_silent_begins_anew() {
    let mut totals = DeltaTotals::default();
    assert_eq!(take(&mut totals, sum(10, 20, 1.0), 1_000), Ok((10, 20, 1.0)));
    assert_eq!(take(&mut totals, sum(20, 30, 1.0), 301_000), Ok((10, 30, 2.0)));
    assert_eq!(take(&mut totals, sum(30, 40, 1.0), 601_001), Ok((30, 40, 1.0)));
    // Nobody asks for it any more, and the sweep forgets it.
    assert_eq!(
        request("{}").accumulate(&mut totals, 10_000_000),
        OtlpTranslated::default()
    );
    assert!(totals.is_empty());
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut totals = DeltaTotals::new(DeltaLimits {
        max_series: 1,
        max_buckets: 2,
        ..DeltaLimits::default()
    });
    let mut large = explicit(1, r#""1","2""#, "1");
    assert_eq!(large.accumulate(&mut totals, 0).refused_points, 1);
    assert_eq!(take(&mut totals, sum(10, 20, 1.0), 0), Ok((10, 20, 1.0)));
    let mut other = explicit(1, "", "");
    assert!(
        other.accumulate(&mut totals, 0).refusals[0]
            .reason
            .to_string()
            .contains("1 series")
    );
    assert_eq!(
        take(&mut totals, sum(20, 30, 1.0), 0),
        Ok((10, 30, 2.0)),
        "those known go on"
    );
}

#[test]
fn histograms_of_other_bounds_begin_anew() {
    let mut totals = DeltaTotals::default();
    let mut taken = |request: OtlpRequest| {
        let mut request = request;
        assert_eq!(request.accumulate(&mut totals, 0).refused_points, 0);
        match &request.resources[0].scopes[0].metrics[0].data {
            Data::Histogram(points, Temporality::Cumulative) => {
                let value = points[0].value.clone();
                (points[0].start, value.count, value.sum, value.counts)
            }
            other => unreachable!("{other:?}"),
        }
    };
    assert_eq!(
        taken(explicit(1, r#""1","2""#, "1")),
        (1, 3, Some(1.5), vec![1, 2])
    );
    assert_eq!(
        taken(explicit(2, r#""3","0""#, "1")),
        (1, 6, Some(3.0), vec![4, 2])
    );
    assert_eq!(
        taken(explicit(3, r#""3","0""#, "2")),
        (3, 3, Some(1.5), vec![3, 0])
    );
}

fn totalled(points: &[&str]) -> ExponentialHistogram {
    let mut totals = DeltaTotals::default();
    let mut last = ExponentialHistogram::default();
    for (t, point) in (1..).zip(points) {
        let mut request = exponential(t, point);
        assert_eq!(request.accumulate(&mut totals, 0).refused_points, 0);
        let Data::Exponential(points, Temporality::Cumulative) =
            &request.resources[0].scopes[0].metrics[0].data
        else {
            unreachable!("the kind stays");
        };
        last.clone_from(&points[0].value);
    }
    last
}

#[test]
fn exponential_histograms_meet_at_the_coarser_scale() {
    let total = totalled(&[
        r#""count":"3","sum":1,"scale":1,"positive":{"offset":0,"bucketCounts":["1","1","1"]}"#,
        r#""count":"2","sum":2,"scale":0,"positive":{"offset":3,"bucketCounts":["2"]}"#,
    ]);
    assert_eq!((total.scale, total.count, total.sum), (0, 5, Some(3.0)));
    assert_eq!(
        (total.positive.offset, total.positive.counts),
        (0, vec![2, 1, 0, 2])
    );
}

#[test]
fn a_sum_of_too_many_buckets_is_made_coarser() {
    let total = totalled(&[
        r#""count":"1","scale":0,"positive":{"offset":-1000,"bucketCounts":["1"]}"#,
        r#""count":"1","scale":0,"positive":{"offset":1000,"bucketCounts":["1"]},"negative":{"offset":7,"bucketCounts":["0","4"]}"#,
    ]);
    assert_eq!(total.scale, -4);
    assert_eq!((total.positive.offset, total.positive.counts.len()), (-63, 126));
    assert_eq!(total.positive.counts.iter().sum::<u64>(), 2);
    assert_eq!((total.negative.offset, total.negative.counts), (0, vec![4]));
}

#[test]
fn the_wider_zero_bucket_swallows_what_is_in_it() {
    let total = totalled(&[
        r#""count":"6","scale":0,"zeroCount":"1","positive":{"offset":0,"bucketCounts":["1","1","1"]},"negative":{"offset":0,"bucketCounts":["2"]}"#,
        r#""count":"2","scale":0,"zeroCount":"1","zeroThreshold":3,"positive":{"offset":2,"bucketCounts":["1"]}"#,
    ]);
    // (1,2] and (2,4] of the first lie in or across the bound 3.
    assert_eq!((total.zero_count, total.zero_threshold), (6, 4.0));
    assert_eq!((total.positive.offset, total.positive.counts), (2, vec![2]));
    assert_eq!(total.negative.counts, Vec::<u64>::new());
    assert_eq!(total.count, 8);
}

#[test]
fn totals_are_translated_as_counters() {
    let settings = OtlpSettings {
        delta: DeltaHandling::Accumulate,
        ..OtlpSettings::default()
    };
    let mut totals = DeltaTotals::default();
    let mut batch = model::Batch::default();
    for t in [20, 30] {
        let mut request = sum(t - 10, t, 1.5);
        assert_eq!(request.accumulate(&mut totals, 0).refused_points, 0);
        assert_eq!(request.translate(&settings, &mut batch).refused_points, 0);
    }
    let numbers: Vec<(i64, f64)> = batch
        .rows()
        .iter()
        .filter(|row| batch.labels(row).get("__name__") == Some("n_total"))
        .map(|row| (row.timestamp, row.value))
        .collect();
    assert_eq!(numbers, [(20, 1.5), (30, 3.0)]);
    assert_eq!(batch.metadata()[0].1.metric_type, model::MetricType::Counter);
    // Whoever wants totals and does not ask for them gets no deltas.
    assert_eq!(
        sum(30, 40, 1.0).translate(&settings, &mut batch).refused_points,
        1
    );
}
