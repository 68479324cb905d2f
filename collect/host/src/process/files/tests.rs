use super::*;
use crate::testing::Tree;

#[test]
fn numbers_are_written_whole() {
    for number in [0, 7, 10, 4_194_304, u32::MAX] {
        let mut text = "p".to_owned();
        push_number(&mut text, number);
        assert_eq!(text, format!("p{number}"));
    }
}

#[test]
fn processes_and_their_files() {
    let tree = Tree::of(&[
        ("proc/7/io", "text"),
        ("proc/12/stat", ""),
        ("proc/stat", ""),
        ("proc/1x/io", ""),
    ]);
    tree.folder("proc/99999999999");
    let mut files = Files::open(&tree.root()).unwrap();
    let mut pids = files.pids().unwrap();
    pids.sort_unstable();
    assert_eq!(pids, [7, 12]);
    assert_eq!(files.read(7, "io"), Ok(b"text".as_slice()));
    assert_eq!(files.read(12, "stat"), Ok(b"".as_slice()));
    assert_eq!(files.read(12, "io"), Err(Errno::NOENT));
}
