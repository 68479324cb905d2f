use super::*;

#[test]
fn numbers() {
    assert_eq!(unsigned(b"18446744073709551615"), Some(u64::MAX));
    assert_eq!(unsigned(b"18446744073709551616"), None);
    assert_eq!(unsigned(b""), None);
    assert_eq!(unsigned(b"-1"), None);
    assert_eq!(number(b"-1.5e3"), Some(-1500.0));
    assert_eq!(number(b"1x"), None);
}

#[test]
fn words_and_lines() {
    assert_eq!(words(b"  a\tb  c ").collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    assert_eq!(lines(b"a\n\nb\n").collect::<Vec<_>>(), [b"a", b"b"]);
    assert_eq!(text(b"\xff"), "\u{FFFD}");
}

#[test]
fn excerpts() {
    assert_eq!(excerpt(b"  cpu 1 2"), "cpu 1 2");
    assert_eq!(excerpt(&[b'x'; 1000]), "x".repeat(120));
    assert_eq!(excerpt(b"\xff"), "\u{FFFD}");
}
