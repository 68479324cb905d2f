use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn modes() {
    let tree = Tree::new();
    expect![[r#"
        # node_selinux_enabled gauge
        node_selinux_enabled 0
    "#]]
    .assert_eq(&render(&mut Selinux::default(), &tree.root()));
    tree.write("sys/fs/selinux/enforce", "1");
    expect![[r#"
        # node_selinux_config_mode gauge
        node_selinux_config_mode -1
        # node_selinux_current_mode gauge
        node_selinux_current_mode 1
        # node_selinux_enabled gauge
        node_selinux_enabled 1
    "#]]
    .assert_eq(&render(&mut Selinux::default(), &tree.root()));
    tree.write(
        "etc/selinux/config",
        "# SELINUX= can take one of these\n SELINUX=permissive\nSELINUXTYPE=targeted\n",
    )
    .write("proc/self/attr/current", "system_u:system_r:init_t:s0\0");
    expect![[r#"
        # node_selinux_config_mode gauge
        node_selinux_config_mode 0
        # node_selinux_current_mode gauge
        node_selinux_current_mode 1
        # node_selinux_enabled gauge
        node_selinux_enabled 1
    "#]]
    .assert_eq(&render(&mut Selinux::default(), &tree.root()));
    tree.write("sys/fs/selinux/enforce", "?")
        .write("etc/selinux/config", "SELINUX=\"enforcing\"\n");
    expect![[r#"
        # node_selinux_config_mode gauge
        node_selinux_config_mode 1
        # node_selinux_current_mode gauge
        node_selinux_current_mode -1
        # node_selinux_enabled gauge
        node_selinux_enabled 1
    "#]]
    .assert_eq(&render(&mut Selinux::default(), &tree.root()));
    // No policy is loaded.
    tree.write("proc/self/attr/current", "kernel\0");
    expect![[r#"
        # node_selinux_enabled gauge
        node_selinux_enabled 0
    "#]]
    .assert_eq(&render(&mut Selinux::default(), &tree.root()));
}
