//! What the specifications of remote write ask of a receiver, case by case, with what was sent read back by queries.
//!
//! The groups are those of Prometheus' compliance suite for receivers: metrics, histograms, exemplars, metadata,
//! requests, combinations, and compatibility with 1.0.

use axum::http::Method;
use serde_json::Value;

use crate::api::write::raw::Request;
use crate::fixture::{Answer, Fixture, LOOPBACK, request};

mod combined;
mod exemplars;
mod histograms;
mod metadata;
mod metrics;
mod requests;
mod version_one;

/// When all samples are; the clock of the server stands there.
const NOW: i64 = 600_000;

const V2: [(&str, &str); 3] = [
    (
        "content-type",
        "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    ),
    ("content-encoding", "snappy"),
    ("x-prometheus-remote-write-version", "2.0.0"),
];

struct Receiver(Fixture);

impl Receiver {
    fn new() -> Self {
        Self(Fixture::new(LOOPBACK, |_, sources| {
            sources.query = std::sync::Arc::clone(&sources.store) as _;
        }))
    }

    async fn post(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.0
            .send(request(Method::POST, "/api/v1/write", headers, body))
            .await
    }

    async fn send(&self, request: &Request) -> Answer {
        self.post(&V2, request.pack()).await
    }

    /// Sends what must be taken whole; how many floats, histograms and exemplars were written.
    async fn accept(&self, request: &Request) -> [usize; 3] {
        let answer = self.send(request).await;
        assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
        assert_eq!(answer.text, "");
        written(&answer)
    }

    /// Sends what must be refused, in whole or in part.
    async fn refuse(&self, request: &Request) -> (String, [usize; 3]) {
        let answer = self.send(request).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        (answer.text.clone(), written(&answer))
    }

    async fn query(&self, query: &str) -> Value {
        let query = query
            .replace('{', "%7B")
            .replace('}', "%7D")
            .replace('"', "%22")
            .replace('+', "%2B")
            .replace(' ', "%20");
        let answer = self.0.get(&format!("/api/v1/query?query={query}&time=600")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["data"]["result"].clone()
    }

    /// The one value that a query finds.
    async fn value(&self, query: &str) -> String {
        let found = self.query(query).await;
        assert_eq!(found.as_array().unwrap().len(), 1, "{query}: {found}");
        found[0]["value"][1].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str) -> Value {
        self.0.get(path).await.json()["data"].clone()
    }
}

fn written(answer: &Answer) -> [usize; 3] {
    ["samples", "histograms", "exemplars"].map(|what| {
        let name = format!("x-prometheus-remote-write-{what}-written");
        let value = answer.header(&name);
        value
            .unwrap_or_else(|| panic!("{name} is missing"))
            .parse()
            .unwrap()
    })
}
