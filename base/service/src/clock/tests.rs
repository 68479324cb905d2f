use model::Clock;

use super::SystemClock;

#[test]
fn tells_a_time_after_this_was_written() {
    let first = SystemClock.now();
    assert!(first > 1_700_000_000_000);
    assert!(SystemClock.now() >= first);
}
