//! Requests as a whole: headers, compression, garbage, limits.

use super::*;
use crate::api::write::raw;

fn small() -> Request {
    let mut request = Request::new();
    request.series(&[("__name__", "up")], |_, series| raw::sample(series, 1.0, NOW));
    request
}

#[tokio::test]
async fn an_empty_request_is_taken() {
    assert_eq!(Receiver::new().accept(&Request::new()).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_first_symbol_that_is_not_empty_is_refused() {
    let receiver = Receiver::new();
    let mut request = small();
    request.symbols[0] = "x".to_owned();
    assert_eq!(receiver.refuse(&request).await.1, [0, 0, 0]);
    assert_eq!(receiver.query("up").await, serde_json::json!([]));
}

#[tokio::test]
async fn unknown_messages_and_compressions_are_unsupported() {
    let receiver = Receiver::new();
    let v2 = V2[0].1;
    for (content_type, encoding) in [
        ("application/json", "snappy"),
        ("text/plain", "snappy"),
        (
            "application/x-protobuf;proto=io.prometheus.write.v9.Request",
            "snappy",
        ),
        (v2, "gzip"),
        (v2, "zstd"),
    ] {
        let headers = [("content-type", content_type), ("content-encoding", encoding)];
        let answer = receiver.post(&headers, small().pack()).await;
        assert_eq!(answer.status, 415, "{content_type} {encoding}");
        assert_eq!(written(&answer), [0, 0, 0]);
    }
}

#[tokio::test]
async fn the_content_type_may_be_written_in_other_ways() {
    for content_type in [
        "application/x-protobuf; proto=io.prometheus.write.v2.Request",
        "Application/X-Protobuf;proto=\"io.prometheus.write.v2.Request\"",
    ] {
        let receiver = Receiver::new();
        let headers = [("content-type", content_type), ("content-encoding", "Snappy")];
        let answer = receiver.post(&headers, small().pack()).await;
        assert_eq!(answer.status, 204, "{content_type}: {}", answer.text);
        assert_eq!(receiver.value("up").await, "1");
    }
}

#[tokio::test]
async fn garbage_is_refused_for_good() {
    let receiver = Receiver::new();
    let framed = {
        // The framing format of snappy is another one than the block format.
        let mut framed = b"\xff\x06\x00\x00sNaPpY".to_vec();
        framed.extend(small().pack());
        framed
    };
    let no_message = snap::raw::Encoder::new().compress_vec(&[0xff; 40]).unwrap();
    for body in [Vec::new(), b"garbage".to_vec(), framed, no_message] {
        let answer = receiver.post(&V2, body.clone()).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(written(&answer), [0, 0, 0]);
    }
}

#[tokio::test]
async fn unknown_headers_and_versions_are_ignored() {
    let receiver = Receiver::new();
    let headers = [
        V2[0],
        V2[1],
        ("x-prometheus-remote-write-version", "2.7.1"),
        ("x-other", "y"),
    ];
    assert_eq!(receiver.post(&headers, small().pack()).await.status, 204);
    assert_eq!(receiver.post(&V2[..2], small().pack()).await.status, 204);
}

#[tokio::test]
async fn only_post_is_taken() {
    let receiver = Receiver::new();
    for method in [Method::GET, Method::PUT] {
        let answer = receiver
            .0
            .send(request(method, "/api/v1/write", &V2, small().pack()))
            .await;
        assert_eq!(answer.status, 405);
    }
}

#[tokio::test]
async fn a_tenant_over_its_rate_is_told_to_wait() {
    let fixture = Fixture::new(LOOPBACK, |config, _| {
        config.tenancy.limits.samples_per_second = Some(1)
    });
    let receiver = Receiver(fixture);
    let mut request = Request::new();
    request.series(&[("__name__", "up")], |_, series| {
        (0..10).for_each(|n| raw::sample(series, 1.0, NOW - n * 1000));
    });
    assert!(receiver.send(&request).await.status.is_success());
    let answer = receiver.send(&request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (429, Some("8"))
    );
    assert_eq!(written(&answer), [0, 0, 0]);
    assert!(answer.text.contains("`samples_per_second`"), "{}", answer.text);
    let metrics = receiver.0.get("/metrics").await.text;
    let line = "periplus_limit_refused_total{tenant=\"default\",limit=\"samples_per_second\"} 1\n";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn a_tenant_over_its_series_keeps_those_it_has() {
    let fixture = Fixture::new(LOOPBACK, |config, sources| {
        sources.query = std::sync::Arc::clone(&sources.store) as _;
        config.tenancy.limits.max_series = Some(1);
    });
    let receiver = Receiver(fixture);
    receiver.accept(&small()).await;
    let mut more = Request::new();
    more.series(&[("__name__", "up")], |_, series| {
        raw::sample(series, 2.0, NOW + 1)
    });
    more.series(&[("__name__", "down")], |_, series| {
        raw::sample(series, 2.0, NOW + 1)
    });
    let (text, written) = receiver.refuse(&more).await;
    assert_eq!(written, [1, 0, 0]);
    assert!(
        text.contains("limit of 1 active series") && text.contains("`max_series`"),
        "{text}"
    );
}
