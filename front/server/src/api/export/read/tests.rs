use std::sync::Arc;

use axum::http::Method;
use model::{Batch, Ingest as _, LabelsBuilder};

use crate::api::write::raw::{Held, Message, fields, inner, take_varint};
use crate::fixture::{FakeScraping, Fixture, LOOPBACK, request};

const HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/x-protobuf"),
    ("content-encoding", "snappy"),
];

/// 300 series of 200 samples, more than a piece of chunks holds.
fn fixture(adjust: impl FnOnce(&mut crate::config::ServerConfig)) -> Fixture {
    let fixture = Fixture::new(LOOPBACK, |config, sources| {
        sources.query = Arc::clone(&sources.store) as _;
        sources.scraping = Some(Arc::new(FakeScraping));
        adjust(config);
    });
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for n in 0..300 {
        labels.clear();
        labels.add("__name__", "many").add("n", &format!("{n:03}"));
        let series = batch.add_series(&mut labels).unwrap();
        (1..=200).for_each(|t| batch.push(&series, t * 3000, (t * 7919 % 1000) as f64 / 7.0));
    }
    let ingested = fixture.app.sources.store.ingest(&batch).unwrap();
    assert_eq!(ingested.n_rejected, 0);
    fixture
}

/// Asks for `many` with `n` matching a pattern; `form` 0 for samples, 1 for chunks.
fn ask(pattern: &str, form: u64) -> Vec<u8> {
    let mut body = Message::default();
    body.message(1, |query| {
        query.varint(1, 0).varint(2, 600_000);
        for (kind, name, value) in [(0, "__name__", "many"), (2, "n", pattern), (0, "cluster", "c1")] {
            query.message(3, |matcher| {
                matcher
                    .varint(1, kind)
                    .bytes(2, name.as_bytes())
                    .bytes(3, value.as_bytes());
            });
        }
    });
    body.packed(2, &[form]);
    snap::raw::Encoder::new().compress_vec(&body.0).unwrap()
}

async fn send(fixture: &Fixture, body: Vec<u8>) -> (u16, String, Vec<u8>) {
    let response = fixture
        .respond(request(Method::POST, "/api/v1/read", &HEADERS, body))
        .await;
    let status = response.status().as_u16();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    (status, content_type, body.to_vec())
}

fn labels(series: &[u8]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let pairs = inner(series, 1).into_iter();
    pairs
        .map(|pair| (text(inner(pair, 1)[0]), text(inner(pair, 2)[0])))
        .collect()
}

#[tokio::test]
async fn samples_come_in_one_message_with_external_labels() {
    let fixture = fixture(|_| {});
    let (status, content_type, body) = send(&fixture, ask("00[12]", 0)).await;
    assert_eq!((status, content_type.as_str()), (200, "application/x-protobuf"));
    let body = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
    let results = inner(&body, 1);
    assert_eq!(results.len(), 1);
    let series = inner(results[0], 1);
    assert_eq!(series.len(), 2);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        pair("__name__", "many"),
        pair("cluster", "c1"),
        pair("job", "not used"),
        pair("n", "001"),
    ];
    assert_eq!(labels(series[0]), expected);
    let samples = inner(series[0], 2);
    assert_eq!(samples.len(), 200);
    assert!(fields(samples[0]).contains(&(2, Held::Number(3000))));
}

#[tokio::test]
async fn chunks_come_in_frames_in_order_of_labels() {
    let fixture = fixture(|_| {});
    let (status, content_type, body) = send(&fixture, ask(".*", 1)).await;
    assert_eq!(status, 200);
    assert_eq!(
        content_type,
        "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
    );
    let mut rest = body.as_slice();
    let mut names = Vec::new();
    while !rest.is_empty() {
        let len = take_varint(&mut rest) as usize;
        // The checksum of the frame; its reader is Prometheus in another test.
        let (message, tail) = rest[4..].split_at(len);
        rest = tail;
        for series in inner(message, 1) {
            names.push(labels(series).pop().unwrap().1);
            assert!(!inner(series, 2).is_empty(), "a series has chunks");
        }
    }
    let expected: Vec<String> = (0..300).map(|n| format!("{n:03}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn what_is_too_much_or_wrong_is_refused() {
    let small = fixture(|config| config.query.max_samples = 300);
    let (status, _, body) = send(&small, ask("00[12]", 0)).await;
    assert_eq!(
        (status, String::from_utf8_lossy(&body).as_ref()),
        (400, "exceeded sample limit (300)\n")
    );
    assert_eq!(send(&small, ask("00[12]", 1)).await.0, 200);
    assert_eq!(send(&small, b"garbage".to_vec()).await.0, 400);
    assert_eq!(send(&small, ask("(", 1)).await.0, 400);
}
