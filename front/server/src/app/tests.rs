use axum::http::Method;

use crate::Surface;
use crate::fixture::{Fixture, request};

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let fixture = Fixture::loopback();
    for path in [
        "/",
        "/api/v1/query?query=1",
        "/api/v1/query?query=(",
        "/metrics",
        "/api/none",
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    }
    let policy = fixture.get("/").await;
    let policy = policy.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
}

#[tokio::test]
async fn compresses_large_answers_off_loopback_only() {
    let large = "/api/v1/query_range?query=1&start=0&end=1000&step=1";
    let encoding = async |fixture: &Fixture, path: &str, token: Option<&str>| {
        let bearer = format!("Bearer {}", token.unwrap_or(""));
        let headers = [("accept-encoding", "gzip"), ("authorization", &bearer)];
        let response = fixture.respond(request(Method::GET, path, &headers, "")).await;
        assert_eq!(response.status(), 200);
        response
            .headers()
            .get("content-encoding")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let remote = Fixture::remote();
    let token = remote.token.clone();
    assert_eq!(
        encoding(&remote, large, token.as_deref()).await.as_deref(),
        Some("gzip")
    );
    assert_eq!(
        encoding(&remote, "/api/v1/query?query=1", token.as_deref()).await,
        None
    );
    assert_eq!(encoding(&remote, "/api/v1/live", token.as_deref()).await, None);
    assert_eq!(encoding(&Fixture::loopback(), large, None).await, None);
}

#[tokio::test]
async fn metrics_count_what_was_asked() {
    let fixture = Fixture::loopback();
    fixture.get("/api/v1/query?query=1").await;
    fixture.get("/api/v1/query?query=(").await;
    fixture.get("/api/v1/label/job/values").await;
    fixture.get("/any/where").await;
    let answer = fixture.get("/metrics").await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let expected = [
        "# TYPE periplus_http_requests_total counter\n",
        "periplus_http_requests_total{handler=\"/api/v1/query\",code=\"200\"} 1\n",
        "periplus_http_requests_total{handler=\"/api/v1/query\",code=\"400\"} 1\n",
        "periplus_http_requests_total{handler=\"/api/v1/label/{name}/values\",code=\"200\"} 1\n",
        "periplus_http_requests_total{handler=\"page\",code=\"200\"} 1\n",
        "# TYPE periplus_http_request_duration_seconds summary\n",
        "periplus_http_request_duration_seconds_count{handler=\"/api/v1/query\"} 2\n",
        "# TYPE periplus_query_duration_seconds histogram\n",
        "periplus_query_duration_seconds_bucket{le=\"+Inf\"} 2\n",
        "periplus_query_in_flight 0\n",
        "process_cpu_seconds_total ",
        "process_start_time_seconds ",
        "fake_agent_up 1\n",
    ];
    for line in expected {
        assert!(answer.text.contains(line), "{line} in {}", answer.text);
    }
}

#[tokio::test]
async fn a_process_that_only_sends_serves_its_health_and_nothing_else() {
    let fixture = Fixture::new("127.0.0.1:9090", |config, _| config.surface = Surface::Health);
    for path in ["/-/healthy", "/-/ready", "/metrics"] {
        assert_eq!(fixture.get(path).await.status, 200, "{path}");
    }
    for path in [
        "/",
        "/api/v1/query?query=1",
        "/api/v1/live",
        "/-/quit",
        "/federate",
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["errorType"], "not_found", "{path}");
    }
}

mod contract;
mod grafana;
mod schema;
