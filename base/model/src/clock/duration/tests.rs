use super::*;

#[test]
fn durations_are_read() {
    for (text, ms) in [
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("1y2w", 365 * 86_400_000 + 14 * 86_400_000),
        ("10ms", 10),
        ("0", 0),
    ] {
        assert_eq!(parse_duration(text), Some(ms), "{text}");
    }
    for text in [
        "",
        "5",
        "m",
        "1m1h",
        "1m1m",
        "5M",
        "1.5h",
        "-5m",
        "99999999999999999999y",
        "9999999y",
    ] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
}

#[test]
fn durations_are_written_and_read_back() {
    for (ms, text) in [
        (0, "0s"),
        (1, "1ms"),
        (300_000, "5m"),
        (5_400_000, "1h30m"),
        (30 * 86_400_000, "30d"),
        (14 * 86_400_000, "2w"),
        (-90_000, "-1m30s"),
    ] {
        assert_eq!(format_duration(ms), text);
        assert_eq!(parse_duration(text.trim_start_matches('-')), Some(ms.abs()));
    }
}
