use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn nodes() {
    let tree = Tree::of(&[
        (
            "sys/devices/system/node/node0/meminfo",
            "
Node 0 MemTotal:       134182340 kB
Node 0 Active(anon):     707915 kB
Node 0 HugePages_Total:     0
Node 0 Odd:     0 MB
",
        ),
        (
            "sys/devices/system/node/node0/numastat",
            "numa_hit 193460335812\nnuma_miss x\n",
        ),
        ("sys/devices/system/node/node1/numastat", "interleave_hit 3\n"),
        ("sys/devices/system/node/online", "0-1\n"),
        ("sys/devices/system/node/nodes/meminfo", "Node 0 MemTotal: 1 kB\n"),
    ]);
    expect![[r##"
        # node_memory_numa_Active_anon gauge
        node_memory_numa_Active_anon{node="0"} 724904960
        # node_memory_numa_HugePages_Total gauge
        node_memory_numa_HugePages_Total{node="0"} 0
        # node_memory_numa_MemTotal gauge
        node_memory_numa_MemTotal{node="0"} 137402716160
        # node_memory_numa_interleave_hit_total counter
        node_memory_numa_interleave_hit_total{node="1"} 3
        # node_memory_numa_numa_hit_total counter
        node_memory_numa_numa_hit_total{node="0"} 193460335812
        ! cannot parse line of /sys/devices/system/node/node0/meminfo: Node 0 Odd:     0 MB (and 2 more)
    "##]]
    .assert_eq(&render(&mut Numa::default(), &tree.root()));
    expect![[r#"
        ! /sys/devices/system/node is not there
    "#]]
    .assert_eq(&render(&mut Numa::default(), &Tree::new().root()));
}
