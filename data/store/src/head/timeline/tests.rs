use super::*;

#[test]
fn a_timeline_that_is_full_takes_times_when_old_ones_went() {
    let mut timeline = Timeline::new(0);
    let mut t = 1;
    while timeline.push(t) {
        t += 1;
    }
    assert_eq!(timeline.end() as usize, MAX_TIMES);
    timeline.trim(BLOCK as u32);
    assert!(timeline.push(t));
    let mut times = Vec::new();
    timeline.copy(BLOCK as u32, 3, &mut times);
    assert_eq!(times, [128, 129, 130]);
}

#[test]
fn a_time_is_not_before_its_lower_bound() {
    let mut timeline = Timeline::new(0);
    for n in 1..1000 {
        assert!(timeline.push(n * 10));
    }
    timeline.trim(300);
    let base = timeline.base;
    assert!(base > 0);
    for index in base..timeline.end() {
        let mut time = Vec::new();
        timeline.copy(index, 1, &mut time);
        let bound = timeline.lower_bound(index).unwrap();
        assert!(bound <= time[0] && time[0] - bound < 10 * BLOCK as Millis);
    }
    assert_eq!(timeline.lower_bound(timeline.end()), None);
    assert_eq!(timeline.lower_bound(base - 1), None);
}

#[test]
fn a_time_is_found_among_the_latest() {
    let mut timeline = Timeline::new(0);
    for n in 1..1000 {
        assert!(timeline.push(n * 10));
    }
    let end = timeline.end();
    assert_eq!(timeline.find(9990), Some(end - 1));
    assert_eq!(timeline.find(9500), Some(end - 50));
    assert_eq!(timeline.find(9505), None);
    assert_eq!(timeline.find(10_000), None);
    assert_eq!(timeline.before(end - 50), Some(9490));
    assert_eq!(timeline.before(0), None);
}
