use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn statistics_of_a_device() {
    let tree = Tree::of(&[
        (
            "sys/fs/xfs/sda1/stats/stats",
            "extent_alloc 1 2 3 4\nabt 5 6\nrw 28 29\nvnodes 4 5 6 7 8 9 10 11\nxpc 399724544 92823103 86219234\n\
             gc xpc 1\ndebug 0\n",
        ),
        ("sys/fs/xfs/stats/stats", "rw 999 999\n"),
        ("sys/fs/xfs/debug/bug_on_assert", "0\n"),
    ]);
    expect![[r#"
        # node_xfs_allocation_btree_compares_total counter
        node_xfs_allocation_btree_compares_total{device="sda1"} 6
        # node_xfs_allocation_btree_lookups_total counter
        node_xfs_allocation_btree_lookups_total{device="sda1"} 5
        # node_xfs_extent_allocation_blocks_allocated_total counter
        node_xfs_extent_allocation_blocks_allocated_total{device="sda1"} 2
        # node_xfs_extent_allocation_blocks_freed_total counter
        node_xfs_extent_allocation_blocks_freed_total{device="sda1"} 4
        # node_xfs_extent_allocation_extents_allocated_total counter
        node_xfs_extent_allocation_extents_allocated_total{device="sda1"} 1
        # node_xfs_extent_allocation_extents_freed_total counter
        node_xfs_extent_allocation_extents_freed_total{device="sda1"} 3
        # node_xfs_read_calls_total counter
        node_xfs_read_calls_total{device="sda1"} 29
        # node_xfs_vnode_active_total counter
        node_xfs_vnode_active_total{device="sda1"} 4
        # node_xfs_vnode_allocate_total counter
        node_xfs_vnode_allocate_total{device="sda1"} 5
        # node_xfs_vnode_get_total counter
        node_xfs_vnode_get_total{device="sda1"} 6
        # node_xfs_vnode_hold_total counter
        node_xfs_vnode_hold_total{device="sda1"} 7
        # node_xfs_vnode_reclaim_total counter
        node_xfs_vnode_reclaim_total{device="sda1"} 9
        # node_xfs_vnode_release_total counter
        node_xfs_vnode_release_total{device="sda1"} 8
        # node_xfs_vnode_remove_total counter
        node_xfs_vnode_remove_total{device="sda1"} 10
        # node_xfs_write_calls_total counter
        node_xfs_write_calls_total{device="sda1"} 28
        ! cannot read a line of statistics of sda1: "abt 5 6"
    "#]]
    .assert_eq(&render(&mut Xfs::default(), &tree.root()));
}

#[test]
fn nothing_mounted() {
    let tree = Tree::of(&[("sys/fs/xfs/stats/stats", "rw 0 0\n")]);
    expect![[r#"
        ! a mounted XFS file system is not there
    "#]]
    .assert_eq(&render(&mut Xfs::default(), &tree.root()));
    expect![[r#"
        ! /sys/fs/xfs is not there
    "#]]
    .assert_eq(&render(&mut Xfs::default(), &Tree::new().root()));
}
