use crate::fixture::Fixture;

async fn lines(fixture: &Fixture, path: &str) -> Vec<serde_json::Value> {
    let answer = fixture.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    assert_eq!(
        answer.header("content-type"),
        Some("application/x-ndjson; charset=utf-8")
    );
    answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn answers_in_batches_and_a_last_line() {
    let fixture = Fixture::loopback();
    let found = lines(&fixture, "/api/v1/search/metric_names?limit=3&batch_size=2").await;
    let expected = [
        serde_json::json!({"results":[{"name":"broken"},{"name":"panic"}]}),
        serde_json::json!({"results":[{"name":"slow"}]}),
        serde_json::json!({"status":"success","has_more":true}),
    ];
    assert_eq!(found, expected);
    let found = lines(
        &fixture,
        "/api/v1/search/label_values?label=job&search[]=b&include_score=true",
    )
    .await;
    let expected = [
        serde_json::json!({"results":[{"value":"b","score":1}]}),
        serde_json::json!({"status":"success","has_more":false}),
    ];
    assert_eq!(found, expected);
    let none = lines(&fixture, "/api/v1/search/label_names?search[]=nothing").await;
    assert_eq!(none[0], serde_json::json!({"results":[]}));
}

#[tokio::test]
async fn sorts_by_name_and_score() {
    let fixture = Fixture::loopback();
    let names = async |query: &str| {
        let found = lines(&fixture, &format!("/api/v1/search/label_names?{query}")).await;
        let results = found[0]["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["__name__", "instance", "job"]);
    assert_eq!(
        names("sort_by=alpha&sort_dir=dsc").await,
        ["job", "instance", "__name__"]
    );
    assert_eq!(names("search[]=n&sort_by=score").await, ["instance", "__name__"]);
}

#[tokio::test]
async fn says_what_is_wrong_with_a_search() {
    let fixture = Fixture::loopback();
    for (query, error) in [
        ("label_values?", "missing required parameter \"label\""),
        (
            "label_names?sort_dir=asc",
            "sort_dir is only valid when sort_by is set",
        ),
        (
            "label_names?sort_by=score",
            "sort_by=score requires search[] to be set",
        ),
        (
            "label_names?limit=0",
            "invalid limit \"0\": must be a positive integer",
        ),
        (
            "label_names?fuzz_threshold=101",
            "invalid fuzz_threshold \"101\": must be 0-100",
        ),
        (
            "label_names?start=2&end=1",
            "end timestamp must not be before start timestamp",
        ),
        (
            "metric_names?include_metadata=x",
            "invalid include_metadata \"x\": must be boolean",
        ),
    ] {
        let answer = fixture.get(&format!("/api/v1/search/{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json()["error"], error, "{query}");
    }
}
