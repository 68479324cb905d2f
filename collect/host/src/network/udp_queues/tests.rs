use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const TITLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout \
    inode ref pointer drops\n";

#[test]
fn sums_over_sockets() {
    let tree = Tree::new();
    tree.write(
        "proc/net/udp",
        [
            TITLE,
            "    0: 0A000005:0016 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 2740 1 \
             0000000000000000 100 0\n",
            " 1632: 00000000:0016 00000000:0000 0A 00000010:0000000F 00:00000000 00000000     0        0 2740 1\n",
            " 1633: 00000000:0016 00000000:0000\n",
        ]
        .concat(),
    );
    expect![[r##"
        # node_udp_queues gauge
        node_udp_queues{ip="v4", queue="rx"} 16
        node_udp_queues{ip="v4", queue="tx"} 16
        ! cannot read a line of /proc/net/udp: "1633: 00000000:0016 00000000:0000"
    "##]]
    .assert_eq(&render(&mut UdpQueues::default(), &tree.root()));
    tree.write("proc/net/udp6", TITLE);
    tree.remove("proc/net/udp");
    expect![[r#"
        # node_udp_queues gauge
        node_udp_queues{ip="v6", queue="rx"} 0
        node_udp_queues{ip="v6", queue="tx"} 0
    "#]]
    .assert_eq(&render(&mut UdpQueues::default(), &tree.root()));
}

#[test]
fn without_the_files() {
    expect![[r#"
        ! /proc/net/udp is not there
    "#]]
    .assert_eq(&render(&mut UdpQueues::default(), &Tree::new().root()));
}
