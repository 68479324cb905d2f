use super::*;

const INTERVAL: Duration = Duration::from_secs(15);

/// Lets a schedule run on a clock that is always on time, and returns the ticks.
fn ticks(schedule: &mut Schedule, mut now: Millis, n: usize) -> Vec<Millis> {
    (0..n)
        .map(|_| {
            now += millis(schedule.wait(now));
            schedule.take(now)
        })
        .collect()
}

#[test]
fn at_once_then_a_second_later_then_on_multiples() {
    let mut schedule = Schedule::new(INTERVAL, 100_700);
    assert_eq!(
        ticks(&mut schedule, 100_700, 4),
        [100_700, 101_700, 105_000, 120_000]
    );
    assert_eq!((schedule.ticks(), schedule.last()), (4, 120_000));
}

#[test]
fn the_second_tick_does_not_pass_a_short_interval() {
    let mut schedule = Schedule::new(Duration::from_millis(200), 70);
    assert_eq!(ticks(&mut schedule, 70, 4), [70, 270, 400, 600]);
}

#[test]
fn ticks_never_share_a_timestamp() {
    let mut schedule = Schedule::new(INTERVAL, 14_000);
    assert_eq!(ticks(&mut schedule, 14_000, 3), [14_000, 15_000, 30_000]);
}

#[test]
fn a_late_look_keeps_the_timestamp() {
    let mut schedule = Schedule::new(INTERVAL, 0);
    ticks(&mut schedule, 0, 2);
    assert_eq!(schedule.take(15_900), 15_000);
    assert_eq!(schedule.wait(15_900), Duration::from_millis(14_100));
}

#[test]
fn what_was_slept_through_is_left_out() {
    let mut schedule = Schedule::new(INTERVAL, 0);
    ticks(&mut schedule, 0, 3);
    let awake = 8 * 3_600_000 + 7_000;
    assert_eq!(schedule.wait(awake), Duration::ZERO);
    assert_eq!(schedule.take(awake), 8 * 3_600_000);
    assert_eq!(schedule.wait(awake), Duration::from_secs(8));
}

#[test]
fn a_clock_set_back_is_followed() {
    let mut schedule = Schedule::new(INTERVAL, 10_000_000);
    ticks(&mut schedule, 10_000_000, 3);
    assert_eq!(schedule.wait(5_000_001), Duration::from_millis(9_999));
    assert_eq!(schedule.take(5_010_000), 5_010_000);
    // A step of less than an interval does not move the plan.
    assert_eq!(schedule.wait(5_009_000), Duration::from_secs(16));
}

#[test]
fn times_before_the_epoch_do_not_break_it() {
    let mut schedule = Schedule::new(INTERVAL, -20_000);
    assert_eq!(ticks(&mut schedule, -20_000, 4), [-20_000, -19_000, -15_000, 0]);
}
