use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn file_system_on_four_devices() {
    let tree = Tree::of(&[("sys/fs/btrfs/features/raid56", "0\n")]);
    for (file, content) in [
        ("label", "fixture\n"),
        ("metadata_uuid", "7f07c59f-6136-449c-ab87-e1cf2328731b\n"),
        ("devices/loop22/size", "20971520\n"),
        ("devices/loop23/size", "20971520\n"),
        ("devices/loop24/size", "20971520\n"),
        ("devices/loop25/size", "20971520\n"),
        (
            "commit_stats",
            "commits 258051\nlast_commit_ms 1000\nmax_commit_ms 51462\ntotal_commit_ms 47836090\nodd\n",
        ),
        ("allocation/global_rsv_size", "16777216\n"),
        ("allocation/data/bytes_reserved", "5\n"),
        ("allocation/data/raid5/total_bytes", "644087808\n"),
        ("allocation/data/raid5/used_bytes", "0\n"),
        ("allocation/metadata/bytes_reserved", "0\n"),
        ("allocation/metadata/raid6/total_bytes", "429391872\n"),
        ("allocation/metadata/raid6/used_bytes", "114688\n"),
        ("allocation/metadata/newmode/used_bytes", "1\n"),
    ] {
        tree.write(&format!("sys/fs/btrfs/7f07c59f-other/{file}"), content);
    }
    expect![[r#"
        # node_btrfs_allocation_ratio gauge
        node_btrfs_allocation_ratio{block_group_type="data", mode="raid5", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 1.3333333333333333
        node_btrfs_allocation_ratio{block_group_type="metadata", mode="newmode", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 0
        node_btrfs_allocation_ratio{block_group_type="metadata", mode="raid6", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 2
        # node_btrfs_commit_seconds_total counter
        node_btrfs_commit_seconds_total{uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 47836.09
        # node_btrfs_commits_total counter
        node_btrfs_commits_total{uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 258051
        # node_btrfs_device_size_bytes gauge
        node_btrfs_device_size_bytes{device="loop22", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 10737418240
        node_btrfs_device_size_bytes{device="loop23", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 10737418240
        node_btrfs_device_size_bytes{device="loop24", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 10737418240
        node_btrfs_device_size_bytes{device="loop25", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 10737418240
        # node_btrfs_global_rsv_size_bytes gauge
        node_btrfs_global_rsv_size_bytes{uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 16777216
        # node_btrfs_info gauge
        node_btrfs_info{label="fixture", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 1
        # node_btrfs_last_commit_seconds gauge
        node_btrfs_last_commit_seconds{uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 1
        # node_btrfs_max_commit_seconds gauge
        node_btrfs_max_commit_seconds{uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 51.462
        # node_btrfs_reserved_bytes gauge
        node_btrfs_reserved_bytes{block_group_type="data", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 5
        node_btrfs_reserved_bytes{block_group_type="metadata", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 0
        # node_btrfs_size_bytes gauge
        node_btrfs_size_bytes{block_group_type="data", mode="raid5", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 644087808
        node_btrfs_size_bytes{block_group_type="metadata", mode="newmode", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 0
        node_btrfs_size_bytes{block_group_type="metadata", mode="raid6", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 429391872
        # node_btrfs_used_bytes gauge
        node_btrfs_used_bytes{block_group_type="data", mode="raid5", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 0
        node_btrfs_used_bytes{block_group_type="metadata", mode="newmode", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 1
        node_btrfs_used_bytes{block_group_type="metadata", mode="raid6", uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"} 114688
    "#]]
    .assert_eq(&render(&mut Btrfs::default(), &tree.root()));
}

#[test]
fn old_kernel_without_names() {
    let tree = Tree::new();
    tree.folder("sys/fs/btrfs/0abb23a9-579b");
    let text = render(&mut Btrfs::default(), &tree.root());
    assert!(
        text.contains("node_btrfs_info{uuid=\"0abb23a9-579b\"} 1"),
        "{text}"
    );
    assert!(
        text.contains("node_btrfs_commits_total{uuid=\"0abb23a9-579b\"} 0"),
        "{text}"
    );
    assert!(!text.contains('!'), "{text}");
}

#[test]
fn nothing_mounted() {
    let tree = Tree::of(&[("sys/fs/btrfs/features/raid56", "0\n")]);
    expect![[r#"
        ! a mounted Btrfs file system is not there
    "#]]
    .assert_eq(&render(&mut Btrfs::default(), &tree.root()));
}
