use super::*;

fn answer(result: &str) -> Answer {
    let text = format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}"#);
    parse(&text).unwrap()
}

#[test]
fn differences_are_named() {
    let one = answer(r#"{"metric":{"a":"1"},"values":[[1,"2"],[2.5,"+Inf"],[3,"NaN"]]}"#);
    assert_eq!(one[r#"{"a":"1"}"#], [(1000, 2.0), (2500, f64::INFINITY)]);
    let close = answer(r#"{"metric":{"a":"1"},"values":[[1,"2.0000000001"],[2.5,"+Inf"]]}"#);
    assert_eq!(difference(&one, &close, 1e-9), None);
    let check = |found: &str, expected: &str| {
        assert_eq!(difference(&one, &answer(found), 1e-9).unwrap(), expected);
    };
    check("", r#"0 series instead of 1, {"a":"1"} is missing"#);
    check(
        r#"{"metric":{"a":"1"},"values":[[1,"2.1"],[2.5,"+Inf"]]}"#,
        r#"{"a":"1"} is 2.1 instead of 2 at 1000"#,
    );
    check(
        r#"{"metric":{"a":"1"},"values":[[1,"2"]]}"#,
        r#"{"a":"1"} has 1 points instead of 2"#,
    );
}

#[test]
fn an_error_is_no_answer() {
    assert!(parse(r#"{"status":"error","error":"no"}"#).is_err());
    assert!(parse("<html>").is_err());
}
