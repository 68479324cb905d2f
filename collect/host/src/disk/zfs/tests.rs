use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn module_and_pools() {
    let tree = Tree::new();
    for (file, content) in [
        (
            "arcstats",
            "6 1 0x01 91 4368 5266997922 97951858082072\nname                            type data\n\
             hits                            4    8772612\nmemory_available_bytes          3    -922337203685477580\n\
             mru_ghost-hits                  4    21100\nbad                             4    x\n\
             text                            7    hello\n",
        ),
        ("zil", "1 1 0x01\n"),
        ("tank/state", "ONLINE\n"),
        (
            "tank/io",
            "12 3 0x00 1 80 79205351707403 395818011156865\nnread    nwritten reads    \n1884160  3206144  odd\n",
        ),
        (
            "tank/objset-1",
            "23 1 0x01 7 2160 221578688875 6665999035587\nname                            type data\n\
             dataset_name                    7    tank/data set  two\nwrites                          4    4\n",
        ),
        ("lost/state", "SUSPENDED\n"),
    ] {
        tree.write(&format!("proc/spl/kstat/zfs/{file}"), content);
    }
    expect![[r#"
        # node_zfs_arc_hits unknown
        node_zfs_arc_hits 8772612
        # node_zfs_arc_memory_available_bytes unknown
        node_zfs_arc_memory_available_bytes -922337203685477600
        # node_zfs_arc_mru_ghost_hits unknown
        node_zfs_arc_mru_ghost_hits 21100
        # node_zfs_zpool_dataset_writes unknown
        node_zfs_zpool_dataset_writes{dataset="tank/data set  two", zpool="tank"} 4
        # node_zfs_zpool_nread unknown
        node_zfs_zpool_nread{zpool="tank"} 1884160
        # node_zfs_zpool_nwritten unknown
        node_zfs_zpool_nwritten{zpool="tank"} 3206144
        # node_zfs_zpool_state gauge
        node_zfs_zpool_state{state="degraded", zpool="lost"} 0
        node_zfs_zpool_state{state="degraded", zpool="tank"} 0
        node_zfs_zpool_state{state="faulted", zpool="lost"} 0
        node_zfs_zpool_state{state="faulted", zpool="tank"} 0
        node_zfs_zpool_state{state="offline", zpool="lost"} 0
        node_zfs_zpool_state{state="offline", zpool="tank"} 0
        node_zfs_zpool_state{state="online", zpool="lost"} 0
        node_zfs_zpool_state{state="online", zpool="tank"} 1
        node_zfs_zpool_state{state="removed", zpool="lost"} 0
        node_zfs_zpool_state{state="removed", zpool="tank"} 0
        node_zfs_zpool_state{state="suspended", zpool="lost"} 1
        node_zfs_zpool_state{state="suspended", zpool="tank"} 0
        node_zfs_zpool_state{state="unavail", zpool="lost"} 0
        node_zfs_zpool_state{state="unavail", zpool="tank"} 0
        ! no number for bad in arcstats (and 2 more)
    "#]]
    .assert_eq(&render(&mut Zfs::default(), &tree.root()));
}

#[test]
fn without_the_module() {
    expect![[r#"
        ! /proc/spl/kstat/zfs is not there
    "#]]
    .assert_eq(&render(&mut Zfs::default(), &Tree::new().root()));
}
