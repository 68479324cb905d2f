use proptest::prelude::*;

use super::*;

#[test]
fn acknowledges_only_what_nothing_before_waits_for() {
    let mut ledger = Ledger::default();
    for position in [3, 3, 5, 8] {
        ledger.begin(position);
    }
    ledger.pass(9);
    assert_eq!(ledger.acknowledged(9), 2);
    ledger.end(8);
    ledger.end(3);
    assert_eq!(ledger.acknowledged(9), 2);
    ledger.end(3);
    assert_eq!(ledger.acknowledged(9), 4);
    ledger.end(5);
    assert_eq!(ledger.acknowledged(9), 9);
    assert_eq!(ledger.acknowledged(7), 7);
}

proptest! {
    /// Beside a naive list: the acknowledged position never lies at or beyond one that is under way.
    #[test]
    fn agrees_with_a_list(steps in proptest::collection::vec((any::<bool>(), any::<usize>()), 1..200)) {
        let mut ledger = Ledger::default();
        let mut list: Vec<u64> = Vec::new();
        let mut next = 1;
        for (push, pick) in steps {
            if push || list.is_empty() {
                next += (pick % 3) as u64;
                ledger.begin(next);
                list.push(next);
            } else {
                let position = list.swap_remove(pick % list.len());
                ledger.end(position);
            }
            let expected = list.iter().min().map_or(next, |first| first - 1);
            prop_assert_eq!(ledger.acknowledged(u64::MAX), expected);
        }
    }
}
