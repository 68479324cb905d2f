use super::*;

#[test]
fn dates_are_found() {
    for (days, year, month, day) in [
        (0, 1970, 1, 1),
        (-1, 1969, 12, 31),
        (59, 1970, 3, 1),
        (11_016, 2000, 2, 29),
        (19_782, 2024, 2, 29),
        (-719_468, 0, 3, 1),
    ] {
        assert_eq!(date_of(days), Date { year, month, day }, "{days}");
    }
    assert_eq!(
        day_of_year(Date {
            year: 2024,
            month: 12,
            day: 31
        }),
        366
    );
}

#[test]
fn times_are_written() {
    assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    assert_eq!(rfc3339(1_709_210_096_789), "2024-02-29T12:34:56Z");
}
