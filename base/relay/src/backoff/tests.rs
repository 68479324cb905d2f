use super::*;

#[test]
fn doubles_up_to_the_bound_and_heeds_the_receiver() {
    let config = RelayConfig::default();
    let mut backoff = Backoff::new(&config);
    let waits: Vec<u128> = (0..10).map(|_| backoff.wait(None, 0.0).as_millis()).collect();
    assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_920, 3_840, 5_000, 5_000]);
    assert_eq!(backoff.wait(None, 1.0).as_millis(), 3_750);
    assert_eq!(backoff.wait(Some(Duration::from_secs(60)), 1.0).as_secs(), 60);
    assert_eq!(backoff.wait(Some(Duration::from_secs(9_999)), 1.0).as_secs(), 300);
    // Less than what is chosen here does not speed things up.
    assert_eq!(backoff.wait(Some(Duration::ZERO), 0.0).as_secs(), 5);
}
