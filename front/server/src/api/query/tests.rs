use std::sync::atomic::Ordering;

use axum::http::Method;

use crate::fixture::{Fixture, LOOPBACK, request};

const UP_A: &str = r#"{"__name__":"up","instance":"x<y>\"","job":"a"}"#;

#[tokio::test]
async fn answers_instant_queries_as_prometheus_does() {
    let fixture = Fixture::loopback();
    let check = async |path: &str, data: &str| {
        let answer = fixture.get(path).await;
        assert_eq!(
            answer.text,
            format!("{{\"status\":\"success\",\"data\":{data}}}"),
            "{path}"
        );
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
    };
    check(
        "/api/v1/query?query=1%2B1",
        r#"{"resultType":"scalar","result":[600,"2"]}"#,
    )
    .await;
    check(
        "/api/v1/query?query=1e-7&time=1435781451.781",
        r#"{"resultType":"scalar","result":[1435781451.781,"1e-07"]}"#,
    )
    .await;
    check(
        "/api/v1/query?query=%22x%22&time=1",
        r#"{"resultType":"string","result":[1,"x"]}"#,
    )
    .await;
    let both = format!(
        r#"{{"resultType":"vector","result":[{{"metric":{UP_A},"value":[600,"120"]}},{{"metric":{{"__name__":"up","job":"b"}},"value":[600,"0.1"]}}]}}"#
    );
    check("/api/v1/query?query=up", &both).await;
    let range =
        format!(r#"{{"resultType":"matrix","result":[{{"metric":{UP_A},"values":[[5,"1"],[10,"2"]]}}]}}"#);
    check("/api/v1/query?query=up[10s]&time=1970-01-01T00:00:10Z", &range).await;
    check(
        "/api/v1/query?query=nothing",
        r#"{"resultType":"vector","result":[]}"#,
    )
    .await;
}

#[tokio::test]
async fn answers_range_queries_from_address_and_form() {
    let fixture = Fixture::loopback();
    let expected = format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{UP_A},"values":[[0,"0"],[60,"12"],[120,"24"]]}}]}}}}"#
    );
    let form = "query=up%7Bjob%3D%22a%22%7D&start=0&end=120&step=1m";
    assert_eq!(
        fixture.get(&format!("/api/v1/query_range?{form}")).await.text,
        expected
    );
    assert_eq!(
        fixture.post_form("/api/v1/query_range", form).await.text,
        expected
    );
    let scalar = fixture
        .get("/api/v1/query_range?query=2&start=0&end=1&step=1")
        .await;
    let expected = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"2"],[1,"2"]]}]}}"#;
    assert_eq!(scalar.text, expected);
}

#[tokio::test]
async fn says_what_is_wrong_in_prometheus_words() {
    let fixture = Fixture::loopback();
    let check = async |path: &str, status: u16, kind: &str, error: &str| {
        let answer = fixture.get(path).await;
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), json["errorType"].as_str()),
            (status, Some(kind)),
            "{path}"
        );
        assert_eq!(json["status"], "error");
        assert_eq!(json["error"].as_str(), Some(error), "{path}");
    };
    check(
        "/api/v1/query?query=1&time=x",
        400,
        "bad_data",
        "invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp",
    )
    .await;
    check(
        "/api/v1/query?query=1&timeout=x",
        400,
        "bad_data",
        "invalid parameter \"timeout\": cannot parse \"x\" to a valid duration",
    )
    .await;
    check(
        "/api/v1/query_range?query=1&start=2&end=1&step=1",
        400,
        "bad_data",
        "invalid parameter \"end\": end timestamp must not be before start time",
    )
    .await;
    check(
        "/api/v1/query_range?query=1&start=1&end=2&step=0",
        400,
        "bad_data",
        "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. \
         Try a positive integer",
    )
    .await;
    check(
        "/api/v1/query_range?query=1&start=0&end=11001&step=1",
        400,
        "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. \
         Try decreasing the query resolution (?step=XX)",
    )
    .await;
    check(
        "/api/v1/query_range?query=up[5m]&start=0&end=1&step=1",
        400,
        "bad_data",
        "invalid parameter \"query\": invalid expression type \"range vector\" for range query, \
         must be Scalar or instant Vector",
    )
    .await;
    check(
        "/api/v1/query?query=broken",
        500,
        "internal",
        "failed to read part 7: checksum mismatch",
    )
    .await;
    check(
        "/api/v1/query?query=panic",
        500,
        "internal",
        "query failed inside the server",
    )
    .await;
    check(
        "/api/v1/nothing",
        404,
        "not_found",
        "no such endpoint: /api/v1/nothing",
    )
    .await;
}

#[tokio::test]
async fn points_at_what_is_wrong_in_the_query() {
    let fixture = Fixture::loopback();
    let answer = fixture.get("/api/v1/query?query=sum(up").await;
    assert_eq!(answer.status, 400);
    let json = answer.json();
    assert!(
        json["error"]
            .as_str()
            .unwrap()
            .starts_with("invalid parameter \"query\": 1:"),
        "{json}"
    );
    assert!(json["error"].as_str().unwrap().contains("parse error"), "{json}");
    assert!(json["position"]["start"].as_u64().unwrap() <= json["position"]["end"].as_u64().unwrap());
}

#[tokio::test]
async fn exactly_the_points_allowed_are_answered() {
    let fixture = Fixture::loopback();
    let answer = fixture
        .get("/api/v1/query_range?query=1&start=0&end=11000&step=1")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["data"]["result"][0]["values"]
            .as_array()
            .unwrap()
            .len(),
        11_001
    );
    let hint = fixture
        .get("/api/v1/query_range?query=1&start=0&end=86400&step=1")
        .await
        .json();
    assert_eq!(hint["hint"], "a step of 8s or more fits");
}

#[tokio::test]
async fn bounds_the_answer_when_asked() {
    let fixture = Fixture::loopback();
    let json = fixture.get("/api/v1/query?query=up&limit=1").await.json();
    assert_eq!(json["data"]["result"].as_array().unwrap().len(), 1);
    assert_eq!(
        json["warnings"],
        serde_json::json!(["results truncated due to limit"])
    );
    let json = fixture.get("/api/v1/query?query=up&limit=2").await.json();
    assert_eq!(json["warnings"], serde_json::Value::Null);
}

#[tokio::test]
async fn looks_back_as_far_as_asked() {
    let fixture = Fixture::loopback();
    let count = async |path: &str| {
        let json = fixture.get(path).await.json();
        json["data"]["result"].as_array().unwrap().len()
    };
    assert_eq!(count("/api/v1/query?query=up&time=800").await, 2);
    assert_eq!(
        count("/api/v1/query?query=up&time=800&lookback_delta=1m").await,
        0
    );
}

#[tokio::test]
async fn refuses_queries_that_need_too_much_memory() {
    let fixture = Fixture::new(LOOPBACK, |config, _| config.query.max_samples = 10);
    let answer = fixture.get("/api/v1/query?query=up[10m]").await;
    assert_eq!(answer.status, 422);
    let json = answer.json();
    assert_eq!(json["errorType"], "execution");
    assert!(
        json["error"].as_str().unwrap().contains("too many samples"),
        "{json}"
    );
    assert!(json["hint"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_query_times_out_and_holds_up_nobody() {
    let fixture = Fixture::new(LOOPBACK, |config, _| config.query.max_concurrent = 1);
    fixture.gate.close();
    let answer = fixture.get("/api/v1/query?query=slow&timeout=2s").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["errorType"], "timeout");
    assert_eq!(answer.json()["error"], "query timed out in expression evaluation");
    // The thread still runs, so the only slot is taken; what needs no slot is answered all the same.
    let queued = fixture.get("/api/v1/query?query=1&timeout=50ms").await;
    assert_eq!(queued.json()["error"], "query timed out in query queue");
    assert_eq!(fixture.get("/-/healthy").await.status, 200);
    fixture.gate.open();
    assert_eq!(fixture.get("/api/v1/query?query=1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_nobody_waits_for_gives_its_slot_back() {
    let fixture = Fixture::new(LOOPBACK, |config, _| config.query.max_concurrent = 1);
    fixture.gate.close();
    let path = "/api/v1/query?query=slow%2Bslow%2Bsum_over_time(slow[5m])";
    {
        let mut asked = std::pin::pin!(fixture.get(path));
        while fixture.slow_reads.load(Ordering::SeqCst) == 0 {
            tokio::select! {
                answer = asked.as_mut() => panic!("answered although it is held: {answer:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    fixture.gate.open();
    assert_eq!(fixture.get("/api/v1/query?query=1").await.status, 200);
    // It was stopped after the read it was in.
    assert_eq!(fixture.slow_reads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn formats_queries_and_has_no_exemplars() {
    let fixture = Fixture::loopback();
    let answer = fixture.get("/api/v1/format_query?query=sum(up)by(job)").await;
    assert_eq!(answer.text, r#"{"status":"success","data":"sum by (job) (up)"}"#);
    assert_eq!(fixture.get("/api/v1/format_query?query=sum(").await.status, 400);
    let answer = fixture.get("/api/v1/query_exemplars?query=up").await;
    assert_eq!(answer.text, r#"{"status":"success","data":[]}"#);
}

#[tokio::test]
async fn takes_one_method_for_another() {
    let fixture = Fixture::loopback();
    let answer = fixture
        .send(request(Method::PUT, "/api/v1/query?query=1", &[], ""))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["errorType"].as_str()),
        (405, Some("not_acceptable"))
    );
    let head = fixture
        .send(request(Method::HEAD, "/api/v1/query?query=1", &[], ""))
        .await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    let long = format!("query={}", "1%2B".repeat(400_000));
    let answer = fixture.post_form("/api/v1/query", &long).await;
    assert_eq!(answer.status, 413);
}
