use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn open_files() {
    let check = |content: &str, expected: expect_test::Expect| {
        let tree = Tree::of(&[("proc/sys/fs/file-nr", content)]);
        expected.assert_eq(&render(&mut Filefd::default(), &tree.root()));
    };
    check(
        "1024\t0\t9223372036854775807\n",
        expect![[r#"
        # node_filefd_allocated gauge
        node_filefd_allocated 1024
        # node_filefd_maximum gauge
        node_filefd_maximum 9223372036854776000
    "#]],
    );
    check(
        "1024\t0\n",
        expect![[r#"
        # node_filefd_allocated gauge
        node_filefd_allocated 1024
        ! cannot parse /proc/sys/fs/file-nr for node_filefd_maximum
    "#]],
    );
    check(
        "x y z\n",
        expect![[r#"
        ! cannot parse /proc/sys/fs/file-nr for node_filefd_allocated (and 1 more)
    "#]],
    );
    expect![[r#"
        ! /proc/sys/fs/file-nr is not there
    "#]]
    .assert_eq(&render(&mut Filefd::default(), &Tree::new().root()));
}
