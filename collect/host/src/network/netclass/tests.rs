use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn devices() {
    let tree = Tree::of(&[("sys/class/net/bonding_masters", "\n")]);
    for (file, content) in [
        ("addr_assign_type", "3\n"),
        ("address", "01:01:01:01:01:01\n"),
        ("broadcast", "ff:ff:ff:ff:ff:ff\n"),
        ("carrier", "1\n"),
        ("carrier_changes", "2\n"),
        ("carrier_down_count", "1\n"),
        ("carrier_up_count", "1\n"),
        ("dev_id", "0x20\n"),
        ("dormant", "1\n"),
        ("duplex", "full\n"),
        ("flags", "0x1303\n"),
        ("ifalias", "uplink \"A\"\n"),
        ("ifindex", "2\n"),
        ("iflink", "2\n"),
        ("link_mode", "1\n"),
        ("mtu", "1500\n"),
        ("name_assign_type", "2\n"),
        ("netdev_group", "0\n"),
        ("operstate", "up\n"),
        ("speed", "1000\n"),
        ("tx_queue_len", "1000\n"),
        ("type", "1\n"),
    ] {
        tree.write(&format!("sys/devices/pci0/net/eth0/{file}"), content);
    }
    tree.link("sys/class/net/eth0", "../../devices/pci0/net/eth0");
    tree.write("sys/class/net/dummy0/flags", "0x82\n");
    tree.write("sys/class/net/dummy0/operstate", "down\n");
    tree.write("sys/class/net/dummy0/speed", "-1\n");
    tree.write("sys/class/net/tap0/operstate", "unknown\n");
    tree.folder("sys/class/net/gone");
    expect![[r#"
        # node_network_address_assign_type gauge
        node_network_address_assign_type{device="eth0"} 3
        # node_network_carrier gauge
        node_network_carrier{device="eth0"} 1
        # node_network_carrier_changes_total counter
        node_network_carrier_changes_total{device="eth0"} 2
        # node_network_carrier_down_changes_total counter
        node_network_carrier_down_changes_total{device="eth0"} 1
        # node_network_carrier_up_changes_total counter
        node_network_carrier_up_changes_total{device="eth0"} 1
        # node_network_device_id gauge
        node_network_device_id{device="eth0"} 32
        # node_network_dormant gauge
        node_network_dormant{device="eth0"} 1
        # node_network_flags gauge
        node_network_flags{device="dummy0"} 130
        node_network_flags{device="eth0"} 4867
        # node_network_iface_id gauge
        node_network_iface_id{device="eth0"} 2
        # node_network_iface_link gauge
        node_network_iface_link{device="eth0"} 2
        # node_network_iface_link_mode gauge
        node_network_iface_link_mode{device="eth0"} 1
        # node_network_info gauge
        node_network_info{address="01:01:01:01:01:01", adminstate="up", broadcast="ff:ff:ff:ff:ff:ff", device="eth0", duplex="full", ifalias="uplink \"A\"", operstate="up"} 1
        node_network_info{adminstate="down", device="dummy0", operstate="down"} 1
        node_network_info{adminstate="unknown", device="tap0", operstate="unknown"} 1
        # node_network_mtu_bytes gauge
        node_network_mtu_bytes{device="eth0"} 1500
        # node_network_name_assign_type gauge
        node_network_name_assign_type{device="eth0"} 2
        # node_network_net_dev_group gauge
        node_network_net_dev_group{device="eth0"} 0
        # node_network_protocol_type gauge
        node_network_protocol_type{device="eth0"} 1
        # node_network_speed_bytes gauge
        node_network_speed_bytes{device="dummy0"} -125000
        node_network_speed_bytes{device="eth0"} 125000000
        # node_network_transmit_queue_length gauge
        node_network_transmit_queue_length{device="eth0"} 1000
        # node_network_up gauge
        node_network_up{device="dummy0"} 0
        node_network_up{device="eth0"} 1
        node_network_up{device="tap0"} 0
    "#]]
    .assert_eq(&render(&mut NetClass::default(), &tree.root()));
}

#[test]
fn one_odd_value_does_not_hide_the_rest() {
    let tree = Tree::of(&[
        ("sys/class/net/eth0/mtu", "much\n"),
        ("sys/class/net/eth0/carrier", "1\n"),
    ]);
    let text = render(&mut NetClass::default(), &tree.root());
    assert!(text.contains("node_network_carrier{device=\"eth0\"} 1"), "{text}");
    assert!(text.ends_with("sys/class/net/eth0/mtu\n"), "{text}");
}

#[test]
fn what_settles_is_read_again() {
    let tree = Tree::of(&[
        ("sys/class/net/eth0/flags", "0x1003\n"),
        ("sys/class/net/eth0/operstate", "up\n"),
        ("sys/class/net/eth0/mtu", "1500\n"),
        ("sys/class/net/eth1/operstate", "up\n"),
    ]);
    let mut collector = NetClass::default();
    let mut shows = |wanted: &str| render(&mut collector, &tree.root()).contains(wanted);
    assert!(shows("node_network_mtu_bytes{device=\"eth0\"} 1500"));

    // By the administrator's hand.
    tree.write("sys/class/net/eth0/mtu", "9000\n");
    let rounds = (1..=20).find(|_| shows("node_network_mtu_bytes{device=\"eth0\"} 9000"));
    assert_eq!(rounds, Some(i32::from(SETTLED_FOR)));

    // With an event of the link.
    tree.write("sys/class/net/eth0/mtu", "1400\n");
    tree.write("sys/class/net/eth0/flags", "0x1002\n");
    assert!(shows("node_network_mtu_bytes{device=\"eth0\"} 1400"));
    tree.write("sys/class/net/eth0/mtu", "1300\n");
    tree.write("sys/class/net/eth0/operstate", "down\n");
    assert!(shows("node_network_mtu_bytes{device=\"eth0\"} 1300"));
    assert!(shows("node_network_up{device=\"eth0\"} 0"));

    // A device that comes back is another one.
    tree.remove("sys/class/net/eth0");
    assert!(!shows("eth0"));
    tree.write("sys/class/net/eth0/mtu", "1200\n");
    assert!(shows("node_network_mtu_bytes{device=\"eth0\"} 1200"));
}

#[test]
fn without_sysfs() {
    expect![[r#"
        ! /sys/class/net is not there
    "#]]
    .assert_eq(&render(&mut NetClass::default(), &Tree::new().root()));
}
