use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const TITLES: &str = "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls \
carrier compressed
";

#[test]
fn traffic_by_device() {
    let tree = Tree::of(&[("sys/class/net/eth0/statistics/rx_nohandler", "17\n")]);
    tree.write(
        "proc/net/dev",
        [
            TITLES,
            "  eth0:18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
            "eth0:1:  1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
            "  bad0:  1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
            "  bad1:  x 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        ]
        .concat(),
    );
    let text = render(&mut NetDev::default(), &tree.root());
    expect![[r#"
        node_network_receive_bytes_total{device="eth0"} 18446744073709552000
        node_network_receive_compressed_total{device="eth0"} 7
        node_network_receive_drop_total{device="eth0"} 4
        node_network_receive_errs_total{device="eth0"} 3
        node_network_receive_fifo_total{device="eth0"} 5
        node_network_receive_frame_total{device="eth0"} 6
        node_network_receive_multicast_total{device="eth0"} 8
        node_network_receive_nohandler_total{device="eth0"} 17
        node_network_receive_packets_total{device="eth0"} 2
        node_network_transmit_bytes_total{device="eth0"} 9
        node_network_transmit_carrier_total{device="eth0"} 15
        node_network_transmit_colls_total{device="eth0"} 14
        node_network_transmit_compressed_total{device="eth0"} 16
        node_network_transmit_drop_total{device="eth0"} 12
        node_network_transmit_errs_total{device="eth0"} 11
        node_network_transmit_fifo_total{device="eth0"} 13
        node_network_transmit_packets_total{device="eth0"} 10
    "#]]
    .assert_eq(
        &text
            .lines()
            .filter(|line| line.contains("{device=\"eth0\"}"))
            .flat_map(|line| [line, "\n"])
            .collect::<String>(),
    );
    expect![[r#"
        node_network_receive_bytes_total{device="eth0:1"} 1
        ! cannot read a line of /proc/net/dev: "bad0:  1 0 0 0 0 0 0 0 0 0 0 0 0 0 0" (and 1 more)
    "#]]
    .assert_eq(
        &text
            .lines()
            .filter(|line| line.starts_with('!') || line.contains("bytes_total{device=\"eth0:1\"} 1"))
            .flat_map(|line| [line, "\n"])
            .collect::<String>(),
    );
}

#[test]
fn without_the_file() {
    expect![[r#"
        ! /proc/net/dev is not there
    "#]]
    .assert_eq(&render(&mut NetDev::default(), &Tree::new().root()));
}
