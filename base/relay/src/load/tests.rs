use super::*;

fn load(received: u64, sent: u64, busy_ms: u64) -> Load {
    let now = Instant::now();
    let mut load = Load::new(now);
    let moved = Moved {
        received,
        sent,
        busy: Duration::from_millis(busy_ms),
    };
    load.take(moved, now + Duration::from_secs(1));
    load
}

#[test]
fn follows_the_load_between_bounds() {
    // A thousand a second, each taking 5 ms: five at once.
    assert_eq!(load(1_000, 1_000, 5_000).lanes(1, 0, (1, 50)), 5);
    assert_eq!(load(1_000, 1_000, 5_000).lanes(1, 0, (1, 3)), 3);
    assert_eq!(load(1_000, 1_000, 10).lanes(40, 0, (2, 50)), 2);
    // A backlog of 20,000 counts as a thousand a second more.
    assert_eq!(load(1_000, 1_000, 5_000).lanes(1, 20_000, (1, 50)), 10);
}

#[test]
fn small_changes_and_silence_change_nothing() {
    assert_eq!(load(1_000, 1_000, 5_000).lanes(4, 0, (1, 50)), 4);
    assert_eq!(load(1_000, 0, 1_000).lanes(7, 1_000, (1, 50)), 7);
    assert_eq!(Load::new(Instant::now()).lanes(7, 1_000, (1, 50)), 7);
}
