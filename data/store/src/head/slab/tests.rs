use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn buffers_hold_what_vectors_hold(steps in proptest::collection::vec((0usize..64, 0u8..14), 1..400)) {
        let mut slab = Slab::default();
        let mut expected: Vec<(Slot, Vec<u8>)> = vec![(Slot::EMPTY, Vec::new()); 64];
        for (i, (at, n)) in steps.into_iter().enumerate() {
            let (slot, bytes) = &mut expected[at];
            if n == 13 {
                slab.trim();
            }
            if n == 0 {
                slab.release(*slot);
                (*slot, *bytes) = (Slot::EMPTY, Vec::new());
                continue;
            }
            let more = vec![i as u8; usize::from(n)];
            match slab.append(*slot, bytes.len(), &more) {
                Some(moved) => {
                    *slot = moved;
                    bytes.extend(more);
                }
                None => prop_assert!(bytes.len() + more.len() > MAX_CAPACITY),
            }
            for (slot, bytes) in &expected {
                prop_assert_eq!(slab.bytes(*slot, bytes.len()), bytes);
            }
        }
    }
}

#[test]
fn pages_of_buffers_that_grew_together_are_used_again() {
    let mut slab = Slab::default();
    let mut slots = vec![Slot::EMPTY; 4096];
    for len in 0..200 {
        for slot in &mut slots {
            *slot = slab.append(*slot, len, &[len as u8]).unwrap();
        }
    }
    // Buffers of 208 bytes, 19 a page, and what they had before: 160 bytes, 25 a page.
    let needed = 4096 / 19 + 4096 / 25;
    assert!(slab.pages.len() <= needed + 12, "{} pages", slab.pages.len());
}

#[test]
fn pages_without_buffers_take_no_memory_once_trimmed() {
    let mut slab = Slab::default();
    let fill = |slab: &mut Slab| -> Vec<Slot> {
        let slots = (0..1000).map(|_| slab.append(Slot::EMPTY, 0, &[7; 100]).unwrap());
        slots.collect()
    };
    let slots = fill(&mut slab);
    let n_pages = slab.pages.len();
    slots[1..].iter().for_each(|slot| slab.release(*slot));
    slab.trim();
    let left = slab.pages.iter().filter(|page| !page.bytes.is_empty());
    assert_eq!(left.count(), 1);
    assert_eq!(slab.bytes(slots[0], 100), [7; 100]);
    fill(&mut slab);
    assert_eq!(slab.pages.len(), n_pages);
}
