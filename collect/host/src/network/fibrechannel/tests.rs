use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn host_adapter() {
    let tree = Tree::of(&[
        ("sys/class/fc_host/host0/speed", "16 Gbit\n"),
        ("sys/class/fc_host/host0/port_state", "Online\n"),
        ("sys/class/fc_host/host0/port_id", "0x000002\n"),
        ("sys/class/fc_host/host0/port_name", "0x1000e0071bce95f2\n"),
        ("sys/class/fc_host/host0/symbolic_name", "Emulex SN1100E2P\n"),
        ("sys/class/fc_host/host0/statistics/rx_frames", "0x3\n"),
        (
            "sys/class/fc_host/host0/statistics/tx_words",
            "0xffffffffffffffff\n",
        ),
        ("sys/class/fc_host/host0/statistics/nos_count", "0x12\n"),
        ("sys/class/fc_host/host0/statistics/error_frames", "unknown\n"),
        ("sys/class/fc_host/host1/port_state", "Linkdown\n"),
    ]);
    let text = render(&mut FibreChannel::default(), &tree.root());
    let (samples, error) = text.split_once("! ").unwrap();
    expect![[r#"
        # node_fibrechannel_info gauge
        node_fibrechannel_info{fc_host="host0", port_id="000002", port_name="1000e0071bce95f2", port_state="Online", speed="16 Gbit", symbolic_name="Emulex SN1100E2P"} 1
        node_fibrechannel_info{fc_host="host1", port_state="Linkdown"} 1
        # node_fibrechannel_nos_total counter
        node_fibrechannel_nos_total{fc_host="host0"} 18
        # node_fibrechannel_rx_frames_total counter
        node_fibrechannel_rx_frames_total{fc_host="host0"} 3
    "#]]
    .assert_eq(samples);
    assert!(error.ends_with("host0/statistics/error_frames\n"), "{error}");
}

#[test]
fn without_adapters() {
    expect![[r#"
        ! /sys/class/fc_host is not there
    "#]]
    .assert_eq(&render(&mut FibreChannel::default(), &Tree::new().root()));
}
