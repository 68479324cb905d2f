//! A lake that the first version wrote is read by this one, with its log. `examples/sample.rs` of that version wrote
//! the folder; it is never written again, a new version of a format gets a folder of its own.

use std::path::Path;

use crate::support::{counts, open, sql};

#[test]
fn the_first_version_is_read() {
    let copy = tempfile::tempdir().unwrap();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1");
    copy_folder(&stored, copy.path());
    let lake = open(copy.path());
    assert_eq!(counts(&lake), (30, 30));
    assert_eq!(
        sql(
            &lake,
            "SELECT min(uid) AS first, max(uid) AS last, sum(count) AS n FROM events"
        ),
        "first,last,n\nuid-000000,uid-000029,465\n"
    );
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
