use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn ids() -> impl Strategy<Value = Vec<u32>> {
    let list = prop_oneof![
        proptest::collection::btree_set(any::<u32>(), 0..400),
        proptest::collection::btree_set(0u32..600, 0..500),
        (any::<u16>(), 0u32..700).prop_map(|(from, n)| (u32::from(from)..u32::from(from) + n).collect()),
    ];
    list.prop_map(|list: BTreeSet<u32>| list.into_iter().collect())
}

proptest! {
    #[test]
    fn postings_come_back(ids in ids()) {
        let mut bytes = Vec::new();
        put_postings(&ids, &mut bytes);
        let mut out = vec![7];
        read_postings(&bytes, ids.len(), &mut out).unwrap();
        prop_assert_eq!(&out[1..], &ids[..]);
    }

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), n in 0usize..500) {
        let mut out = Vec::new();
        if read_postings(&bytes, n, &mut out).is_ok() {
            prop_assert_eq!(out.len(), n);
        }
    }
}

#[test]
fn a_run_of_neighbours_is_nearly_free() {
    let ids: Vec<u32> = (1000..3000).collect();
    let mut bytes = Vec::new();
    put_postings(&ids, &mut bytes);
    assert!(bytes.len() < 50, "{} bytes", bytes.len());
}
