use super::*;
use proptest::prelude::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).unwrap()
}

#[test]
fn sorts_and_drops_empty_values() {
    let set = labels(&[("b", "2"), ("a", "1"), ("c", "")]);
    assert_eq!(set.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
    assert_eq!(set.get("c"), None);
}

#[test]
fn equal_sets_have_equal_bytes() {
    assert_eq!(
        labels(&[("a", "1"), ("b", "2")]).packed(),
        labels(&[("b", "2"), ("a", "1")]).packed()
    );
}

#[test]
fn rejects_what_is_no_set() {
    let duplicate = Labels::from_pairs([("a", "1"), ("a", "2")]);
    assert_eq!(duplicate, Err(LabelError::Duplicate("a".into())));
    assert_eq!(Labels::from_pairs([("", "1")]), Err(LabelError::EmptyName));
    let long = "x".repeat(MAX_LABEL_BYTES + 1);
    assert!(matches!(
        Labels::from_pairs([("a", long)]),
        Err(LabelError::TooLong { .. })
    ));
    assert_eq!(Labels::from_packed("\u{5}ab"), Err(LabelError::Malformed));
}

#[test]
fn orders_as_prometheus_does() {
    let mut sets = [
        labels(&[("a", "2")]),
        labels(&[("a", "1"), ("b", "1")]),
        labels(&[("a", "1")]),
    ];
    sets.sort();
    assert_eq!(
        sets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [r#"{a="1"}"#, r#"{a="1", b="1"}"#, r#"{a="2"}"#]
    );
}

#[test]
fn holds_lengths_on_both_sides_of_the_surrogates() {
    for len in [0xD7FF, 0xD800, 0xDFFF, 0xE000, MAX_LABEL_BYTES] {
        let value = "v".repeat(len);
        let set = labels(&[("a", &value)]);
        assert_eq!(set.get("a").map(str::len), Some(len));
        assert_eq!(Labels::from_packed(set.packed()).unwrap(), set);
    }
}

proptest! {
    #[test]
    fn packs_and_reads_back(pairs in proptest::collection::btree_map("\\PC{1,12}", "\\PC{1,40}", 0..12)) {
        let set = Labels::from_pairs(pairs.iter()).unwrap();
        let back: std::collections::BTreeMap<String, String> =
            set.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(back, pairs);
        prop_assert_eq!(Labels::from_packed(set.packed()).unwrap(), set);
    }

    #[test]
    fn parse_never_panics(text in "\\PC{0,64}") {
        let _unchecked = PackedLabels::parse(&text).map(|p| p.iter().count());
    }
}

#[test]
fn a_set_is_its_pairs_put_together() {
    let long = "ö".repeat(40_000);
    let set = labels(&[("a", "1"), ("größe", "b"), ("z", &long)]);
    let pairs: Vec<&str> = set.as_packed().pairs().map(PackedLabels::packed).collect();
    assert_eq!(pairs.len(), 3);
    assert_eq!(pairs.concat(), set.packed());
    assert_eq!(PackedLabels::parse(pairs[1]).unwrap().get("größe"), Some("b"));
    assert_eq!(Labels::default().as_packed().pairs().count(), 0);
}
