use std::time::Duration;

use super::read;

fn check(content_type: &str, body: &str, expected: Result<(&str, Option<u64>), &str>) {
    let read = read(content_type, body.as_bytes());
    let read = read.as_ref().map(|granted| {
        let seconds = granted.lifetime.as_ref().map(Duration::as_secs);
        (granted.authorization.reveal(), seconds)
    });
    assert_eq!(read.map_err(|error| *error), expected, "{body}");
}

#[test]
fn answers_of_all_kinds() {
    let json = "application/json; charset=utf-8";
    check(
        json,
        r#"{"access_token":"t","token_type":"bearer","expires_in":60}"#,
        Ok(("Bearer t", Some(60))),
    );
    check(
        json,
        r#"{"access_token":"t","token_type":"X","expires_in":"60"}"#,
        Ok(("X t", Some(60))),
    );
    check(
        json,
        r#"{"access_token":"t","token_type":"MAC"}"#,
        Ok(("MAC t", None)),
    );
    check(
        json,
        r#"{"access_token":"t","expires_in":1e300}"#,
        Ok(("Bearer t", None)),
    );
    check(
        json,
        r#"{"access_token":"t","expires_in":-5}"#,
        Ok(("Bearer t", None)),
    );
    check(
        "text/plain",
        "access_token=a%20b&expires_in=5",
        Ok(("Bearer a b", Some(5))),
    );
    check(
        json,
        r#"{"error":"invalid_client"}"#,
        Err("the answer has no access_token"),
    );
    check(json, "access_token=a", Err("the answer is not JSON"));
    check("", r#"[]"#, Err("the answer has no access_token"));
}
