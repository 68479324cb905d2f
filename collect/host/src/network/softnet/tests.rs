use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn lines_of_new_and_old_kernels() {
    let tree = Tree::of(&[(
        "proc/net/softnet_stat",
        "00049279 00000000 00000001 00000000 00000000 00000000 00000000 00000000 00000002 00000003 00000004 \
         00000005 00000006 00000000 00000000\n\
         000dfb82 00000029 0000000a 00000000 00000000 00000000 00000000 00000000 00000000\n\
         00000001 00000002\n",
    )]);
    expect![[r#"
        # node_softnet_backlog_len gauge
        node_softnet_backlog_len{cpu="1"} 0
        node_softnet_backlog_len{cpu="6"} 5
        # node_softnet_cpu_collision_total counter
        node_softnet_cpu_collision_total{cpu="1"} 0
        node_softnet_cpu_collision_total{cpu="6"} 2
        # node_softnet_dropped_total counter
        node_softnet_dropped_total{cpu="1"} 41
        node_softnet_dropped_total{cpu="6"} 0
        # node_softnet_flow_limit_count_total counter
        node_softnet_flow_limit_count_total{cpu="1"} 0
        node_softnet_flow_limit_count_total{cpu="6"} 4
        # node_softnet_processed_total counter
        node_softnet_processed_total{cpu="1"} 916354
        node_softnet_processed_total{cpu="6"} 299641
        # node_softnet_received_rps_total counter
        node_softnet_received_rps_total{cpu="1"} 0
        node_softnet_received_rps_total{cpu="6"} 3
        # node_softnet_times_squeezed_total counter
        node_softnet_times_squeezed_total{cpu="1"} 10
        node_softnet_times_squeezed_total{cpu="6"} 1
        ! cannot read a line of /proc/net/softnet_stat: "00000001 00000002"
    "#]]
    .assert_eq(&render(&mut SoftNet::default(), &tree.root()));
}

#[test]
fn without_the_file() {
    expect![[r#"
        ! /proc/net/softnet_stat is not there
    "#]]
    .assert_eq(&render(&mut SoftNet::default(), &Tree::new().root()));
}
