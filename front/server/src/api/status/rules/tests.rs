use crate::fixture::Fixture;

#[tokio::test]
async fn answers_like_a_server_without_rules() {
    let fixture = Fixture::loopback();
    for (path, data) in [
        ("rules", r#"{"groups":[]}"#),
        (
            "rules?type=alert&exclude_alerts=true&group_limit=3",
            r#"{"groups":[]}"#,
        ),
        ("alerts", r#"{"alerts":[]}"#),
        (
            "alertmanagers",
            r#"{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"#,
        ),
    ] {
        let answer = fixture.get(&format!("/api/v1/{path}")).await;
        assert_eq!(
            answer.text,
            format!(r#"{{"status":"success","data":{data}}}"#),
            "{path}"
        );
    }
}

#[tokio::test]
async fn refuses_what_prometheus_refuses() {
    let fixture = Fixture::loopback();
    for query in [
        "type=other",
        "match[]=(",
        "group_limit=0",
        "group_limit=x",
        "group_next_token=a",
        "group_limit=1&group_next_token=a",
        "exclude_alerts=maybe",
    ] {
        let answer = fixture.get(&format!("/api/v1/rules?{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errorType"].as_str()),
            (400, Some("bad_data")),
            "{query}"
        );
    }
}
