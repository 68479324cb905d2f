use axum::http::Method;
use model::{MatchOp, Matcher};

use crate::fixture::{Fixture, LOOPBACK, request};

#[tokio::test]
async fn pages_of_named_origins_may_ask_and_no_others() {
    let fixture = Fixture::new(LOOPBACK, |config, _| {
        config.cors_origin = Some(Matcher::new("origin", MatchOp::Regex, r"https://.*\.example").unwrap());
    });
    let ask = async |method: Method, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("sec-fetch-site", "cross-site"),
        ];
        fixture
            .send(request(method, "/api/v1/query?query=1", &headers, ""))
            .await
    };
    let friend = "https://grafana.example";
    let asked = ask(Method::OPTIONS, friend).await;
    assert_eq!((asked.status.as_u16(), asked.text.as_str()), (204, ""));
    assert_eq!(asked.header("access-control-allow-origin"), Some(friend));
    assert_eq!(
        asked.header("access-control-allow-methods"),
        Some("GET, POST, OPTIONS")
    );
    let answered = ask(Method::POST, friend).await;
    assert_eq!(
        (
            answered.status.as_u16(),
            answered.header("access-control-allow-origin")
        ),
        (200, Some(friend))
    );
    assert_eq!(answered.header("cross-origin-resource-policy"), None);
    for origin in ["https://evil.test", "https://grafana.example.evil.test", "null"] {
        let refused = ask(Method::POST, origin).await;
        assert_eq!(
            (
                refused.status.as_u16(),
                refused.header("access-control-allow-origin")
            ),
            (403, None),
            "{origin}"
        );
    }
}

#[tokio::test]
async fn an_allowed_origin_still_needs_the_token() {
    let fixture = Fixture::new(crate::fixture::REMOTE, |config, _| {
        config.cors_origin = Some(Matcher::new("origin", MatchOp::Regex, ".*").unwrap());
    });
    let headers = [("origin", "https://a.example")];
    let answer = fixture
        .send(request(Method::GET, "/api/v1/query?query=1", &headers, ""))
        .await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("access-control-allow-origin")
        ),
        (401, Some("https://a.example"))
    );
}
