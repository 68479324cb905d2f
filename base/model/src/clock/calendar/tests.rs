use super::*;

#[test]
fn days_and_years() {
    assert_eq!(day_number(1970, 1, 1), 0);
    assert_eq!(day_number(2000, 2, 29), 11_016);
    assert_eq!(day_number(2026, 11, 22), 20_779);
    assert_eq!(day_number(1969, 12, 31), -1);
    assert_eq!(day_number(1600, 1, 1), -135_140);
    let mut day = day_number(1895, 1, 1);
    for year in 1895..2110 {
        assert_eq!(day_number(year, 1, 1), day);
        for month in 1..=12 {
            assert_eq!(day_number(year, month, 1), day, "{year}-{month}");
            assert_eq!(date_of(day), (year, month, 1), "{year}-{month}");
            day += days_in_month(year, month);
            assert_eq!(
                date_of(day - 1),
                (year, month, days_in_month(year, month)),
                "{year}-{month}"
            );
        }
    }
}

#[test]
fn times_as_rfc_3339() {
    assert_eq!(format_rfc3339(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(format_rfc3339(1_767_366_245_678), "2026-01-02T15:04:05.678Z");
    assert_eq!(format_rfc3339_seconds(1_767_366_245_678), "2026-01-02T15:04:05Z");
    assert_eq!(format_rfc3339(-1), "1969-12-31T23:59:59.999Z");
    assert_eq!(format_rfc3339_seconds(-1), "1969-12-31T23:59:59Z");
}
