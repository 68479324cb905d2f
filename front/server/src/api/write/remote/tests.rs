use axum::http::Method;
use model::{Batch, IngestError, Labels};

use crate::fixture::{Answer, Fixture, LOOPBACK, Refusing, request};

mod receiver;

const PATH: &str = "/api/v1/write";
const HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/x-protobuf"),
    ("content-encoding", "snappy"),
];

type Row<'a> = (&'a [(&'a str, &'a str)], i64, f64);

fn batch(rows: &[Row<'_>]) -> Batch {
    let mut batch = Batch::default();
    for (pairs, timestamp, value) in rows {
        let labels = Labels::from_pairs(pairs.iter().copied()).unwrap();
        let key = batch.add_packed(labels.as_packed()).unwrap();
        batch.push(&key, *timestamp, *value);
    }
    batch
}

async fn send(fixture: &Fixture, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    fixture.send(request(Method::POST, PATH, headers, body)).await
}

/// A server that reads what it writes.
fn over_store() -> Fixture {
    Fixture::new(LOOPBACK, |_, sources| {
        sources.query = std::sync::Arc::clone(&sources.store) as _
    })
}

#[tokio::test]
async fn stores_what_it_acknowledges() {
    let fixture = over_store();
    let rows = batch(&[
        (&[("__name__", "rw"), ("job", "a")], 599_000, 1.5),
        (&[("__name__", "rw"), ("job", "a")], 600_000, 2.5),
        (&[("__name__", "rw"), ("job", "b")], 600_000, 3.5),
    ]);
    let answer = send(&fixture, &HEADERS, wire::encode_remote_write_v1(&rows)).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    assert_eq!(
        answer.header("x-prometheus-remote-write-samples-written"),
        Some("3")
    );
    let read = fixture.get("/api/v1/query?query=sum(rw)").await;
    assert_eq!(
        read.json()["data"]["result"][0]["value"],
        serde_json::json!([600, "6"])
    );
    let text = fixture.get("/metrics").await.text;
    assert!(
        text.contains("periplus_remote_write_samples_total{fate=\"stored\"} 3\n"),
        "{text}"
    );
}

#[tokio::test]
async fn stores_the_rest_and_names_the_first_refused() {
    let fixture = over_store();
    let rows = batch(&[
        (&[("job", "nameless")], 600_000, 1.0),
        (&[("__name__", "kept")], 600_000, 2.0),
    ]);
    let answer = send(&fixture, &HEADERS, wire::encode_remote_write_v1(&rows)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.text,
        "stored 1 of 2 samples; 1 series refused, first {job=\"nameless\"}: metric name is missing\n"
    );
    assert_eq!(
        answer.header("x-prometheus-remote-write-samples-written"),
        Some("1")
    );
    let read = fixture.get("/api/v1/query?query=kept").await;
    assert_eq!(
        read.json()["data"]["result"][0]["value"],
        serde_json::json!([600, "2"])
    );
}

#[tokio::test]
async fn passes_on_why_the_store_refused_samples() {
    let fixture = over_store();
    let far = batch(&[
        (&[("__name__", "far")], 1_000_000_000_000, 1.0),
        (&[("__name__", "near")], 600_000, 1.0),
    ]);
    let answer = send(&fixture, &HEADERS, wire::encode_remote_write_v1(&far)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .text
            .starts_with("stored 1 of 2 samples; 1 samples refused, first of far: "),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn refuses_other_formats_and_says_what_is_supported() {
    let fixture = Fixture::loopback();
    let cases = [
        [
            ("content-type", "application/json"),
            ("content-encoding", "snappy"),
        ],
        [
            (
                "content-type",
                "application/x-protobuf;proto=io.prometheus.write.v3.Request",
            ),
            ("content-encoding", "snappy"),
        ],
        [
            ("content-type", "application/x-protobuf"),
            ("content-encoding", "zstd"),
        ],
    ];
    for headers in cases {
        let answer = send(&fixture, &headers, Vec::new()).await;
        assert_eq!(answer.status, 415, "{headers:?}");
        assert!(answer.text.contains("is not supported; send "), "{}", answer.text);
    }
    let named = [
        (
            "content-type",
            "application/x-protobuf;proto=prometheus.WriteRequest",
        ),
        ("content-encoding", "snappy"),
    ];
    let body = wire::encode_remote_write_v1(&batch(&[(&[("__name__", "x")], 600_000, 1.0)]));
    assert_eq!(send(&fixture, &named, body.clone()).await.status, 204);
    assert_eq!(send(&fixture, &[], body).await.status, 204);
}

#[tokio::test]
async fn refuses_bombs_and_garbage() {
    let fixture = Fixture::new(LOOPBACK, |config, _| config.remote_write.max_body_bytes = 1024);
    // A block that declares 2 GiB.
    let bomb = send(&fixture, &HEADERS, vec![0x80, 0x80, 0x80, 0x80, 0x08]).await;
    assert_eq!(bomb.status, 413);
    assert_eq!(
        bomb.text,
        "request is 2147483648 bytes decompressed, more than 33554432\n"
    );
    let large = send(&fixture, &HEADERS, vec![0; 1025]).await;
    assert_eq!(
        (large.status.as_u16(), large.text.as_str()),
        (413, "request body is larger than 1024 bytes\n")
    );
    let chunks = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(vec![0_u8; 100])));
    let streamed = request(
        Method::POST,
        PATH,
        &HEADERS,
        axum::body::Body::from_stream(chunks),
    );
    assert_eq!(fixture.send(streamed).await.status, 413);
    assert_eq!(send(&fixture, &HEADERS, b"garbage".to_vec()).await.status, 400);
    let empty = send(&fixture, &HEADERS, Vec::new()).await;
    assert_eq!(
        (empty.status.as_u16(), empty.text.as_str()),
        (400, "request body is empty\n")
    );
}

#[tokio::test]
async fn asks_to_come_back_when_the_store_cannot() {
    let body = wire::encode_remote_write_v1(&batch(&[(&[("__name__", "x")], 600_000, 1.0)]));
    let cases = [
        (
            IngestError::Unavailable {
                reason: "disk full".to_owned(),
            },
            503,
            "disk full",
        ),
        (IngestError::Overloaded { waiting_bytes: 9 }, 429, "9 bytes wait"),
    ];
    for (error, status, text) in cases {
        let fixture = Fixture::new(LOOPBACK, |_, sources| {
            sources.ingest = std::sync::Arc::new(Refusing(error))
        });
        let answer = send(&fixture, &HEADERS, body.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("retry-after")),
            (status, Some("5"))
        );
        assert!(answer.text.contains(text), "{}", answer.text);
    }
    let fixture = Fixture::new(LOOPBACK, |config, _| config.remote_write.max_in_flight_bytes = 0);
    let answer = send(&fixture, &HEADERS, body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (429, Some("1"))
    );
}
