use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn file_system_with_a_device() {
    let tree = Tree::new();
    for (file, content) in [
        ("btree_cache_size", "544M\n"),
        (
            "compression_stats",
            "type   compressed  uncompressed  average extent size\nlz4:   19.3G  67.0G  112k\nzstd   x 1\n",
        ),
        ("errors", "btree_node_read_err 5 1234567890\nodd\n"),
        (
            "counters/btree-node_read",
            "since mount:                67890\nsince filesystem creation:  0.5k\n",
        ),
        ("counters/bad", "nothing\n"),
        (
            "btree_write_stats",
            "                nr       size\ninitial:         19088  108k\n",
        ),
        ("dev-0/label", "ssd.ssd1\n"),
        ("dev-0/state", "rw\n"),
        ("dev-0/bucket_size", "512k\n"),
        ("dev-0/nbuckets", "524288\n"),
        ("dev-0/durability", "1\n"),
        (
            "dev-0/io_done",
            "ignored\nread:\nsb          :            3989504\nbtree       :         4411097088\nwrite:\nuser : 7\nodd\n",
        ),
        (
            "dev-0/io_errors",
            "IO errors since filesystem creation\n  read:    197346\n  write:   0\n\
             IO errors since 8 y ago\n  read:    1\n",
        ),
    ] {
        tree.write(&format!("sys/fs/bcachefs/deadbeef-1234/{file}"), content);
    }
    expect![[r#"
        # node_bcachefs_btree_cache_size_bytes gauge
        node_bcachefs_btree_cache_size_bytes{uuid="deadbeef-1234"} 570425344
        # node_bcachefs_btree_node_read_total counter
        node_bcachefs_btree_node_read_total{uuid="deadbeef-1234"} 512
        # node_bcachefs_btree_write_average_size_bytes gauge
        node_bcachefs_btree_write_average_size_bytes{type="initial", uuid="deadbeef-1234"} 110592
        # node_bcachefs_btree_writes_total counter
        node_bcachefs_btree_writes_total{type="initial", uuid="deadbeef-1234"} 19088
        # node_bcachefs_compression_compressed_bytes gauge
        node_bcachefs_compression_compressed_bytes{algorithm="lz4", uuid="deadbeef-1234"} 20723217203
        # node_bcachefs_compression_uncompressed_bytes gauge
        node_bcachefs_compression_uncompressed_bytes{algorithm="lz4", uuid="deadbeef-1234"} 71940702208
        # node_bcachefs_device_bucket_size_bytes gauge
        node_bcachefs_device_bucket_size_bytes{device="0", uuid="deadbeef-1234"} 524288
        # node_bcachefs_device_buckets gauge
        node_bcachefs_device_buckets{device="0", uuid="deadbeef-1234"} 524288
        # node_bcachefs_device_durability gauge
        node_bcachefs_device_durability{device="0", uuid="deadbeef-1234"} 1
        # node_bcachefs_device_info gauge
        node_bcachefs_device_info{device="0", label="ssd.ssd1", state="rw", uuid="deadbeef-1234"} 1
        # node_bcachefs_device_io_done_bytes_total counter
        node_bcachefs_device_io_done_bytes_total{data_type="btree", device="0", operation="read", uuid="deadbeef-1234"} 4411097088
        node_bcachefs_device_io_done_bytes_total{data_type="sb", device="0", operation="read", uuid="deadbeef-1234"} 3989504
        node_bcachefs_device_io_done_bytes_total{data_type="user", device="0", operation="write", uuid="deadbeef-1234"} 7
        # node_bcachefs_device_io_errors_total counter
        node_bcachefs_device_io_errors_total{device="0", type="read", uuid="deadbeef-1234"} 197346
        node_bcachefs_device_io_errors_total{device="0", type="write", uuid="deadbeef-1234"} 0
        # node_bcachefs_errors_total counter
        node_bcachefs_errors_total{error_type="btree_node_read_err", uuid="deadbeef-1234"} 5
        # node_bcachefs_info gauge
        node_bcachefs_info{uuid="deadbeef-1234"} 1
        ! cannot read compression_stats of deadbeef-1234 (and 3 more)
    "#]]
    .assert_eq(&render(&mut Bcachefs::default(), &tree.root()));
}

#[test]
fn nothing_mounted() {
    let tree = Tree::new();
    tree.folder("sys/fs/bcachefs");
    expect![[r#"
        ! a mounted bcachefs file system is not there
    "#]]
    .assert_eq(&render(&mut Bcachefs::default(), &tree.root()));
}
