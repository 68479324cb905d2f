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
