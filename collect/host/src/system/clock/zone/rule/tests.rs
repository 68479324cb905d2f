use super::*;

#[test]
fn changes_of_the_year() {
    let check = |text: &'static str, time: i64, offset: i32, name: &str| {
        assert_eq!(at(text, time), Some(Zone { offset, name }), "{text} at {time}");
    };
    let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
    // 29 March 2026, 01:00 UTC and 25 October 2026, 01:00 UTC.
    check(berlin, 1_774_746_000 - 1, 3600, "CET");
    check(berlin, 1_774_746_000, 7200, "CEST");
    check(berlin, 1_792_890_000 - 1, 7200, "CEST");
    check(berlin, 1_792_890_000, 3600, "CET");
    // South: summer from 4 October 2026 02:00 (UTC 3 October 16:00) to 5 April 2026 03:00 (UTC 4 April 16:00).
    let sydney = "AEST-10AEDT,M10.1.0,M4.1.0/3";
    check(sydney, 1_775_318_400 - 1, 39_600, "AEDT");
    check(sydney, 1_775_318_400, 36_000, "AEST");
    check(sydney, 1_791_043_200 - 1, 36_000, "AEST");
    check(sydney, 1_791_043_200, 39_600, "AEDT");
    check("UTC0", 0, 0, "UTC");
    check("<+0330>-3:30", 0, 12_600, "+0330");
    check("EST+5:30:15", 0, -19_815, "EST");
    // All year summer, as RFC 9636 writes it.
    check("XXX3EDT4,0/0,J365/23", 1_795_317_601, -14_400, "EDT");
    // A change the evening before (Nuuk): Saturday 28 March 2026, 22:00 local, two hours west: 29 March 00:00 UTC
    // plus what -1 says of Sunday.
    let nuuk = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
    check(nuuk, 1_774_746_000 - 1, -7200, "-02");
    check(nuuk, 1_774_746_000, -3600, "-01");
}

#[test]
fn days_of_the_year() {
    let day = |day, year| {
        Change { day, time: 0 }
            .seconds(year)
            .map(|seconds| seconds / DAY_SECONDS)
    };
    assert_eq!(day(ChangeDay::Julian(60), 2024), Some(day_number(2024, 3, 1)));
    assert_eq!(day(ChangeDay::Julian(60), 2023), Some(day_number(2023, 3, 1)));
    assert_eq!(day(ChangeDay::Julian(59), 2024), Some(day_number(2024, 2, 28)));
    assert_eq!(day(ChangeDay::Zero(59), 2024), Some(day_number(2024, 2, 29)));
    let last_sunday_of_february = ChangeDay::Month {
        month: 2,
        week: 5,
        weekday: 0,
    };
    assert_eq!(day(last_sunday_of_february, 2026), Some(day_number(2026, 2, 22)));
}

#[test]
fn garbage() {
    for text in [
        "",
        "1",
        "CET",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J0,J1",
        "CET-1CEST,M3.5.0,M10.5.0x",
        "CET-999CEST,M3.5.0,M10.5.0",
        "<CET",
        "é0",
    ] {
        assert_eq!(at(text, 0), None, "{text:?}");
    }
}
