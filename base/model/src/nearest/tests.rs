use super::*;

#[test]
fn distances_are_levenshteins() {
    for (a, b, distance) in [
        ("", "", 0),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
        ("flaw", "lawn", 2),
        ("größe", "grösse", 2),
    ] {
        assert_eq!(edits(a, b), distance, "{a} {b}");
        assert_eq!(edits(b, a), distance, "{b} {a}");
    }
}

#[test]
fn only_what_is_near_is_meant() {
    let known = ["cpu", "diskstats", "filesystem", "meminfo"];
    assert_eq!(nearest("diskstat", known), Some("diskstats"));
    assert_eq!(nearest("file_systems", known), Some("filesystem"));
    assert_eq!(nearest("conntrack", known), None);
    assert_eq!(nearest("cpu", []), None);
    assert_eq!(nearest("b", ["c", "a"]), Some("a"));
}
