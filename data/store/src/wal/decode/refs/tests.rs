use std::collections::HashMap;

use super::*;

fn known(handle: u64) -> Known {
    Known {
        epoch: 1,
        handle,
        ..Known::UNKNOWN
    }
}

/// Defines refs in this order and returns what holds them, having found each again.
fn defined(ids: impl Iterator<Item = u32>) -> Refs {
    let mut refs = Refs::default();
    let mut model = HashMap::new();
    for (handle, id) in (0..).zip(ids) {
        refs.define(id, known(handle));
        model.insert(id, handle);
        let (places, waiting) = refs.places();
        assert!(
            places <= FREE + SPREAD * model.len(),
            "{places} for {}",
            model.len()
        );
        assert!(waiting <= model.len());
    }
    for (id, handle) in &model {
        assert_eq!(refs.get(*id).map(|known| known.handle), Some(*handle), "{id}");
        assert_eq!(refs.get_mut(*id).map(|known| known.handle), Some(*handle), "{id}");
    }
    let listed = refs.iter_mut().filter(|(_, known)| !known.is_unknown());
    let listed: HashMap<u32, u64> = listed.map(|(id, known)| (id, known.handle)).collect();
    assert_eq!(listed, model);
    refs
}

#[test]
fn refs_in_order_are_a_table() {
    let refs = defined(0..200_000);
    assert_eq!(refs.places(), (200_000, 0));
    assert!(refs.get(200_000).is_none());
}

#[test]
fn a_ref_that_is_far_away_takes_no_more_memory_than_another() {
    let refs = defined([u32::MAX, 1 << 26, 5, 1 << 31].into_iter());
    assert_eq!(refs.places(), (FREE + 3 * SPREAD, 3));
}

#[test]
fn refs_of_which_most_are_gone_are_found_again() {
    let refs = defined((0..50_000).map(|n| n * 64));
    assert!(refs.places().1 > 0);
}

#[test]
fn what_waits_moves_into_the_table_when_that_has_grown() {
    // In the order of a hash: most are first seen far behind the end of the table.
    let ids = (0..300_000u32).map(|n| ((u64::from(n) * 123_457) % 300_000) as u32);
    let refs = defined(ids);
    assert_eq!(refs.places().1, 0);
}

#[test]
fn a_ref_is_counted_once() {
    let mut refs = Refs::default();
    for epoch in 1..200_000 {
        refs.define(u32::MAX, Known { epoch, ..known(0) });
    }
    refs.define(1 << 17, known(1));
    assert_eq!(refs.places(), (0, 2));
    refs.clear();
    assert_eq!(refs.places(), (0, 0));
    assert!(refs.get(u32::MAX).is_none());
}
