use reqwest::header::{HeaderName, HeaderValue};

use super::*;

/// The first second of 2024.
const NOW: Millis = 1_704_067_200_000;

fn judged(version: RemoteWriteVersion, status: u16, headers: &[(&'static str, &'static str)]) -> String {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let answer = Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        body: "why\n".to_owned(),
    };
    let sent = Sent {
        version,
        counts: Counts {
            samples: 8,
            histograms: 2,
            exemplars: 1,
        },
        retry_on_429: true,
        retry_on_refused_identity: false,
        now: NOW,
    };
    match judge(&answer, &sent) {
        Next::FallBack(_) => "fall back".to_owned(),
        Next::Done(Outcome::Delivered) => "delivered".to_owned(),
        Next::Done(Outcome::DeliveredInPart { dropped, reason, .. }) => {
            format!("without {dropped}: {reason}")
        }
        Next::Done(Outcome::Refused { reason, message }) => format!("refused: {reason}: {message}"),
        Next::Done(Outcome::Retry { after, .. }) => format!("again after {after:?}"),
    }
}

#[test]
fn version_1() {
    let check = |status: u16, headers: &[(&'static str, &'static str)], expected: &str| {
        assert_eq!(
            judged(RemoteWriteVersion::V1, status, headers),
            expected,
            "{status} {headers:?}"
        );
    };
    check(204, &[], "delivered");
    check(
        200,
        &[("x-prometheus-remote-write-samples-written", "0")],
        "delivered",
    );
    check(400, &[], "refused: bad_request: status 400: why");
    check(415, &[], "refused: unsupported: status 415: why");
    check(302, &[], "refused: redirected: status 302: why");
    check(500, &[], "again after None");
    check(503, &[("retry-after", "7")], "again after Some(7s)");
    check(
        429,
        &[("retry-after", "Mon, 01 Jan 2024 00:01:00 GMT")],
        "again after Some(60s)",
    );
    check(
        429,
        &[("retry-after", "Sun, 31 Dec 2023 00:01:00 GMT")],
        "again after None",
    );
    check(429, &[("retry-after", "soon")], "again after None");
}

#[test]
fn version_2() {
    const SAMPLES: &str = "x-prometheus-remote-write-samples-written";
    const HISTOGRAMS: &str = "x-prometheus-remote-write-histograms-written";
    let check = |status: u16, headers: &[(&'static str, &'static str)], expected: &str| {
        assert_eq!(
            judged(RemoteWriteVersion::V2, status, headers),
            expected,
            "{status} {headers:?}"
        );
    };
    check(204, &[(SAMPLES, "8"), (HISTOGRAMS, "2")], "delivered");
    check(
        204,
        &[(SAMPLES, "7"), (HISTOGRAMS, "2")],
        "without 1: not_written",
    );
    check(204, &[], "fall back");
    check(415, &[], "fall back");
    check(
        400,
        &[(SAMPLES, "6"), (HISTOGRAMS, "2")],
        "without 2: bad_request",
    );
    check(400, &[(SAMPLES, "0")], "refused: bad_request: status 400: why");
    check(400, &[], "refused: bad_request: status 400: why");
    check(500, &[(SAMPLES, "6")], "again after None");
}

#[test]
fn a_refused_identity_is_for_now_or_for_good() {
    let headers = HeaderMap::new();
    let judged = |status: StatusCode, retry: bool| {
        let answer = Answer {
            status,
            headers: &headers,
            body: String::new(),
        };
        let sent = Sent {
            version: RemoteWriteVersion::V2,
            counts: Counts::default(),
            retry_on_429: true,
            retry_on_refused_identity: retry,
            now: NOW,
        };
        matches!(judge(&answer, &sent), Next::Done(Outcome::Retry { .. }))
    };
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        assert!(judged(status, true) && !judged(status, false), "{status}");
    }
    assert!(!judged(StatusCode::BAD_REQUEST, true));
}
