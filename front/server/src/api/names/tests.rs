use crate::fixture::Fixture;

#[tokio::test]
async fn lists_names_values_and_series() {
    let fixture = Fixture::loopback();
    let check = async |path: &str, rest: &str| {
        let answer = fixture.get(path).await;
        assert_eq!(
            answer.text,
            format!("{{\"status\":\"success\",{rest}}}"),
            "{path}"
        );
    };
    check(
        "/api/v1/labels?match[]=up",
        r#""data":["__name__","instance","job"]"#,
    )
    .await;
    check("/api/v1/label/job/values", r#""data":["a","b"]"#).await;
    check(
        "/api/v1/label/job/values?limit=1",
        r#""data":["a"],"warnings":["results truncated due to limit"]"#,
    )
    .await;
    check(
        "/api/v1/label/job/values?match[]=up%7Bjob!=%22a%22%7D&start=0&end=9999999999",
        r#""data":["b"]"#,
    )
    .await;
    check("/api/v1/label/none/values", r#""data":[]"#).await;
    check(
        "/api/v1/series?match[]=up%7Bjob=%22b%22%7D&match[]=up%7Bjob=~%22b.*%22%7D",
        r#""data":[{"__name__":"up","job":"b"}]"#,
    )
    .await;
    let answer = fixture
        .post_form("/api/v1/labels", "match[]=up%7Bjob%3D%22b%22%7D")
        .await;
    assert_eq!(answer.text, r#"{"status":"success","data":["__name__","job"]}"#);
}

#[tokio::test]
async fn lists_metadata() {
    let fixture = Fixture::loopback();
    let first = r#"{"type":"counter","unit":"","help":"First."}"#;
    let second = r#"{"type":"counter","unit":"","help":"Second."}"#;
    let third = r#"{"type":"counter","unit":"","help":"Third."}"#;
    let check = async |path: &str, data: String| {
        assert_eq!(
            fixture.get(path).await.text,
            format!("{{\"status\":\"success\",\"data\":{data}}}"),
            "{path}"
        );
    };
    check(
        "/api/v1/metadata",
        format!(r#"{{"a_total":[{first},{second}],"b_total":[{third}]}}"#),
    )
    .await;
    check(
        "/api/v1/metadata?limit=1&limit_per_metric=1",
        format!(r#"{{"a_total":[{first}]}}"#),
    )
    .await;
    check(
        "/api/v1/metadata?metric=b_total",
        format!(r#"{{"b_total":[{third}]}}"#),
    )
    .await;
    check("/api/v1/metadata?metric=none", "{}".to_owned()).await;
}

#[tokio::test]
async fn refuses_what_selects_nothing_or_is_wrong() {
    let fixture = Fixture::loopback();
    let check = async |path: &str, error: &str| {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(
            answer.json()["error"].as_str().unwrap().contains(error),
            "{}",
            answer.text
        );
    };
    check("/api/v1/series", "no match[] parameter provided").await;
    check("/api/v1/series?match[]=%7B", "invalid parameter \"match[]\": 1:").await;
    check(
        "/api/v1/series?match[]=%7Bjob=~%22.*%22%7D",
        "at least one non-empty matcher",
    )
    .await;
    check("/api/v1/labels?start=x", "invalid parameter \"start\"").await;
    check("/api/v1/labels?limit=-1", "limit must be non-negative").await;
    check("/api/v1/labels?match[]=%zz", "error parsing form values").await;
}
