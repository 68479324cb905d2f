use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const TITLE: &str = "IP address       HW type     Flags       HW address            Mask     Device\n";

#[test]
fn entries_by_device() {
    let tree = Tree::new();
    let table = [
        TITLE,
        "192.168.1.1      0x1         0x2         52:54:00:12:34:56     *        eth0\n",
        "192.168.1.9      0x1         0x0         00:00:00:00:00:00     *        eth0\n",
        "10.42.0.7        0x1         0x6         aa:bb:cc:dd:ee:ff     *        cni0\n",
        "10.42.0.8        0x1\n",
    ];
    tree.write("proc/net/arp", table.concat());
    let mut arp = Arp::default();
    expect![[r#"
        # node_arp_entries gauge
        node_arp_entries{device="cni0"} 1
        node_arp_entries{device="eth0"} 2
        ! a line of /proc/net/arp has no device: "10.42.0.8        0x1"
    "#]]
    .assert_eq(&render(&mut arp, &tree.root()));

    // A device without entries is gone, as in the kernel's table.
    tree.write("proc/net/arp", [TITLE, table[1]].concat());
    expect![[r#"
        # node_arp_entries gauge
        node_arp_entries{device="eth0"} 1
    "#]]
    .assert_eq(&render(&mut arp, &tree.root()));
}

#[test]
fn without_ipv4() {
    expect![[r#"
        ! /proc/net/arp is not there
    "#]]
    .assert_eq(&render(&mut Arp::default(), &Tree::new().root()));
}
