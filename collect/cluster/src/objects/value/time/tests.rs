use super::super::NO_TIME;
use super::rfc3339;

#[test]
fn times_are_read() {
    for (text, seconds) in [
        ("1970-01-01T00:00:00Z", Some(0)),
        ("2026-01-02T15:04:05Z", Some(1_767_366_245)),
        ("2026-01-02T15:04:05.999999Z", Some(1_767_366_245)),
        ("2026-01-02T16:34:05+01:30", Some(1_767_366_245)),
        ("2026-01-02T14:04:05-01:00", Some(1_767_366_245)),
        ("2024-02-29T00:00:00Z", Some(1_709_164_800)),
        ("0001-01-01T00:00:00Z", Some(NO_TIME)),
        ("2023-02-29T00:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-01-02T24:00:00Z", None),
        ("2026-01-02 15:04:05Z", None),
        ("2026-01-02T15:04:05", None),
        ("2026-01-02T15:04:05.Z", None),
        ("2026-01-02T15:04:05Zx", None),
        ("2026-1-2T15:04:05Z", None),
        ("2026-01-02T15:04:é", None),
        ("", None),
    ] {
        assert_eq!(rfc3339(text), seconds, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read(seconds in -60_000_000_000_i64..200_000_000_000) {
        let text = model::calendar::format_rfc3339_seconds(seconds * 1000);
        proptest::prop_assert_eq!(rfc3339(&text), Some(seconds));
    }

    #[test]
    fn nothing_panics(text in ".{0,40}") {
        let read = rfc3339(&text);
        proptest::prop_assert!(read.is_none() || text.contains(['T', 't']));
    }
}
