//! Prometheus' own description of its HTTP API, read from the Go module cache: every path and method of it is asked
//! of the server, and every answer is held against the schema that the description gives.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use axum::http::Method;
use model::{Batch, Exemplar, Histogram, Ingest as _, Labels, LabelsBuilder, MetricType, Span};
use serde_json::Value;

use super::schema::Schemas;
use crate::fixture::{FakeScraping, Fixture, LOOPBACK, request};

const MODULE: &str = "github.com/prometheus/prometheus@v0.316.0";

/// What is described there and not served here, with the reason.
const NOT_SERVED: &[(&str, &str)] = &[
    (
        "/query_cost",
        "estimates exist in Prometheus only with the feature query-cost, which is off unless asked for",
    ),
    (
        "/query_range_cost",
        "estimates exist in Prometheus only with the feature query-cost, which is off unless asked for",
    ),
];

/// Valid parameters of each path, as often as it takes to see every form of answer.
const ASKED: &[(&str, &[&str])] = &[
    (
        "/query",
        &[
            "query=up&time=600",
            "query=up&time=600&stats=all&limit=1&timeout=5s&lookback_delta=10m",
            "query=native&time=600",
            "query=up[5m]&time=600",
            "query=native[5m]&time=600",
            "query=1.5",
            // A string is left out: the description wants both its parts to be strings, which Prometheus itself does
            // not write; what it writes is in the tests of queries.
            "query=rate(up[5m])&time=600",
        ],
    ),
    (
        "/query_range",
        &[
            "query=up&start=500&end=600&step=10",
            "query=native&start=500&end=600&step=10s&stats=all",
            "query=1&start=0&end=1&step=1",
        ],
    ),
    ("/query_exemplars", &["query=sum(native)&start=0&end=1000"]),
    ("/format_query", &["query=sum(up)by(job)"]),
    (
        "/parse_query",
        &[
            "query=sum(rate(up%7Bjob=~%22a%7Cb%22%7D[5m]+offset+-1m))by(job)/on(job)group_left+count(up)+%3E+bool+1",
        ],
    ),
    ("/labels", &["", "match[]=up&start=0&end=1000&limit=2"]),
    (
        "/label/{name}/values",
        &["", "match[]=up&start=0&end=1000&limit=1"],
    ),
    (
        "/search/metric_names",
        &["search[]=u&include_metadata=true&include_score=true"],
    ),
    (
        "/search/label_names",
        &["search[]=o&fuzz_alg=jarowinkler&fuzz_threshold=10"],
    ),
    ("/search/label_values", &["label=job&sort_by=alpha&sort_dir=dsc"]),
    (
        "/series",
        &["match[]=up&match[]=native&start=0&end=1000&limit=10"],
    ),
    ("/metadata", &["", "metric=up&limit=1&limit_per_metric=1"]),
    ("/scrape_pools", &[""]),
    ("/scrape_pools/config", &["scrapePool=node"]),
    ("/targets", &["", "state=active", "state=dropped&scrapePool=node"]),
    (
        "/targets/metadata",
        &["", "match_target=%7Bjob=%22node%22%7D&metric=up&limit=1"],
    ),
    (
        "/targets/relabel_steps",
        &["scrapePool=node&labels=%7B%22__address__%22:%22a:1%22%7D"],
    ),
    ("/rules", &["", "type=alert"]),
    ("/alerts", &[""]),
    ("/alertmanagers", &[""]),
    ("/status/config", &[""]),
    ("/status/runtimeinfo", &[""]),
    ("/status/buildinfo", &[""]),
    ("/status/flags", &[""]),
    ("/status/tsdb", &["", "limit=3"]),
    ("/status/tsdb/blocks", &[""]),
    ("/status/walreplay", &[""]),
    ("/status/self_metrics", &["", "metric_name_pattern=process_.*"]),
    ("/admin/tsdb/delete_series", &["match[]=nothing&start=0&end=1"]),
    ("/admin/tsdb/clean_tombstones", &[""]),
    ("/admin/tsdb/snapshot", &["skip_head=true"]),
    ("/notifications", &[""]),
    ("/features", &[""]),
];

/// Paths that speak protobuf; their suites are elsewhere, here it counts that they are there.
const PROTOBUF: &[&str] = &["/read", "/write", "/otlp/v1/metrics"];

/// Reads the description; Go fetches the module if it is not there yet.
fn description() -> Value {
    let output = Command::new("go")
        .args(["mod", "download", "-json", MODULE])
        .current_dir(std::env::temp_dir())
        .output()
        .expect("`go` must be installed to read Prometheus' description of its API");
    let found: Value = serde_json::from_slice(&output.stdout).expect("`go mod download` answers JSON");
    let dir = PathBuf::from(found["Dir"].as_str().expect("`go mod download` names a folder"));
    let text = std::fs::read_to_string(dir.join("web/api/v1/testdata/openapi_3.1_golden.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// A server with floats, histograms, exemplars, metadata and targets.
fn fixture() -> Fixture {
    let fixture = Fixture::new(LOOPBACK, |config, sources| {
        config.enable_admin_api = true;
        sources.query = Arc::clone(&sources.store) as _;
        sources.scraping = Some(Arc::new(FakeScraping));
    });
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for job in ["a", "b"] {
        labels.clear();
        labels.add("__name__", "up").add("job", job);
        let series = batch.add_series(&mut labels).unwrap();
        for t in 0..=60 {
            batch.push(&series, t * 10_000, t as f64);
        }
    }
    labels.clear();
    labels.add("__name__", "native").add("job", "a");
    let series = batch.add_series(&mut labels).unwrap();
    for t in 0..=60_i64 {
        batch.push_histogram(&series, t * 10_000, histogram(t as f64));
    }
    let exemplar = Exemplar {
        labels: Labels::from_pairs([("trace_id", "abc")]).unwrap(),
        timestamp: 600_000,
        value: 1.5,
    };
    batch.push_exemplar(&series, exemplar);
    let metadata = model::Metadata {
        metric_type: MetricType::Gauge,
        help: "Whether it is up.".to_owned(),
        unit: String::new(),
    };
    batch.describe("up", metadata);
    let ingested = fixture.app.sources.store.ingest(&batch).unwrap();
    assert_eq!(ingested.n_rejected, 0, "{:?}", ingested.rejected);
    fixture
}

fn histogram(n: f64) -> Histogram {
    let mut histogram = Histogram {
        count: 3.0 * n,
        sum: 2.5 * n,
        zero_threshold: 0.001,
        zero_count: n,
        ..Histogram::default()
    };
    histogram.positive.spans = vec![Span { offset: 0, length: 2 }];
    histogram.positive.counts = vec![n, n];
    histogram
}

#[tokio::test]
async fn every_answer_fits_the_description_of_prometheus() {
    let description = description();
    let schemas = Schemas(&description);
    let fixture = fixture();
    let mut faults = Vec::new();
    let mut asked = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        if NOT_SERVED.iter().any(|(missing, _)| missing == path) {
            continue;
        }
        for (method, operation) in operations.as_object().unwrap() {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
            if PROTOBUF.contains(&path.as_str()) {
                let answer = fixture
                    .send(request(method, &format!("/api/v1{path}"), &[], ""))
                    .await;
                assert!(
                    !matches!(answer.status.as_u16(), 404 | 405),
                    "{path} is not served"
                );
                continue;
            }
            let Some((_, parameters)) = ASKED.iter().find(|(known, _)| known == path) else {
                faults.push(format!("{path}: nothing is asked of it"));
                continue;
            };
            for parameters in *parameters {
                asked += 1;
                let place = format!("{method} {path}?{parameters}");
                let address = format!("/api/v1{}", path.replace("{name}", "job"));
                let parameters = &parameters.replace('[', "%5B").replace(']', "%5D");
                let answer = if method == Method::POST && !path.starts_with("/admin") {
                    fixture.post_form(&address, parameters).await
                } else {
                    let address = format!("{address}?{parameters}");
                    fixture.send(request(method.clone(), &address, &[], "")).await
                };
                faults.extend(check(&schemas, operation, &answer, &place));
            }
        }
    }
    assert!(asked > 60, "only {asked} requests were made");
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

fn check(
    schemas: &Schemas<'_>,
    operation: &Value,
    answer: &crate::fixture::Answer,
    place: &str,
) -> Vec<String> {
    // Prometheus answers some orders with an empty 204 although it describes an answer of 200.
    if answer.status == 204 && answer.text.is_empty() && place.contains("/admin/") {
        return Vec::new();
    }
    if answer.status != 200 {
        return vec![format!("{place}: {} {}", answer.status, answer.text)];
    }
    let content = operation["responses"]["200"]["content"].as_object().unwrap();
    let (media_type, described) = content.iter().next().unwrap();
    let found = answer.header("content-type").unwrap_or("");
    if !found.starts_with(media_type.as_str()) {
        return vec![format!("{place}: is {found}, not {media_type}")];
    }
    let values: Vec<Value> = match media_type.as_str() {
        // Lines of JSON have no schema there; that each is JSON is checked by reading it.
        "application/x-ndjson" => {
            let lines = answer
                .text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap());
            let lines: Vec<Value> = lines.collect();
            assert_eq!(lines.last().unwrap()["status"], "success", "{place}");
            return Vec::new();
        }
        _ => vec![answer.json()],
    };
    values
        .iter()
        .flat_map(|value| schemas.check(&described["schema"], value, place))
        .collect()
}

/// A series that appears in both a vector and as histograms is told apart by the right key.
#[tokio::test]
async fn histograms_are_answered_as_prometheus_writes_them() {
    let fixture = fixture();
    let answer = fixture.get("/api/v1/query?query=native&time=10").await;
    let expected = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"native","job":"a"},"histogram":[10,{"count":"3","sum":"2.5","buckets":[[3,"-0.001","0.001","1"],[0,"0.5","1","1"],[0,"1","2","1"]]}]}]}}"#;
    assert_eq!(answer.text, expected);
    let answer = fixture
        .get("/api/v1/query_range?query=native&start=0&end=10&step=10")
        .await;
    let series = &answer.json()["data"]["result"][0];
    assert_eq!(series["values"], Value::Null);
    let histograms = series["histograms"].as_array().unwrap();
    assert_eq!(histograms[0], serde_json::json!([0, {"count": "0", "sum": "0"}]));
    assert_eq!(histograms.len(), 2);
}

#[tokio::test]
async fn exemplars_come_back_with_their_series() {
    let fixture = fixture();
    let answer = fixture
        .get("/api/v1/query_exemplars?query=rate(native[5m])&start=0&end=1000")
        .await;
    let expected = serde_json::json!([{
        "seriesLabels": {"__name__": "native", "job": "a"},
        "exemplars": [{"labels": {"trace_id": "abc"}, "value": "1.5", "timestamp": 600}],
    }]);
    assert_eq!(answer.json()["data"], expected);
}

/// What Prometheus calls its features is what this server calls them: no category is invented.
#[tokio::test]
async fn features_are_in_the_categories_of_prometheus() {
    let fixture = fixture();
    let data = fixture.get("/api/v1/features").await.json()["data"].clone();
    let known: BTreeSet<&str> = [
        "api",
        "otlp_receiver",
        "prometheus",
        "promql",
        "promql_functions",
        "promql_operators",
        "rules",
        "scrape",
        "service_discovery_providers",
        "templating_functions",
        "tsdb",
        "ui",
    ]
    .into();
    for category in data.as_object().unwrap().keys() {
        assert!(known.contains(category.as_str()), "{category}");
    }
    assert_eq!(data["promql_functions"]["rate"], true);
    assert_eq!(data["promql_operators"]["sum"], true);
    assert_eq!(data["api"]["admin"], true);
}
