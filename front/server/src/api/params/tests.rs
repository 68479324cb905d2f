use axum::http::Method;

use super::*;
use model::calendar::format_rfc3339;

async fn params(method: Method, uri: &str, form: &str) -> Result<Params, ApiError> {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .body(Body::from(form.to_owned()))
        .unwrap();
    Params::read(request, 64).await
}

#[tokio::test]
async fn the_form_comes_before_the_address() {
    let params = params(
        Method::POST,
        "/x?a=1&a=2&b=%7Bx%3D~%22%C3%A9%2B%22%7D+y",
        "a=0&c=",
    )
    .await
    .unwrap();
    assert_eq!(params.get("a"), Some("0"));
    assert_eq!(params.all("a").collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(params.get("b"), Some("{x=~\"é+\"} y"));
    assert_eq!(params.get("c"), None);
    assert_eq!(params.get("d"), None);
}

#[tokio::test]
async fn refuses_what_is_no_form() {
    for form in ["a=%", "a=%2", "a=%zz", "a=%ff"] {
        let error = params(Method::POST, "/x", form).await.unwrap_err();
        assert!(
            format!("{error:?}").contains("error parsing form values"),
            "{form}"
        );
    }
    let long = "a=".to_owned() + &"x".repeat(64);
    let error = params(Method::POST, "/x", &long).await.unwrap_err();
    assert!(format!("{error:?}").contains("larger than 64 bytes"));
}

#[test]
fn reads_times() {
    let cases = [
        ("0", Some(0)),
        ("1435781451.781", Some(1_435_781_451_781)),
        ("1e3", Some(1_000_000)),
        ("-1.5", Some(-1500)),
        ("2015-07-01T20:10:51.781Z", Some(1_435_781_451_781)),
        ("2015-07-01T22:10:51.7819+02:00", Some(1_435_781_451_781)),
        ("2015-07-01t20:10:51-00:30", Some(1_435_783_251_000)),
        ("1969-12-31T23:59:59.5Z", Some(-500)),
        ("2024-02-29T00:00:00Z", Some(1_709_164_800_000)),
        ("2023-02-29T00:00:00Z", None),
        ("2023-13-01T00:00:00Z", None),
        ("2023-01-01T24:00:00Z", None),
        ("2023-01-01", None),
        ("2023-01-01T00:00:00", None),
        ("+123-01-01T00:00:00Z", None),
        ("2023-01-01T00:00:00.Z", None),
        ("-292273086-05-16T16:47:06Z", Some(i64::MIN)),
        ("292277025-08-18T07:12:54.999999999Z", Some(i64::MAX)),
        ("NaN", None),
        ("Inf", None),
        ("1e300", None),
        ("abc", None),
        ("2023-01-01T00:00:00é", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_time(text), expected, "{text}");
    }
}

#[test]
fn writes_times_that_read_back() {
    for time in [
        0,
        1_435_781_451_781,
        -1,
        951_782_400_000,
        4_102_444_799_999,
        -62_135_596_800_000,
    ] {
        assert_eq!(
            parse_time(&format_rfc3339(time)),
            Some(time),
            "{}",
            format_rfc3339(time)
        );
    }
    assert_eq!(format_rfc3339(1_435_781_451_781), "2015-07-01T20:10:51.781Z");
}

#[test]
fn reads_durations() {
    let cases = [
        ("15", Some(15_000)),
        ("0.5", Some(500)),
        ("1.001", Some(1000)),
        ("59.999", Some(59_999)),
        ("1m30s", Some(90_000)),
        ("1d", Some(86_400_000)),
        ("1s1m", None),
        ("", None),
        ("x", None),
        ("inf", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_duration(text), expected, "{text}");
    }
}

#[test]
fn reads_limits_and_ranges() {
    let with = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Params::from_pairs(pairs, None)
    };
    assert_eq!(with(&[]).limit("limit"), Ok(None));
    assert_eq!(with(&[("limit", "0")]).limit("limit"), Ok(None));
    assert_eq!(with(&[("limit", "7")]).limit("limit"), Ok(Some(7)));
    assert!(with(&[("limit", "-1")]).limit("limit").is_err());
    assert!(with(&[("limit", "x")]).limit("limit").is_err());
    assert_eq!(with(&[]).range(), Ok(TimeRange::ALL));
    assert_eq!(
        with(&[("start", "1"), ("end", "2")]).range(),
        Ok(TimeRange {
            start: 1000,
            end: 2000
        })
    );
    assert!(with(&[("start", "3"), ("end", "2")]).range().is_err());
}
