//! Float samples and the labels they come with.

use super::*;
use crate::api::write::raw::{self, Message};

#[tokio::test]
async fn a_sample_is_stored_and_counted() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "up"), ("job", "a")], |_, series| {
        raw::sample(series, 1.5, NOW)
    });
    assert_eq!(receiver.accept(&request).await, [1, 0, 0]);
    assert_eq!(receiver.value("up{job=\"a\"}").await, "1.5");
}

#[tokio::test]
async fn many_samples_of_many_series_are_stored() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    for n in 0..50 {
        let n = n.to_string();
        request.series(&[("__name__", "many"), ("n", &n)], |_, series| {
            (0..10).for_each(|t| raw::sample(series, t as f64, NOW - 90_000 + t * 10_000));
        });
    }
    assert_eq!(receiver.accept(&request).await, [500, 0, 0]);
    assert_eq!(
        receiver.value("count(count_over_time(many[5m]) == 10)").await,
        "50"
    );
}

#[tokio::test]
async fn special_values_survive() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    for (name, value) in [
        ("v_inf", f64::INFINITY),
        ("v_neg", f64::NEG_INFINITY),
        ("v_nan", f64::NAN),
        ("v_zero", -0.0),
    ] {
        request.series(&[("__name__", name)], |_, series| raw::sample(series, value, NOW));
    }
    assert_eq!(receiver.accept(&request).await, [4, 0, 0]);
    for (name, expected) in [
        ("v_inf", "+Inf"),
        ("v_neg", "-Inf"),
        ("v_nan", "NaN"),
        ("v_zero", "-0"),
    ] {
        assert_eq!(receiver.value(name).await, expected);
    }
}

#[tokio::test]
async fn a_stale_marker_ends_a_series() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "gone")], |_, series| {
        raw::sample(series, 1.0, NOW - 15_000);
        raw::sample(series, f64::from_bits(model::STALE_BITS), NOW);
    });
    assert_eq!(receiver.accept(&request).await, [2, 0, 0]);
    assert_eq!(receiver.query("gone").await, serde_json::json!([]));
    assert_eq!(receiver.value("count_over_time(gone[1m])").await, "1");
}

#[tokio::test]
async fn labels_in_any_order_name_one_series() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(
        &[("zone", "z"), ("__name__", "mixed"), ("job", "a")],
        |_, series| {
            raw::sample(series, 1.0, NOW - 1000);
        },
    );
    request.series(
        &[("__name__", "mixed"), ("job", "a"), ("zone", "z")],
        |_, series| raw::sample(series, 2.0, NOW),
    );
    assert_eq!(receiver.accept(&request).await, [2, 0, 0]);
    assert_eq!(receiver.value("count_over_time(mixed[1m])").await, "2");
}

#[tokio::test]
async fn labels_of_any_script_are_stored() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(
        &[("__name__", "größe.von"), ("ключ", "値 \"x\"")],
        |_, series| raw::sample(series, 1.0, NOW),
    );
    assert_eq!(receiver.accept(&request).await, [1, 0, 0]);
    let names = receiver.get("/api/v1/labels").await;
    assert_eq!(names, serde_json::json!(["__name__", "ключ"]));
}

#[tokio::test]
async fn empty_label_values_are_no_labels() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "plain"), ("empty", "")], |_, series| {
        raw::sample(series, 1.0, NOW)
    });
    assert_eq!(receiver.accept(&request).await, [1, 0, 0]);
    assert_eq!(
        receiver.query("plain").await[0]["metric"],
        serde_json::json!({"__name__": "plain"})
    );
}

#[tokio::test]
async fn a_series_without_a_name_is_refused() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("job", "a")], |_, series| raw::sample(series, 1.0, NOW));
    let (text, written) = receiver.refuse(&request).await;
    assert_eq!(written, [0, 0, 0]);
    assert!(text.contains("metric name"), "{text}");
}

#[tokio::test]
async fn repeated_label_names_are_refused() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "twice"), ("a", "1"), ("a", "2")], |_, series| {
        raw::sample(series, 1.0, NOW)
    });
    assert_eq!(receiver.refuse(&request).await.1, [0, 0, 0]);
}

#[tokio::test]
async fn references_that_do_not_pair_or_exist_are_refused() {
    for references in [vec![1, 2, 3], vec![1, 99], vec![1 << 40, 2]] {
        let receiver = Receiver::new();
        let mut request = Request::new();
        request.series(&[("__name__", "good")], |_, series| raw::sample(series, 1.0, NOW));
        let mut series = Message::default();
        series.packed(1, &references);
        raw::sample(&mut series, 1.0, NOW);
        request.raw_series(series);
        assert_eq!(receiver.refuse(&request).await.1, [1, 0, 0], "{references:?}");
        assert_eq!(receiver.value("good").await, "1");
    }
}

#[tokio::test]
async fn samples_too_old_or_doubled_are_refused_and_not_to_be_retried() {
    let receiver = Receiver::new();
    let mut first = Request::new();
    first.series(&[("__name__", "times")], |_, series| {
        raw::sample(series, 1.0, NOW)
    });
    receiver.accept(&first).await;
    // The same sample again is no mistake: a sender may not have seen the answer.
    assert_eq!(receiver.accept(&first).await, [1, 0, 0]);
    for (value, timestamp) in [(2.0, NOW), (1.0, NOW - 3_600_000), (1.0, NOW + 3_600_000)] {
        let mut bad = Request::new();
        bad.series(&[("__name__", "times")], |_, series| {
            raw::sample(series, value, timestamp)
        });
        assert_eq!(receiver.refuse(&bad).await.1, [0, 0, 0], "{value} at {timestamp}");
    }
    assert_eq!(receiver.value("times").await, "1");
}

#[tokio::test]
async fn samples_out_of_order_within_the_window_are_stored() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "late")], |_, series| {
        raw::sample(series, 2.0, NOW);
        raw::sample(series, 1.0, NOW - 30_000);
    });
    assert_eq!(receiver.accept(&request).await, [2, 0, 0]);
    assert_eq!(receiver.value("count_over_time(late[1m])").await, "2");
}
