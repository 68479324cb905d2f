use std::pin::Pin;

use axum::http::Method;
use hyper::body::Body as _;

use super::*;
use crate::api::write::otlp::tests::{body, fixture, value};
use crate::api::write::raw::inner;
use crate::fixture::{Fixture, LOOPBACK, request};

const HEADERS: [(&str, &str); 2] = [("content-type", "application/grpc"), ("te", "trailers")];

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

/// Head, message and trailers of an answer.
async fn call(fixture: &Fixture, headers: &[(&str, &str)], body: Vec<u8>) -> (HeaderMap, Vec<u8>, HeaderMap) {
    let response = fixture.respond(request(Method::POST, PATH, headers, body)).await;
    assert_eq!(response.status(), 200);
    let (parts, mut body) = response.into_parts();
    let (mut data, mut trailers) = (Vec::new(), HeaderMap::new());
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame.unwrap().into_data() {
            Ok(bytes) => data.extend_from_slice(&bytes),
            Err(frame) => trailers = frame.into_trailers().unwrap(),
        }
    }
    (parts.headers, data, trailers)
}

#[tokio::test]
async fn an_export_is_stored_and_answered_with_trailers() {
    let fixture = fixture();
    let (headers, data, trailers) = call(&fixture, &HEADERS, frame(0, &body(2))).await;
    assert_eq!(headers["content-type"], "application/grpc+proto");
    assert_eq!(data, [0; 5]);
    assert_eq!(trailers["grpc-status"], "0");
    assert_eq!(value(&fixture, "orders_total{job=\"shop\"}").await, "3");
}

#[tokio::test]
async fn points_refused_are_told_in_the_message() {
    let fixture = fixture();
    let (_, data, trailers) = call(&fixture, &HEADERS, frame(0, &body(1))).await;
    assert_eq!(trailers["grpc-status"], "0");
    let partial = inner(&data[5..], 1);
    assert!(String::from_utf8_lossy(inner(partial[0], 2)[0]).contains("deltas"));
}

#[tokio::test]
async fn failures_are_statuses_of_grpc() {
    let fixture = fixture();
    for (headers, body, status) in [
        (HEADERS.to_vec(), b"abc".to_vec(), "3"),
        (HEADERS.to_vec(), frame(0, &[0xff; 9]), "3"),
        (HEADERS.to_vec(), frame(2, &[]), "3"),
        (HEADERS.to_vec(), [frame(0, &[]), vec![1]].concat(), "3"),
        (
            [&HEADERS[..], &[("grpc-encoding", "zstd")]].concat(),
            frame(1, &[]),
            "12",
        ),
        (
            [&HEADERS[..], &[("grpc-encoding", "gzip")]].concat(),
            frame(1, b"no gzip"),
            "3",
        ),
    ] {
        let (found, data, _) = call(&fixture, &headers, body).await;
        assert_eq!(
            (&found["grpc-status"], data.len()),
            (&HeaderValue::from_static(status), 0),
            "{headers:?}"
        );
        assert!(found.contains_key("grpc-message"));
    }
    let busy = Fixture::new(LOOPBACK, |config, _| config.remote_write.max_in_flight_bytes = 0);
    let (found, _, _) = call(&busy, &HEADERS, frame(0, &body(2))).await;
    assert_eq!(
        (&found["grpc-status"], &found["retry-after"]),
        (&HeaderValue::from(14), &HeaderValue::from(1))
    );
    let plain = [("content-type", "application/json")];
    let other = fixture.respond(request(Method::POST, PATH, &plain, "")).await;
    assert_eq!(other.status(), 415);
}

#[test]
fn messages_of_status_are_ascii() {
    assert_eq!(percent_encode("50% größer\n"), "50%25 gr%C3%B6%C3%9Fer%0A");
}
