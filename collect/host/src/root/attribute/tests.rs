use super::*;
use crate::testing::Tree;

#[test]
fn one_value_a_file() {
    let tree = Tree::of(&[
        ("sys/decimal", " -12\n"),
        ("sys/hex", "0x8180\n"),
        ("sys/word", " charging \n"),
        ("sys/empty", ""),
    ]);
    let (root, mut buffer) = (tree.root(), Vec::new());
    assert_eq!(number(&root, "sys/decimal", &mut buffer).unwrap(), -12.0);
    assert_eq!(integer(&root, "sys/decimal", &mut buffer).unwrap(), -12);
    assert_eq!(integer(&root, "sys/hex", &mut buffer).unwrap(), 0x8180);
    assert_eq!(text(&root, "sys/word", &mut buffer).unwrap(), "charging");
    for path in ["sys/word", "sys/empty"] {
        let error = number(&root, path, &mut buffer).unwrap_err();
        assert_eq!(error.to_string(), format!("failed to read /{path}"));
    }
    assert!(matches!(
        integer(&root, "sys/nothing", &mut buffer),
        Err(CollectError::Absent { .. })
    ));
}

#[test]
fn runs_of_bytes_that_are_no_text() {
    let check = |bytes: &[u8], expected: &str| assert_eq!(valid_text(bytes), expected);
    check(b"\xff\xfe1\x80\x80", "\u{FFFD}1\u{FFFD}");
    check("é".as_bytes(), "é");
    check(b"", "");
}
