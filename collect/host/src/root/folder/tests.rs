use super::*;
use crate::testing::Tree;

#[test]
fn values_of_a_device() {
    let tree = Tree::of(&[
        ("sys/dev/speed", "-1\n"),
        ("sys/dev/flags", "0x1003\n"),
        ("sys/dev/largest", "0xffffffffffffffff\n"),
        ("sys/dev/name", "  two words \n"),
        ("sys/dev/odd", "N/A\n"),
        ("sys/dev/inner/deep", "7"),
    ]);
    let folder = Folder::open(&tree.root(), "sys/dev").unwrap();
    let mut reader = Reader::default();
    let mut name = "left over".to_owned();
    assert_eq!(reader.signed(&folder, "speed"), Some(-1));
    assert_eq!(reader.signed(&folder, "flags"), Some(0x1003));
    assert_eq!(reader.unsigned(&folder, "largest"), Some(u64::MAX));
    assert_eq!(reader.unsigned(&folder, "inner/deep"), Some(7));
    assert_eq!(reader.text(&folder, "name", &mut name), Some("two words"));
    assert_eq!(reader.text(&folder, "nothing", &mut name), None);
    assert_eq!(name, "");
    assert_eq!(reader.signed(&folder, "inner"), None);
    assert!(reader.finish().is_ok(), "a missing value is no problem");

    assert_eq!(reader.unsigned(&folder, "odd"), None);
    let error = reader.finish().unwrap_err().to_string();
    assert!(error.ends_with("sys/dev/odd"), "{error}");
    assert!(reader.finish().is_ok(), "problems are forgotten");
}

#[test]
fn a_long_attribute_is_read_whole_up_to_a_bound() {
    let tree = Tree::new();
    tree.write("sys/dev/long", "x".repeat(20_000));
    tree.write("sys/dev/longer", "x".repeat(1 << 20));
    let folder = Folder::open(&tree.root(), "sys/dev").unwrap();
    let mut reader = Reader::default();
    assert_eq!(reader.bytes(&folder, "long").map(<[u8]>::len), Some(20_000));
    assert!(reader.bytes(&folder, "longer").is_none());
    assert!(reader.finish().is_err());
}

#[test]
fn what_is_in_a_folder() {
    let tree = Tree::of(&[("sys/class/net/bonding_masters", "")]);
    tree.folder("sys/class/net/lo");
    tree.link("sys/class/net/eth0", "lo");
    let folder = Folder::open(&tree.root(), "sys/class/net").unwrap();
    for _ in 0..2 {
        let mut found = Vec::new();
        folder
            .each(|name, kind| found.push((name.to_owned(), kind)))
            .unwrap();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            found,
            [
                ("bonding_masters".to_owned(), FileType::RegularFile),
                ("eth0".to_owned(), FileType::Symlink),
                ("lo".to_owned(), FileType::Directory),
            ]
        );
    }
    assert!(folder.folder("eth0").is_some());
    assert!(folder.folder("wlan0").is_none());
    assert!(matches!(
        Folder::open(&tree.root(), "sys/class/nvme"),
        Err(CollectError::Absent { what }) if what == "/sys/class/nvme"
    ));
}

#[test]
fn hexadecimal_numbers() {
    assert_eq!(parse_hex(b"0000ffFF"), Some(0xffff));
    assert_eq!(parse_hex(b"ffffffffffffffff"), Some(u64::MAX));
    for bad in [&b""[..], b"10000000000000000", b"0x1", b"g"] {
        assert_eq!(parse_hex(bad), None);
    }
}
