use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn links_of_bonding_devices() {
    let tree = Tree::of(&[
        ("sys/class/net/bonding_masters", "bond0 dmz int gone\n"),
        ("sys/class/net/bond0/bonding/slaves", "\n"),
        ("sys/class/net/dmz/bonding/slaves", "eth0 eth4\n"),
        ("sys/class/net/dmz/lower_eth0/bonding_slave/mii_status", "up\n"),
        ("sys/class/net/dmz/slave_eth4/bonding_slave/mii_status", "up\n"),
        ("sys/class/net/int/bonding/slaves", "eth5 eth1 eth2\n"),
        ("sys/class/net/int/lower_eth5/bonding_slave/mii_status", "down\n"),
        ("sys/class/net/int/lower_eth1/bonding_slave/mii_status", "up\n"),
    ]);
    expect![[r#"
        # node_bonding_active gauge
        node_bonding_active{master="bond0"} 0
        node_bonding_active{master="dmz"} 2
        node_bonding_active{master="int"} 1
        # node_bonding_slaves gauge
        node_bonding_slaves{master="bond0"} 0
        node_bonding_slaves{master="dmz"} 2
        node_bonding_slaves{master="int"} 3
        ! link eth2 of int has no status (and 1 more)
    "#]]
    .assert_eq(&render(&mut Bonding::default(), &tree.root()));
}

#[test]
fn without_bonding() {
    let tree = Tree::new();
    tree.folder("sys/class/net/eth0");
    expect![[r#"
        ! /sys/class/net/bonding_masters is not there
    "#]]
    .assert_eq(&render(&mut Bonding::default(), &tree.root()));
}
