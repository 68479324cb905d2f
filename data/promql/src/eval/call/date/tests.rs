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
fn what_is_no_time_has_a_date_too() {
    for (seconds, expected) in [
        (1.9, 1),
        (-1.9, -1),
        (1e18, 1_000_000_000_000_000_000),
        (f64::NAN, i64::MAX),
        (f64::INFINITY, i64::MAX),
        (f64::NEG_INFINITY, i64::MAX),
        (-1e300, i64::MAX),
    ] {
        assert_eq!(whole_seconds(seconds), expected, "{seconds}");
    }
    let parts = [
        FunctionId::Year,
        FunctionId::Month,
        FunctionId::DayOfYear,
        FunctionId::Hour,
        FunctionId::Minute,
    ];
    let found: Vec<i64> = parts
        .iter()
        .filter_map(|id| Some(part(*id)?(whole_seconds(f64::NAN))))
        .collect();
    assert_eq!(found, [292_277_026_596, 12, 339, 15, 30]);
}
