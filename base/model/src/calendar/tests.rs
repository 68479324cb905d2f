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
