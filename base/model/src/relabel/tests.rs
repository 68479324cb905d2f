//! Rules and what they make of label sets. The cases follow what Prometheus documents and tests of its actions.

use super::*;

/// Writes rules as `action key=value …`; `-` stands for a dropped set.
fn check(rules: &[&[(&str, &str)]], before: &[(&str, &str)], after: Option<&[(&str, &str)]>) {
    let rules: Vec<_> = rules
        .iter()
        .map(|parts| RelabelRule::new(spec(parts), NameScheme::Utf8).unwrap())
        .collect();
    let mut labels = EditableLabels::default();
    for (name, value) in before {
        labels.set(name, value);
    }
    let kept = relabel(&rules, &mut labels);
    let found = kept.then(|| labels.to_labels().unwrap());
    let expected = after.map(|pairs| crate::Labels::from_pairs(pairs.iter().copied()).unwrap());
    assert_eq!(found, expected, "{rules:?} of {before:?}");
}

fn spec(parts: &[(&str, &str)]) -> RelabelSpec {
    let mut spec = RelabelSpec::default();
    for (key, value) in parts {
        let owned = (*value).to_owned();
        match *key {
            "source" => spec.source_labels = Some(value.split(',').map(str::to_owned).collect()),
            "separator" => spec.separator = Some(owned),
            "regex" => spec.regex = Some(owned),
            "modulus" => spec.modulus = value.parse().unwrap(),
            "target" => spec.target_label = owned,
            "replacement" => spec.replacement = Some(owned),
            "action" => spec.action = RelabelAction::from_word(value).unwrap(),
            other => panic!("no such part: {other}"),
        }
    }
    spec
}

const ABC: &[(&str, &str)] = &[("a", "foo"), ("b", "bar"), ("c", "baz")];

#[test]
fn replace_expands_groups_and_needs_a_match() {
    check(
        &[&[
            ("source", "a"),
            ("regex", "f(.*)"),
            ("target", "d"),
            ("replacement", "ch${1}-ch${1}"),
        ]],
        ABC,
        Some(&[("a", "foo"), ("b", "bar"), ("c", "baz"), ("d", "choo-choo")]),
    );
    check(
        &[&[("source", "a"), ("regex", "o"), ("target", "d")]],
        ABC,
        Some(ABC),
    );
    check(
        &[&[
            ("source", "a,b"),
            ("regex", "(f).*;(.*)r"),
            ("target", "a"),
            ("replacement", "b${1}${2}m"),
        ]],
        ABC,
        Some(&[("a", "bfbam"), ("b", "bar"), ("c", "baz")]),
    );
    check(
        &[&[("source", "a,b"), ("separator", "_"), ("target", "d")]],
        ABC,
        Some(&[("a", "foo"), ("b", "bar"), ("c", "baz"), ("d", "foo_bar")]),
    );
    // A name that expands to nothing is none.
    check(
        &[&[
            ("source", "a"),
            ("regex", "(x)?foo"),
            ("target", "${1}"),
            ("replacement", "v"),
        ]],
        ABC,
        Some(ABC),
    );
    // An empty value removes the label.
    check(
        &[&[
            ("source", "a"),
            ("regex", "(.*)"),
            ("target", "a"),
            ("replacement", ""),
        ]],
        ABC,
        Some(&[("b", "bar"), ("c", "baz")]),
    );
    // Without a source the default regex matches the empty value.
    check(
        &[&[("target", "d"), ("replacement", "x")]],
        &[("a", "b")],
        Some(&[("a", "b"), ("d", "x")]),
    );
    check(
        &[&[
            ("source", "a"),
            ("target", "${1}"),
            ("regex", "some-([^-]+)-([^,]+)"),
            ("replacement", "${2}"),
        ]],
        &[("a", "some-name-value")],
        Some(&[("a", "some-name-value"), ("name", "value")]),
    );
    check(
        &[&[
            ("source", "a"),
            ("regex", "(\\n.*)?x"),
            ("target", "b"),
            ("replacement", "$$1"),
        ]],
        &[("a", "x")],
        Some(&[("a", "x"), ("b", "$1")]),
    );
}

#[test]
fn keep_and_drop_match_the_whole_value() {
    check(
        &[&[("action", "drop"), ("source", "a"), ("regex", ".*o.*")]],
        ABC,
        None,
    );
    check(
        &[&[("action", "drop"), ("source", "a"), ("regex", "fo")]],
        ABC,
        Some(ABC),
    );
    check(
        &[&[("action", "keep"), ("source", "a"), ("regex", "no-match")]],
        ABC,
        None,
    );
    check(
        &[&[("action", "keep"), ("source", "a"), ("regex", "fo?o")]],
        ABC,
        Some(ABC),
    );
    check(
        &[&[("action", "drop"), ("source", "a"), ("regex", "a.b")]],
        &[("a", "a\nb")],
        None,
    );
    check(
        &[&[("action", "keepequal"), ("source", "a"), ("target", "b")]],
        ABC,
        None,
    );
    check(
        &[&[("action", "keepequal"), ("source", "a"), ("target", "b")]],
        &[("a", "x"), ("b", "x")],
        Some(&[("a", "x"), ("b", "x")]),
    );
    check(
        &[&[("action", "dropequal"), ("source", "a"), ("target", "b")]],
        &[("a", "x"), ("b", "x")],
        None,
    );
    check(
        &[&[("action", "dropequal"), ("source", "a"), ("target", "b")]],
        ABC,
        Some(ABC),
    );
    // Two labels that there are not are equal.
    check(
        &[&[("action", "dropequal"), ("source", "y"), ("target", "z")]],
        ABC,
        None,
    );
}

#[test]
fn names_are_mapped_kept_and_dropped() {
    check(
        &[&[("action", "labelmap"), ("regex", "(b.*)")]],
        &[("b1", "x"), ("c", "y")],
        Some(&[("b1", "x"), ("c", "y")]),
    );
    check(
        &[&[
            ("action", "labelmap"),
            ("regex", "meta_(ng.*)"),
            ("replacement", "${1}"),
        ]],
        &[("a", "foo"), ("meta_ng_x", "aaa"), ("meta_n", "b")],
        Some(&[
            ("a", "foo"),
            ("meta_ng_x", "aaa"),
            ("meta_n", "b"),
            ("ng_x", "aaa"),
        ]),
    );
    check(
        &[&[("action", "labeldrop"), ("regex", "(b.*)")]],
        &[("a", "foo"), ("b1", "bar"), ("b2", "baz")],
        Some(&[("a", "foo")]),
    );
    check(
        &[&[("action", "labelkeep"), ("regex", "(b.*)")]],
        &[("a", "foo"), ("b1", "bar"), ("b2", "baz")],
        Some(&[("b1", "bar"), ("b2", "baz")]),
    );
}

#[test]
fn values_are_hashed_and_cased() {
    check(
        &[&[
            ("action", "hashmod"),
            ("source", "c"),
            ("target", "d"),
            ("separator", ";"),
            ("modulus", "1000"),
        ]],
        ABC,
        Some(&[("a", "foo"), ("b", "bar"), ("c", "baz"), ("d", "976")]),
    );
    check(
        &[&[
            ("action", "hashmod"),
            ("source", "a"),
            ("target", "d"),
            ("modulus", "1000"),
        ]],
        &[("a", "foo\nbar")],
        Some(&[("a", "foo\nbar"), ("d", "734")]),
    );
    check(
        &[
            &[("action", "lowercase"), ("source", "f"), ("target", "l")],
            &[("action", "uppercase"), ("source", "f"), ("target", "u")],
        ],
        &[("f", "bAr123Foo")],
        Some(&[("f", "bAr123Foo"), ("l", "bar123foo"), ("u", "BAR123FOO")]),
    );
}

#[test]
fn rules_are_applied_in_order_until_one_drops() {
    check(
        &[
            &[("source", "a"), ("target", "d")],
            &[("action", "keep"), ("source", "d"), ("regex", "foo")],
            &[("action", "labeldrop"), ("regex", "d")],
        ],
        ABC,
        Some(ABC),
    );
    check(
        &[
            &[("action", "drop"), ("source", "a"), ("regex", "foo")],
            &[("source", "a"), ("target", "d")],
        ],
        ABC,
        None,
    );
}

#[test]
fn wrong_rules_say_what_is_wrong() {
    let error = |parts: &[(&str, &str)], names| RelabelRule::new(spec(parts), names).unwrap_err().to_string();
    for (parts, reason) in [
        (
            &[("action", "hashmod"), ("target", "a")][..],
            "action hashmod needs modulus",
        ),
        (&[("action", "replace")], "action replace needs target_label"),
        (&[("action", "lowercase")], "action lowercase needs target_label"),
        (
            &[("action", "labeldrop"), ("regex", "a"), ("source", "b")],
            "action labeldrop takes no source_labels",
        ),
        (
            &[("action", "keepequal"), ("target", "a"), ("regex", "b")],
            "action keepequal takes no regex",
        ),
        (
            &[("action", "uppercase"), ("target", "a"), ("replacement", "b")],
            "action uppercase takes no replacement",
        ),
        (
            &[("action", "keep"), ("regex", "(")],
            "invalid regular expression \"(\"",
        ),
    ] {
        assert_eq!(error(parts, NameScheme::Utf8), reason);
    }
    assert_eq!(
        error(&[("target", "a-b")], NameScheme::Legacy),
        "target_label \"a-b\" of action replace is not a label name"
    );
    for (template, fits) in [
        ("a${1}_b", true),
        ("${name}", true),
        ("$1x", true),
        ("a-$1", false),
        ("${a", false),
        ("1a", false),
        ("$", false),
    ] {
        let rule = RelabelRule::new(
            spec(&[("action", "labelmap"), ("replacement", template)]),
            NameScheme::Legacy,
        );
        assert_eq!(rule.is_ok(), fits, "{template}");
    }
}
