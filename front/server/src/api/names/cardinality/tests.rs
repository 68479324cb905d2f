use std::sync::Arc;

use model::{Batch, Ingest as _, LabelsBuilder};
use serde_json::json;

use crate::fixture::{Fixture, LOOPBACK};

/// Three series of `requests`, of which one is an hour and a half old, and one of `up`.
fn fixture() -> Fixture {
    let fixture = Fixture::new(LOOPBACK, |_, sources| {
        sources.query = Arc::clone(&sources.store) as _
    });
    fixture
        .clock
        .0
        .store(6_000_000, std::sync::atomic::Ordering::Relaxed);
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for (name, path, times) in [
        ("requests", "/a", vec![2_400_000, 6_000_000]),
        ("requests", "/b", vec![6_000_000]),
        ("requests", "/c", vec![6_000_000]),
        ("up", "", vec![6_000_000]),
    ] {
        labels.clear();
        labels.add("__name__", name).add("path", path);
        let series = batch.add_series(&mut labels).unwrap();
        times.into_iter().for_each(|t| batch.push(&series, t, 1.0));
    }
    let ingested = fixture.app.sources.store.ingest(&batch).unwrap();
    assert_eq!(ingested.n_rejected, 0, "{:?}", ingested.rejected);
    fixture
}

#[tokio::test]
async fn counts_metrics_labels_and_pairs() {
    let fixture = fixture();
    let data = fixture
        .get("/api/v1/cardinality?focusLabel=path&topN=2")
        .await
        .json()["data"]
        .clone();
    assert_eq!(data["series"], 4);
    assert_eq!(
        data["metrics"],
        json!([{"name": "requests", "series": 3, "share": 0.75}, {"name": "up", "series": 1, "share": 0.25}])
    );
    assert_eq!(data["labels"][0], json!({"name": "path", "values": 3}));
    assert_eq!(
        data["pairs"][0],
        json!({"name": "__name__=requests", "series": 3})
    );
    assert_eq!(data["focus"]["label"], "path");
    assert_eq!(data["focus"]["values"].as_array().unwrap().len(), 2);
    let of_up = fixture.get("/api/v1/cardinality?match[]=up").await.json();
    assert_eq!(
        (&of_up["data"]["series"], &of_up["data"]["metrics"][0]["name"]),
        (&json!(1), &json!("up"))
    );
}

#[tokio::test]
async fn says_how_metrics_grow() {
    let fixture = fixture();
    let data = fixture.get("/api/v1/cardinality?growth=1h").await.json()["data"].clone();
    let requests = &data["metrics"][0];
    assert_eq!((&requests["before"], &requests["growth"]), (&json!(1), &json!(2)));
    for query in ["growth=0", "growth=x", "match[]=a&match[]=b", "topN=-1"] {
        assert_eq!(
            fixture.get(&format!("/api/v1/cardinality?{query}")).await.status,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_tables_of_prometheus_say_the_same() {
    let fixture = fixture();
    let data = fixture.get("/api/v1/status/tsdb?limit=1").await.json()["data"].clone();
    assert_eq!(data["headStats"]["numSeries"], 4);
    assert_eq!(data["headStats"]["maxTime"], 6_000_000);
    assert_eq!(
        data["seriesCountByMetricName"],
        json!([{"name": "requests", "value": 3}])
    );
    assert_eq!(
        data["labelValueCountByLabelName"],
        json!([{"name": "path", "value": 3}])
    );
    assert_eq!(
        data["seriesCountByLabelValuePair"],
        json!([{"name": "__name__=requests", "value": 3}])
    );
    assert_eq!(data["memoryInBytesByLabelName"].as_array().unwrap().len(), 1);
    for query in ["limit=0", "limit=x", "limit=10001"] {
        assert_eq!(
            fixture.get(&format!("/api/v1/status/tsdb?{query}")).await.status,
            400,
            "{query}"
        );
    }
}
