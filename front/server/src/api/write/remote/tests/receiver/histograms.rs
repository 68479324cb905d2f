//! Native histograms: integer, float, with listed bounds, broken, stale.

use super::*;
use crate::api::write::raw;

#[tokio::test]
async fn integer_histograms_are_stored_and_counted() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "took")], |_, series| {
        raw::integer_histogram(series, NOW)
    });
    assert_eq!(receiver.accept(&request).await, [0, 1, 0]);
    let found = receiver.query("took").await;
    let expected = serde_json::json!([600, {
        "count": "6",
        "sum": "7.5",
        "buckets": [[3, "-0.001", "0.001", "1"], [0, "0.5", "1", "2"], [0, "1", "2", "3"]],
    }]);
    assert_eq!(found[0]["histogram"], expected);
}

#[tokio::test]
async fn float_histograms_are_stored_and_counted() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "took")], |_, series| {
        raw::float_histogram(series, NOW)
    });
    assert_eq!(receiver.accept(&request).await, [0, 1, 0]);
    assert_eq!(receiver.value("histogram_count(took)").await, "3");
    assert_eq!(receiver.value("histogram_sum(took)").await, "3.75");
}

#[tokio::test]
async fn histograms_with_listed_bounds_are_stored() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "took")], |_, series| {
        raw::custom_histogram(series, NOW)
    });
    assert_eq!(receiver.accept(&request).await, [0, 1, 0]);
    let found = receiver.query("took").await;
    let bounds: Vec<&str> = found[0]["histogram"][1]["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket[2].as_str().unwrap())
        .collect();
    assert_eq!(bounds, ["0.5", "1", "+Inf"]);
}

#[tokio::test]
async fn rates_of_histograms_are_computed() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "took")], |_, series| {
        (0..=4).for_each(|n| raw::integer_histogram(series, NOW - 60_000 + n * 15_000));
    });
    assert_eq!(receiver.accept(&request).await, [0, 5, 0]);
    // The same counts at all times: nothing was observed in between.
    assert_eq!(receiver.value("histogram_count(increase(took[1m]))").await, "0");
}

#[tokio::test]
async fn a_histogram_that_contradicts_itself_is_refused_alone() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "good")], |_, series| {
        raw::integer_histogram(series, NOW)
    });
    request.series(&[("__name__", "bad")], |_, series| {
        series.message(3, |histogram| {
            // Two buckets, one of them without a count.
            histogram.varint(1, 6).double(3, 7.5);
            histogram.message(11, |span| {
                span.varint(1, 0).varint(2, 2);
            });
            histogram
                .packed(12, &[raw::zigzag(2)])
                .varint(15, NOW.cast_unsigned());
        });
    });
    let (text, written) = receiver.refuse(&request).await;
    assert_eq!(written, [0, 1, 0]);
    assert!(text.contains("bad"), "{text}");
    assert_eq!(receiver.value("histogram_count(good)").await, "6");
}

#[tokio::test]
async fn a_stale_histogram_ends_a_series() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "gone")], |_, series| {
        raw::integer_histogram(series, NOW - 15_000);
        series.message(3, |histogram| {
            histogram
                .varint(1, 0)
                .double(3, f64::from_bits(model::STALE_BITS))
                .varint(15, NOW.cast_unsigned());
        });
    });
    receiver.accept(&request).await;
    assert_eq!(receiver.query("gone").await, serde_json::json!([]));
}
