//! Several kinds of data in one request.

use super::*;
use crate::api::write::raw;

/// Everything that a series can have, in one request.
#[tokio::test]
async fn all_kinds_come_together() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "seen_total"), ("job", "a")], |request, series| {
        raw::sample(series, 1.0, NOW - 15_000);
        raw::sample(series, 2.0, NOW);
        raw::exemplar(request, series, &[("trace_id", "x")], (1.0, NOW));
        raw::metadata(request, series, (1, "Seen.", ""));
    });
    request.series(&[("__name__", "took"), ("job", "a")], |request, series| {
        raw::integer_histogram(series, NOW);
        raw::exemplar(request, series, &[("trace_id", "y")], (0.5, NOW));
        raw::metadata(request, series, (3, "Took.", "seconds"));
    });
    assert_eq!(receiver.accept(&request).await, [2, 1, 2]);
    assert_eq!(receiver.value("seen_total").await, "2");
    assert_eq!(receiver.value("histogram_count(took)").await, "6");
    assert_eq!(
        receiver.get("/api/v1/metadata?metric=took").await["took"][0]["unit"],
        "seconds"
    );
}

/// The good part is stored and counted, the answer tells a sender not to try again.
#[tokio::test]
async fn a_request_is_taken_in_part() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "good")], |_, series| raw::sample(series, 1.0, NOW));
    request.series(&[("job", "nameless")], |_, series| raw::sample(series, 1.0, NOW));
    request.series(&[("__name__", "old")], |_, series| {
        raw::sample(series, 1.0, NOW);
        raw::sample(series, 1.0, NOW - 86_400_000);
    });
    request.series(&[("__name__", "took")], |_, series| {
        raw::float_histogram(series, NOW)
    });
    let (text, written) = receiver.refuse(&request).await;
    assert_eq!(written, [2, 1, 0]);
    assert!(text.contains("nameless") && text.contains("old"), "{text}");
    assert_eq!(receiver.value("good").await, "1");
    assert_eq!(receiver.value("old").await, "1");
}

/// A target that changes from floats to histograms, as on an upgrade.
#[tokio::test]
async fn a_series_may_change_its_kind() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "both")], |_, series| {
        raw::sample(series, 1.0, NOW - 15_000);
        raw::integer_histogram(series, NOW);
    });
    assert_eq!(receiver.accept(&request).await, [1, 1, 0]);
    assert_eq!(receiver.query("both").await[0]["histogram"][1]["count"], "6");
    let range = receiver.query("both[1m]").await;
    assert_eq!(range[0]["values"].as_array().unwrap().len(), 1);
    assert_eq!(range[0]["histograms"].as_array().unwrap().len(), 1);
}

/// Written by this project's own sender, read by its receiver.
#[tokio::test]
async fn what_is_encoded_here_is_understood_here() {
    let receiver = Receiver::new();
    let mut batch = model::Batch::default();
    let mut labels = model::LabelsBuilder::default();
    labels.add("__name__", "own").add("job", "a");
    let series = batch.add_series(&mut labels).unwrap();
    batch.push(&series, NOW, 4.0);
    let answer = receiver.post(&V2, wire::encode_remote_write_v2(&batch)).await;
    assert_eq!((answer.status.as_u16(), written(&answer)), (204, [1, 0, 0]));
    assert_eq!(receiver.value("own").await, "4");
}
