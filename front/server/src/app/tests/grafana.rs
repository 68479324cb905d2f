//! What Grafana's Prometheus data source asks, in the forms it asks in, and what it reads of the answers.

use crate::fixture::{Fixture, request};
use axum::http::Method;

/// The "Save & test" button: which server this is, then whether it computes.
#[tokio::test]
async fn the_data_source_is_found_healthy() {
    let fixture = Fixture::loopback();
    let build = fixture.get("/api/v1/status/buildinfo").await.json();
    let version = build["data"]["version"].as_str().unwrap();
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap());
    // From 2.24 on it asks for label values with match[].
    assert!((numbers.next().unwrap(), numbers.next().unwrap()) >= (2, 24));
    assert_eq!(build["data"]["features"], serde_json::Value::Null);
    let health = fixture
        .post_form("/api/v1/query", "query=1%2B1&time=600")
        .await
        .json();
    assert_eq!(health["data"]["result"], serde_json::json!([600, "2"]));
}

/// A panel: forms with times of milliseconds and a step of seconds.
#[tokio::test]
async fn panels_are_filled() {
    let fixture = Fixture::loopback();
    let range = "query=sum+by+%28job%29+%28rate%28up%5B1m0s%5D%29%29&start=300&end=600.123&step=15";
    let answer = fixture.post_form("/api/v1/query_range", range).await.json();
    assert_eq!(answer["data"]["resultType"], "matrix");
    assert_eq!(
        answer["data"]["result"][0]["metric"],
        serde_json::json!({"job": "a"})
    );
    let instant = fixture
        .post_form("/api/v1/query", "query=up&time=600.5")
        .await
        .json();
    assert_eq!(
        instant["data"]["result"][0]["value"],
        serde_json::json!([600.5, "120"])
    );
    let exemplars = fixture
        .post_form("/api/v1/query_exemplars", "query=up&start=0&end=600")
        .await
        .json();
    assert_eq!(exemplars["data"], serde_json::json!([]));
}

/// The query builder, the metrics browser and variables.
#[tokio::test]
async fn names_and_values_are_offered() {
    let fixture = Fixture::loopback();
    let list = async |path: &str| fixture.get(path).await.json()["data"].clone();
    let range = "start=0&end=600";
    let names = list(&format!("/api/v1/label/__name__/values?{range}&limit=40000")).await;
    assert!(names.as_array().unwrap().contains(&serde_json::json!("up")));
    let values = list(&format!(
        "/api/v1/label/job/values?{range}&match%5B%5D=up%7Binstance%3D~%22x.%2A%22%7D"
    ))
    .await;
    assert_eq!(values, serde_json::json!(["a"]));
    let labels = fixture
        .post_form(
            "/api/v1/labels",
            &format!("{range}&match%5B%5D=%7B__name__%3D%22up%22%7D&limit=40000"),
        )
        .await
        .json();
    assert_eq!(labels["data"], serde_json::json!(["__name__", "instance", "job"]));
    let series = list(&format!("/api/v1/series?{range}&match%5B%5D=up&limit=40000")).await;
    assert_eq!(series.as_array().unwrap().len(), 2);
    let metadata = list("/api/v1/metadata?limit=5000").await;
    assert_eq!(metadata["a_total"][0]["type"], "counter");
    // Names that are no identifiers come escaped.
    assert_eq!(
        list("/api/v1/label/U__job/values").await,
        serde_json::json!(["a", "b"])
    );
    assert_eq!(
        list("/api/v1/label/U___6a_ob/values").await,
        serde_json::json!(["a", "b"])
    );
    assert_eq!(fixture.get("/api/v1/label//values").await.status, 400,);
}

/// The alert list asks for rules also where there are none.
#[tokio::test]
async fn rules_and_alerts_are_lists() {
    let fixture = Fixture::loopback();
    assert_eq!(
        fixture.get("/api/v1/rules?type=alert").await.json()["data"]["groups"],
        serde_json::json!([])
    );
    assert_eq!(
        fixture.get("/api/v1/alerts").await.json()["data"]["alerts"],
        serde_json::json!([])
    );
}

/// A panel that was closed, an editor that is not done: errors have type and text.
#[tokio::test]
async fn mistakes_are_shown_in_the_editor() {
    let fixture = Fixture::loopback();
    let answer = fixture
        .post_form("/api/v1/query_range", "query=rate%28up&start=0&end=600&step=15")
        .await;
    let json = answer.json();
    assert_eq!(
        (answer.status.as_u16(), json["errorType"].as_str()),
        (400, Some("bad_data"))
    );
    assert!(json["error"].as_str().unwrap().contains("parse error"), "{json}");
    let tree = fixture.post_form("/api/v1/parse_query", "query=up").await.json();
    assert_eq!(tree["data"]["type"], "vectorSelector");
    // The browser asks whether it may ask only if another origin is allowed; here none is.
    let headers = [
        ("origin", "https://grafana.example"),
        ("access-control-request-method", "POST"),
    ];
    let preflight = fixture
        .send(request(Method::OPTIONS, "/api/v1/query", &headers, ""))
        .await;
    assert_eq!(preflight.header("access-control-allow-origin"), None);
}
