use axum::http::Method;

use crate::fixture::{Answer, Fixture, request};

async fn ask(body: &str) -> Answer {
    let headers = [("content-type", "application/json")];
    let request = request(Method::POST, "/api/v1/query_batch", &headers, body.to_owned());
    Fixture::loopback().send(request).await
}

#[tokio::test]
async fn answers_each_question_in_its_place() {
    let answer = ask(
        r#"{"queries":[{"query":"1+1"},{"query":"1 +"},{"query":"2","start":"0","end":60,"step":"1m"},{"query":"nothing"}]}"#,
    )
    .await;
    assert_eq!(answer.status, 200);
    let list = answer.json()["data"].as_array().unwrap().clone();
    assert_eq!(list.len(), 4);
    assert_eq!(list[0]["data"]["result"][1], "2");
    assert_eq!(list[1]["errorType"], "bad_data");
    assert!(list[1]["position"]["start"].is_u64());
    assert_eq!(
        list[2]["data"]["result"][0]["values"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(list[3]["data"]["result"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn is_whole_when_it_is_long() {
    let one = r#"{"query":"vector(1)","start":"0","end":"9000","step":"1"}"#;
    let answer = ask(&format!(r#"{{"queries":[{}]}}"#, [one; 10].join(","))).await;
    let list = answer.json()["data"].as_array().unwrap().clone();
    let points = |answer: &serde_json::Value| answer["data"]["result"][0]["values"].as_array().map(Vec::len);
    assert_eq!(
        list.iter().filter(|answer| points(answer) == Some(9001)).count(),
        10
    );
}

#[tokio::test]
async fn refuses_what_is_no_batch() {
    for (body, problem) in [
        ("", "request body is not JSON"),
        ("{}", "request body has no list \"queries\""),
    ] {
        let answer = ask(body).await;
        assert_eq!(answer.status, 400);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.starts_with(problem), "{error}");
    }
    let many = vec![r#"{"query":"1"}"#; 129].join(",");
    assert_eq!(ask(&format!(r#"{{"queries":[{many}]}}"#)).await.status, 400);
    let none = ask(r#"{"queries":[]}"#).await;
    assert_eq!(none.text, r#"{"status":"success","data":[]}"#);
    let answer = ask(r#"{"queries":[1,{"query":true},{"query":"1"}]}"#).await;
    let list = answer.json()["data"].as_array().unwrap().clone();
    assert_eq!(list[0]["error"], "query is no object");
    assert_eq!(list[1]["errorType"], "bad_data");
    assert_eq!(list[2]["status"], "success");
}
