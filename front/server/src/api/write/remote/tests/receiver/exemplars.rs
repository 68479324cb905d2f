//! Exemplars, with and without labels, good and bad.

use super::*;
use crate::api::write::raw;

const EXEMPLARS: &str = "/api/v1/query_exemplars?start=0&end=1000&query=";

#[tokio::test]
async fn exemplars_are_stored_and_counted() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "seen_total")], |request, series| {
        raw::sample(series, 1.0, NOW);
        raw::exemplar(request, series, &[("trace_id", "abc")], (0.25, NOW));
    });
    assert_eq!(receiver.accept(&request).await, [1, 0, 1]);
    let expected = serde_json::json!([{
        "seriesLabels": {"__name__": "seen_total"},
        "exemplars": [{"labels": {"trace_id": "abc"}, "value": "0.25", "timestamp": 600}],
    }]);
    assert_eq!(receiver.get(&format!("{EXEMPLARS}seen_total")).await, expected);
}

#[tokio::test]
async fn exemplars_of_histograms_are_stored() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "took")], |request, series| {
        raw::integer_histogram(series, NOW);
        raw::exemplar(request, series, &[("trace_id", "a")], (0.75, NOW - 1000));
        raw::exemplar(request, series, &[("trace_id", "b")], (1.5, NOW));
    });
    assert_eq!(receiver.accept(&request).await, [0, 1, 2]);
    let found = receiver.get(&format!("{EXEMPLARS}took")).await;
    assert_eq!(found[0]["exemplars"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn exemplars_without_labels_are_stored() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "seen_total")], |request, series| {
        raw::sample(series, 1.0, NOW);
        raw::exemplar(request, series, &[], (0.25, NOW));
    });
    assert_eq!(receiver.accept(&request).await, [1, 0, 1]);
}

#[tokio::test]
async fn a_bad_exemplar_does_not_take_its_sample_with_it() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "seen_total")], |_, series| {
        raw::sample(series, 1.0, NOW);
        series.message(4, |exemplar| {
            exemplar
                .packed(1, &[77, 78])
                .double(2, 1.0)
                .varint(3, NOW.cast_unsigned());
        });
    });
    let (_, written) = receiver.refuse(&request).await;
    assert_eq!(written, [1, 0, 0]);
    assert_eq!(receiver.value("seen_total").await, "1");
}
