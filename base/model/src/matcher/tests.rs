use super::*;

fn check(op: MatchOp, pattern: &str, value: &str, expected: bool) {
    let matcher = Matcher::new("l", op, pattern).unwrap();
    assert_eq!(matcher.matches(value), expected, "{matcher} on {value:?}");
}

#[test]
fn compares_and_anchors() {
    check(MatchOp::Equal, "a", "a", true);
    check(MatchOp::NotEqual, "a", "b", true);
    check(MatchOp::Regex, "a|b", "ab", false);
    check(MatchOp::Regex, "a.b", "a\nb", true);
    check(MatchOp::NotRegex, "a.*", "ba", true);
}

#[test]
fn empty_stands_for_absent() {
    assert!(Matcher::equal("l", "").matches_empty());
    assert!(Matcher::new("l", MatchOp::Regex, ".*").unwrap().matches_empty());
    assert!(!Matcher::new("l", MatchOp::Regex, ".+").unwrap().matches_empty());
}

#[test]
fn names_the_label_of_a_bad_pattern() {
    let error = Matcher::new("job", MatchOp::Regex, "(").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"invalid regular expression "(" for label "job""#
    );
}
