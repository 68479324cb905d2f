use model::calendar::format_rfc3339;

use super::{date_of, days_of, format_minute, format_time, parse_time};

const NOW: i64 = 1_795_317_720_000;

fn check(text: &str, expected: &str) {
    let time = parse_time(text, NOW).unwrap();
    assert_eq!(format_rfc3339(time), expected, "{text}");
}

#[test]
fn all_forms_of_a_time() {
    check("now", "2026-11-22T03:22:00.000Z");
    check("-5m", "2026-11-22T03:17:00.000Z");
    check("1h30m ago", "2026-11-22T01:52:00.000Z");
    check("0", "1970-01-01T00:00:00.000Z");
    check("1763781423.25", "2025-11-22T03:17:03.250Z");
    check("2026-11-22", "2026-11-22T00:00:00.000Z");
    check("2026-11-22 14:02", "2026-11-22T14:02:00.000Z");
    check("2026-11-22T14:02:03Z", "2026-11-22T14:02:03.000Z");
    check("2026-11-22T14:02:03.5+08:00", "2026-11-22T06:02:03.500Z");
    check("2024-02-29T00:00:00-00:30", "2024-02-29T00:30:00.000Z");
}

#[test]
fn what_is_no_time() {
    for text in [
        "",
        "yesterday",
        "2026-02-29",
        "2026-13-01",
        "2026-11-22T24:00",
        "2026-11-22T14:02:00 CET",
        "2026-11-22Z",
        "-5",
        "1e300",
        "ago",
        "2026-11-22T14:02Zulu",
    ] {
        assert!(parse_time(text, NOW).is_err(), "{text}");
    }
}

#[test]
fn days_and_dates_are_inverse() {
    for days in (-800_000..800_000).step_by(13) {
        let (year, month, day) = date_of(days);
        assert_eq!(days_of(year, month, day), Some(days));
    }
}

#[test]
fn written_for_people() {
    assert_eq!(format_time(NOW), "2026-11-22 03:22:00 UTC");
    assert_eq!(format_minute(NOW), "11-22 03:22");
    assert_eq!(format_time(-1), "1969-12-31 23:59:59 UTC");
}
