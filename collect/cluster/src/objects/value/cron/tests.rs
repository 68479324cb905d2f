use super::super::NO_TIME;
use super::super::time::rfc3339;
use super::Schedule;

fn check(schedule: &str, zone: Option<&str>, after: &str, next: &str) {
    let parsed = Schedule::parse(schedule, zone).unwrap_or_else(|| panic!("{schedule} is a schedule"));
    let found = parsed.next(rfc3339(after).unwrap());
    let found = model::calendar::format_rfc3339_seconds(found * 1000);
    assert_eq!(found, next, "{schedule} after {after}");
}

#[test]
fn fields_and_short_forms() {
    let noon = "2026-01-02T12:00:00Z"; // a Friday
    check("* * * * *", None, noon, "2026-01-02T12:01:00Z");
    check("*/15 * * * *", None, noon, "2026-01-02T12:15:00Z");
    check("7/20 * * * *", None, noon, "2026-01-02T12:07:00Z");
    check("0 0 * * *", None, noon, "2026-01-03T00:00:00Z");
    check("30 4 1,15 * ?", None, noon, "2026-01-15T04:30:00Z");
    check("0 22 * * mon-FRI", None, noon, "2026-01-02T22:00:00Z");
    check("0 22 * JAN sat", None, noon, "2026-01-03T22:00:00Z");
    check("0 0 29 2 *", None, noon, "2028-02-29T00:00:00Z");
    check("@hourly", None, noon, "2026-01-02T13:00:00Z");
    check("@daily", None, noon, "2026-01-03T00:00:00Z");
    check("@weekly", None, noon, "2026-01-04T00:00:00Z");
    check("@monthly", None, noon, "2026-02-01T00:00:00Z");
    check("@yearly", None, noon, "2027-01-01T00:00:00Z");
    check("@every 1h30m", None, noon, "2026-01-02T13:30:00Z");
    check("@every 100ms", None, noon, "2026-01-02T12:00:01Z");
}

#[test]
fn one_of_two_restricted_days_is_enough() {
    let noon = "2026-01-02T12:00:00Z";
    check("0 0 13 * 1", None, noon, "2026-01-05T00:00:00Z");
    check("0 0 13 * *", None, noon, "2026-01-13T00:00:00Z");
    // A step takes the star's freedom away.
    check("0 0 */10 * 1", None, noon, "2026-01-05T00:00:00Z");
}

#[test]
fn zones_and_changes_of_clocks() {
    let berlin = Some("Europe/Berlin");
    check(
        "0 9 * * *",
        berlin,
        "2026-01-02T12:00:00Z",
        "2026-01-03T08:00:00Z",
    );
    check(
        "CRON_TZ=Asia/Tokyo 0 9 * * *",
        None,
        "2026-01-02T12:00:00Z",
        "2026-01-03T00:00:00Z",
    );
    // 02:30 does not exist on 29 March; it comes twice on 25 October.
    check(
        "30 2 * * *",
        berlin,
        "2026-03-29T00:00:00Z",
        "2026-03-30T00:30:00Z",
    );
    check(
        "30 2 * * *",
        berlin,
        "2026-10-25T00:00:00Z",
        "2026-10-25T00:30:00Z",
    );
    check(
        "30 2 * * *",
        berlin,
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
    );
}

#[test]
fn a_day_that_never_comes() {
    let schedule = Schedule::parse("0 0 30 2 *", None).unwrap();
    assert_eq!(schedule.next(1_700_000_000), NO_TIME);
}

#[test]
fn what_is_no_schedule_is_refused() {
    for text in [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "@often",
        "@every",
        "@every x",
        "TZ=Nowhere/City * * * * *",
        "TZ=",
        "1-2-3 * * * *",
    ] {
        assert!(Schedule::parse(text, None).is_none(), "{text}");
    }
    assert!(Schedule::parse("* * * * *", Some("Nowhere/City")).is_none());
}

proptest::proptest! {
    #[test]
    fn nothing_panics_and_time_goes_on(text in "[-*/,0-9a-z@? ]{0,30}", after in -10_000_000_000_i64..10_000_000_000) {
        if let Some(schedule) = Schedule::parse(&text, None) {
            let next = schedule.next(after);
            proptest::prop_assert!(next == NO_TIME || next > after);
        }
    }
}
