use crate::fixture::Fixture;

#[tokio::test]
async fn families_are_whole_and_can_be_chosen() {
    let fixture = Fixture::loopback();
    fixture.get("/api/v1/query?query=1").await;
    let one = async |pattern: &str| {
        let answer = fixture
            .get(&format!(
                "/api/v1/status/self_metrics?metric_name_pattern={pattern}"
            ))
            .await;
        let list = answer.json()["data"].as_array().unwrap().clone();
        assert_eq!(list.len(), 1, "{pattern}: {list:?}");
        list[0].clone()
    };
    let gauge = one("fake_agent_up").await;
    assert_eq!(gauge["type"], "GAUGE");
    assert_eq!(
        gauge["metric"],
        serde_json::json!([{"label": [], "gauge": {"value": 1}}])
    );
    let cluster = one("periplus_cluster_synced").await;
    let labels = serde_json::json!([{"name": "cluster", "value": "shop"}]);
    assert_eq!(
        cluster["metric"],
        serde_json::json!([{"label": labels, "gauge": {"value": 0}}])
    );
    let durations = one("periplus_query_duration_seconds").await;
    let histogram = &durations["metric"][0]["histogram"];
    assert_eq!(
        (durations["type"].as_str(), histogram["sampleCount"].as_str()),
        (Some("HISTOGRAM"), Some("1"))
    );
    let buckets = histogram["bucket"].as_array().unwrap();
    assert_eq!(buckets.last().unwrap()["upperBound"], "Infinity");
    assert_eq!(buckets.last().unwrap()["cumulativeCount"], "1");
    let requests = one("periplus_http_request_duration_seconds").await;
    assert_eq!(requests["type"], "SUMMARY");
    let query = requests["metric"].as_array().unwrap();
    let query = query
        .iter()
        .find(|one| one["label"][0]["value"] == "/api/v1/query")
        .unwrap();
    assert_eq!(query["summary"]["sampleCount"], "1");
    let wrong = fixture
        .get("/api/v1/status/self_metrics?metric_name_pattern=(")
        .await;
    assert_eq!(wrong.status, 400);
}
