use std::fs::File;

use super::*;
use crate::testing::Tree;

#[test]
fn a_recorded_folder_is_listed() {
    let tree = Tree::of(&[("proc/7/fd/0", ""), ("proc/7/fd/1", ""), ("proc/7/fd/12", "")]);
    tree.folder("proc/8/fd");
    let mut descriptors = Descriptors::default();
    assert_eq!(descriptors.count(&tree.root(), 7).unwrap(), Some(3));
    assert_eq!(descriptors.count(&tree.root(), 8).unwrap(), Some(0));
    assert_eq!(descriptors.count(&tree.root(), 9).unwrap(), None);
}

#[test]
fn the_kernels_folder_counts_the_same_as_its_list() {
    // Other tests of this process open and close files meanwhile: asked until nothing moved in between.
    let root = Root::at("/");
    let pid = std::process::id();
    let _open = [File::open("/").unwrap(), File::open("/").unwrap()];
    let mut descriptors = Descriptors::default();
    let agrees = (0..10_000).any(|_| {
        let counted = descriptors.count(&root, pid).unwrap().unwrap();
        let listed = read_dir("/proc/self/fd").unwrap().count() as u64;
        // Listing opens one more.
        counted >= 2 && [counted, counted + 1].contains(&listed)
    });
    assert!(agrees);
}
