//! Requests of version 1.0, which a receiver of 2.0 must go on taking.

use super::*;
use crate::api::write::raw::{self, Message};

const V1: [(&str, &str); 3] = [
    ("content-type", "application/x-protobuf"),
    ("content-encoding", "snappy"),
    ("x-prometheus-remote-write-version", "0.1.0"),
];

/// A 1.0 request: labels are text, histograms have field 4 with the same message.
fn pack(series: &[(&[(&str, &str)], Message)]) -> Vec<u8> {
    let mut body = Message::default();
    for (labels, rest) in series {
        body.message(1, |series| {
            for (name, value) in *labels {
                series.message(1, |label| {
                    label.bytes(1, name.as_bytes()).bytes(2, value.as_bytes());
                });
            }
            series.0.extend_from_slice(&rest.0);
        });
    }
    snap::raw::Encoder::new().compress_vec(&body.0).unwrap()
}

fn sample(value: f64, timestamp: i64) -> Message {
    let mut series = Message::default();
    raw::sample(&mut series, value, timestamp);
    series
}

#[tokio::test]
async fn samples_are_taken_under_both_content_types() {
    for content_type in [
        "application/x-protobuf",
        "application/x-protobuf;proto=prometheus.WriteRequest",
    ] {
        let receiver = Receiver::new();
        let headers = [("content-type", content_type), V1[1], V1[2]];
        let answer = receiver
            .post(&headers, pack(&[(&[("__name__", "up")], sample(1.0, NOW))]))
            .await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
        assert_eq!(receiver.value("up").await, "1");
    }
}

#[tokio::test]
async fn histograms_are_taken() {
    let receiver = Receiver::new();
    let mut two = Message::default();
    raw::integer_histogram(&mut two, NOW);
    // The message is the same in both versions; the field of the series is 3 in one and 4 in the other.
    let tag = two.0.first_mut().unwrap();
    *tag = 4 << 3 | 2;
    let answer = receiver.post(&V1, pack(&[(&[("__name__", "took")], two)])).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(receiver.value("histogram_count(took)").await, "6");
}

#[tokio::test]
async fn a_request_in_part_bad_is_answered_400_after_the_rest_is_stored() {
    let receiver = Receiver::new();
    let body = pack(&[
        (&[("__name__", "up")], sample(1.0, NOW)),
        (&[("job", "nameless")], sample(1.0, NOW)),
    ]);
    let answer = receiver.post(&V1, body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(receiver.value("up").await, "1");
}

#[tokio::test]
async fn a_request_of_one_version_is_not_read_as_the_other() {
    let receiver = Receiver::new();
    let one = pack(&[(&[("__name__", "up")], sample(1.0, NOW))]);
    assert_eq!(receiver.post(&V2, one).await.status, 400);
    let mut two = Request::new();
    two.series(&[("__name__", "up")], |_, series| raw::sample(series, 1.0, NOW));
    let answer = receiver.post(&V1, two.pack()).await;
    assert!(matches!(answer.status.as_u16(), 204 | 400), "{}", answer.status);
    assert_eq!(receiver.query("up").await, serde_json::json!([]));
}
