use model::Labels;

use super::*;

fn exemplar(timestamp: Millis) -> Exemplar {
    Exemplar {
        labels: Labels::default(),
        timestamp,
        value: 1.0,
    }
}

#[test]
fn what_waits_is_taken_once() {
    let mut late = LateExemplars::default();
    assert_eq!(late.keep("a", exemplar(1), 0), 0);
    assert_eq!(late.keep("a", exemplar(2), 0), 0);
    assert_eq!(late.keep("b", exemplar(3), 0), 0);
    let times: Vec<Millis> = late.take("a").iter().map(|one| one.timestamp).collect();
    assert_eq!(times, [1, 2]);
    assert!(late.take("a").is_empty());
    assert_eq!((late.n, late.take("b").len(), late.n), (1, 1, 0));
}

#[test]
fn old_ones_make_room_and_new_ones_are_given_up() {
    let mut late = LateExemplars::default();
    let half = MAX_WAITING / 2;
    for i in 0..MAX_WAITING {
        let at = if i < half { 0 } else { PATIENCE_MS };
        assert_eq!(late.keep(&i.to_string(), exemplar(at), PATIENCE_MS), 0);
    }
    assert_eq!(
        late.keep("x", exemplar(PATIENCE_MS), PATIENCE_MS),
        1,
        "nobody is too old"
    );
    assert_eq!(late.keep("x", exemplar(PATIENCE_MS), PATIENCE_MS + 1), half);
    assert_eq!((late.n, late.by_series.len()), (half + 1, half + 1));
}
