use std::sync::Arc;

use axum::http::Method;
use model::{Batch, Ingest as _, LabelsBuilder};

use crate::fixture::{Answer, Fixture, LOOPBACK, request};

fn fixture() -> Fixture {
    let fixture = Fixture::new(LOOPBACK, |config, sources| {
        sources.query = Arc::clone(&sources.store) as _;
        config.enable_admin_api = true;
    });
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for job in ["a", "b"] {
        labels.clear();
        labels.add("__name__", "up").add("job", job);
        let series = batch.add_series(&mut labels).unwrap();
        (1..=60).for_each(|n| batch.push(&series, n * 10_000, 1.0));
    }
    let ingested = fixture.app.sources.store.ingest(&batch).unwrap();
    assert_eq!(ingested.n_rejected, 0);
    fixture
}

async fn order(fixture: &Fixture, path: &str) -> Answer {
    let path = format!("/api/v1/admin/tsdb/{path}");
    fixture.send(request(Method::POST, &path, &[], "")).await
}

async fn counts(fixture: &Fixture) -> Vec<String> {
    let answer = fixture
        .get("/api/v1/query?query=count_over_time(up[1h])&time=600")
        .await
        .json();
    let found = answer["data"]["result"].as_array().unwrap();
    let mut counts: Vec<String> = found
        .iter()
        .map(|one| one["value"][1].as_str().unwrap().to_owned())
        .collect();
    counts.sort();
    counts
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_the_rest_stays() {
    let fixture = fixture();
    assert_eq!(counts(&fixture).await, ["60", "60"]);
    let answer = order(
        &fixture,
        "delete_series?match[]=up%7Bjob=%22a%22%7D&start=0&end=300",
    )
    .await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    assert_eq!(counts(&fixture).await, ["30", "60"]);
    assert_eq!(order(&fixture, "clean_tombstones").await.status, 204);
    assert_eq!(counts(&fixture).await, ["30", "60"]);
    assert_eq!(order(&fixture, "delete_series?match[]=up").await.status, 204);
    assert_eq!(counts(&fixture).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_snapshot_has_a_name_and_a_folder() {
    let fixture = fixture();
    let answer = order(&fixture, "snapshot").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let name = answer.json()["data"]["name"].as_str().unwrap().to_owned();
    assert!(!name.is_empty() && !name.contains('/'), "{name}");
    assert_eq!(order(&fixture, "snapshot?skip_head=maybe").await.status, 400);
}

#[tokio::test]
async fn orders_are_refused_unless_they_are_enabled() {
    let fixture = Fixture::loopback();
    for path in ["delete_series?match[]=up", "clean_tombstones", "snapshot"] {
        let answer = order(&fixture, path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (503, Some("admin APIs disabled"))
        );
    }
    let enabled = Fixture::new(LOOPBACK, |config, _| config.enable_admin_api = true);
    assert_eq!(
        order(&enabled, "delete_series").await.json()["error"],
        "no match[] parameter provided"
    );
    assert_eq!(order(&enabled, "delete_series?match[]=(").await.status, 400);
    let get = enabled.get("/api/v1/admin/tsdb/snapshot").await;
    assert_eq!(get.status, 405);
}
