use std::io::Write as _;
use std::sync::Arc;

use axum::http::Method;
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use wire::{DeltaHandling, OtlpSettings};

use crate::api::write::raw::{Message, inner};
use crate::config::Tenancy;
use crate::fixture::{Answer, Fixture, LOOPBACK, request};

const PATH: &str = "/api/v1/otlp/v1/metrics";
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
/// The present, in nanoseconds.
const NOW_NS: u64 = 600_000_000_000;

pub(in crate::api::write) fn fixture() -> Fixture {
    Fixture::new(LOOPBACK, |_, sources| {
        sources.query = Arc::clone(&sources.store) as _
    })
}

fn attribute(message: &mut Message, number: u64, (key, value): (&str, &str)) {
    message.message(number, |pair| {
        pair.bytes(1, key.as_bytes());
        pair.message(2, |any| {
            any.bytes(1, value.as_bytes());
        });
    });
}

/// A gauge, and a monotonic sum that is cumulative (2) or a delta (1).
pub(in crate::api::write) fn body(temporality: u64) -> Vec<u8> {
    body_at(temporality, NOW_NS)
}

fn body_at(temporality: u64, now: u64) -> Vec<u8> {
    let mut body = Message::default();
    body.message(1, |resource| {
        resource.message(1, |resource| attribute(resource, 1, ("service.name", "shop")));
        resource.message(2, |scope| {
            scope.message(2, |metric| {
                metric.bytes(1, b"queue.length").bytes(2, b"Waiting.");
                metric.message(5, |gauge| {
                    gauge.message(1, |point| {
                        point.fixed64(3, now).double(4, 7.5);
                        attribute(point, 7, ("queue", "in"));
                    });
                });
            });
            scope.message(2, |metric| {
                metric.bytes(1, b"orders").bytes(3, b"1");
                metric.message(7, |sum| {
                    sum.message(1, |point| {
                        point
                            .fixed64(2, now - 60_000_000_000)
                            .fixed64(3, now)
                            .double(4, 3.0);
                    });
                    sum.varint(2, temporality).varint(3, 1);
                });
            });
        });
    });
    body.0
}

async fn send(fixture: &Fixture, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    fixture.send(request(Method::POST, PATH, headers, body)).await
}

pub(in crate::api::write) async fn value(fixture: &Fixture, query: &str) -> serde_json::Value {
    let query = query.replace('{', "%7B").replace('}', "%7D").replace('"', "%22");
    let answer = fixture
        .get(&format!("/api/v1/query?query={query}&time=600"))
        .await;
    answer.json()["data"]["result"][0]["value"][1].clone()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn protobuf_is_stored_packed_and_not() {
    for packed in [false, true] {
        let fixture = fixture();
        let (headers, body) = if packed {
            (vec![PROTOBUF, ("content-encoding", "gzip")], gzip(&body(2)))
        } else {
            (vec![PROTOBUF], body(2))
        };
        let answer = send(&fixture, &headers, body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
        assert_eq!(answer.header("content-type"), Some("application/x-protobuf"));
        assert_eq!(
            value(&fixture, "queue_length{job=\"shop\",queue=\"in\"}").await,
            "7.5"
        );
        assert_eq!(value(&fixture, "orders_total{job=\"shop\"}").await, "3");
    }
}

#[tokio::test]
async fn json_is_stored() {
    let fixture = fixture();
    let body = serde_json::json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeMetrics": [{"metrics": [{
            "name": "queue.length",
            "gauge": {"dataPoints": [{"timeUnixNano": "600000000000", "asDouble": 7.5}]},
        }]}],
    }]});
    let answer = send(&fixture, &[JSON], body.to_string().into_bytes()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(value(&fixture, "queue_length{job=\"shop\"}").await, "7.5");
}

#[tokio::test]
async fn what_is_refused_is_counted_and_the_rest_is_stored() {
    let fixture = fixture();
    let answer = fixture
        .respond(request(Method::POST, PATH, &[PROTOBUF], body(1)))
        .await;
    assert_eq!(answer.status(), 200);
    let answer = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .unwrap();
    let partial = inner(&answer, 1);
    let text = String::from_utf8_lossy(inner(partial[0], 2)[0]).into_owned();
    assert!(
        text.starts_with("1 points refused, first of orders: values are deltas"),
        "{text}"
    );
    assert_eq!(value(&fixture, "queue_length").await, "7.5");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_the_encoding_of_the_request() {
    let fixture = fixture();
    for (headers, body, status, text) in [
        (
            vec![("content-type", "text/plain")],
            Vec::new(),
            415,
            "content type \"text/plain\" is not supported",
        ),
        (
            vec![PROTOBUF, ("content-encoding", "br")],
            Vec::new(),
            415,
            "content encoding \"br\" is not supported",
        ),
        (
            vec![PROTOBUF, ("content-encoding", "gzip")],
            b"x".to_vec(),
            400,
            "request body is not gzip",
        ),
        (vec![PROTOBUF], vec![0xff; 9], 400, "malformed"),
        (vec![JSON], b"{".to_vec(), 400, ""),
    ] {
        let is_json = headers[0] == JSON;
        let answer = send(&fixture, &headers, body).await;
        assert_eq!(answer.status, status, "{headers:?}");
        let found = if is_json {
            answer.json()["message"].as_str().unwrap().to_owned()
        } else {
            String::from_utf8_lossy(inner(answer.text.as_bytes(), 2)[0]).into_owned()
        };
        assert!(!found.is_empty() && found.contains(text), "{headers:?}: {found}");
    }
}

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let fixture = Fixture::new(LOOPBACK, |config, _| {
        config.remote_write.decode.max_decoded_bytes = 1000
    });
    let answer = send(
        &fixture,
        &[PROTOBUF, ("content-encoding", "gzip")],
        gzip(&[0; 100_000]),
    )
    .await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn deltas_add_up_where_that_is_asked_for() {
    let fixture = fixture();
    let otlp = |delta| OtlpSettings {
        delta,
        ..OtlpSettings::default()
    };
    let features = async || fixture.get("/api/v1/features").await.json()["data"]["otlp_receiver"].clone();
    assert_eq!(features().await["delta_conversion"], false);
    fixture
        .app
        .adjust(otlp(DeltaHandling::Accumulate), Tenancy::default());
    assert_eq!(features().await["delta_conversion"], true);
    for at in [NOW_NS - 60_000_000_000, NOW_NS] {
        let answer = send(&fixture, &[PROTOBUF], body_at(1, at)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    }
    assert_eq!(value(&fixture, "orders_total{job=\"shop\"}").await, "6");
    let again = send(&fixture, &[PROTOBUF], body_at(1, NOW_NS)).await;
    assert!(again.text.contains("not later than the newest"), "{}", again.text);
    assert_eq!(value(&fixture, "orders_total{job=\"shop\"}").await, "6");
    fixture
        .app
        .adjust(otlp(DeltaHandling::Refuse), Tenancy::default());
    let refused = send(&fixture, &[PROTOBUF], body_at(1, NOW_NS + 1_000_000_000)).await;
    assert!(refused.text.contains("values are deltas"), "{}", refused.text);
}
