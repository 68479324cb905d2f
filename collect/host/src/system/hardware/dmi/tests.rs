use std::os::unix::fs::PermissionsExt;

use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn read_once() {
    let tree = Tree::of(&[
        ("sys/class/dmi/id/bios_vendor", "Dell Inc.\n"),
        ("sys/class/dmi/id/board_serial", "\n"),
        ("sys/class/dmi/id/chassis_type", "23\n"),
        ("sys/class/dmi/id/modalias", "dmi:bvnDellInc.\n"),
        ("sys/class/dmi/id/sys_vendor", " Dell \"Inc.\" \n"),
    ]);
    tree.write("sys/class/dmi/id/product_version", b"\xff\xfe1\n");
    let mut collector = Dmi::default();
    let first = render(&mut collector, &tree.root());
    expect![[r##"
        # node_dmi_info gauge
        node_dmi_info{bios_vendor="Dell Inc.", product_version="�1", system_vendor="Dell \"Inc.\""} 1
    "##]]
    .assert_eq(&first);
    tree.remove("sys/class/dmi");
    assert_eq!(render(&mut collector, &tree.root()), first);
}

#[test]
fn what_is_for_root_only_is_left_out() {
    let tree = Tree::of(&[
        ("sys/class/dmi/id/bios_vendor", "A\n"),
        ("sys/class/dmi/id/product_uuid", "B\n"),
    ]);
    let secret = tree.root().path("sys/class/dmi/id/product_uuid");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    let text = render(&mut Dmi::default(), &tree.root());
    // Root reads it all the same.
    let readable = std::fs::read(&secret).is_ok();
    assert_eq!(text.contains("product_uuid=\"B\""), readable, "{text}");
    assert!(
        text.contains("bios_vendor=\"A\"") && !text.contains('!'),
        "{text}"
    );
}

#[test]
fn machines_without() {
    let tree = Tree::new();
    expect![[r#"
        ! /sys/class/dmi/id is not there
    "#]]
    .assert_eq(&render(&mut Dmi::default(), &tree.root()));
    tree.folder("sys/class/dmi/id");
    expect![[r#"
        ! /sys/class/dmi/id is not there
    "#]]
    .assert_eq(&render(&mut Dmi::default(), &tree.root()));
}
