use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn numbers_for_people() {
    for (text, expected) in [
        ("0", Some(0.0)),
        ("546", Some(546.0)),
        ("542k", Some(555_008.0)),
        ("0.5k", Some(500.0)),
        ("1.1M", Some(1_150_976.0)),
        ("289.7M", Some(303_755_264.0)),
        ("2.0G", Some(2_147_483_648.0)),
        ("", None),
        ("k", None),
        ("x1", None),
        ("1.xM", None),
    ] {
        assert_eq!(number(text.as_bytes()), expected, "{text}");
    }
    assert_eq!(signed(b"-5.0M"), Some(-5_242_880.0));
    assert_eq!(signed(b"7"), Some(7.0));
}

#[test]
fn set_with_a_backing_device_and_a_cache() {
    let tree = Tree::of(&[("sys/fs/bcache/register", "")]);
    for (file, content) in [
        ("average_key_size", "0\n"),
        ("cache_available_percent", "100\n"),
        ("btree_cache_size", "0.5k\n"),
        ("tree_depth", "deep\n"),
        ("internal/btree_read_average_duration_us", "1305\n"),
        ("internal/cache_read_races", "3\n"),
        ("bdev0/dirty_data", "4.0k\n"),
        (
            "bdev0/writeback_rate_debug",
            "rate:\t\t1.1M/sec\ndirty:\t\t20.4G\ntarget:\t\t20.4G\nproportional:\t427.5k\nintegral:\t790.0k\n\
             change:\t\t-321.5k/sec\nnext io:\t17ms\n",
        ),
        ("bdev0/stats_total/cache_hits", "546\n"),
        ("bdev0/stats_total/cache_readaheads", "13\n"),
        ("bdev1/stats_total/cache_hits", "1\n"),
        ("cache0/io_errors", "0\n"),
        ("cache0/metadata_written", "512\n"),
        ("cache0/written", "1.0k\n"),
    ] {
        tree.write(&format!("sys/fs/bcache/deaddd54-c735/{file}"), content);
    }
    let text = render(&mut Bcache::default(), &tree.root());
    let text: String = text
        .lines()
        .filter(|line| !line.ends_with(" 0") && !line.starts_with('#'))
        .flat_map(|line| [line, "\n"])
        .collect();
    expect![[r#"
        node_bcache_btree_cache_size_bytes{uuid="deaddd54-c735"} 500
        node_bcache_btree_read_average_duration_seconds{uuid="deaddd54-c735"} 0.000001305
        node_bcache_cache_available_percent{uuid="deaddd54-c735"} 100
        node_bcache_cache_hits_total{backing_device="bdev0", uuid="deaddd54-c735"} 546
        node_bcache_cache_hits_total{backing_device="bdev1", uuid="deaddd54-c735"} 1
        node_bcache_cache_read_races_total{uuid="deaddd54-c735"} 3
        node_bcache_cache_readaheads_total{backing_device="bdev0", uuid="deaddd54-c735"} 13
        node_bcache_dirty_data_bytes{backing_device="bdev0", uuid="deaddd54-c735"} 4096
        node_bcache_dirty_target_bytes{backing_device="bdev0", uuid="deaddd54-c735"} 21894266880
        node_bcache_metadata_written_bytes_total{cache_device="cache0", uuid="deaddd54-c735"} 512
        node_bcache_writeback_change{backing_device="bdev0", uuid="deaddd54-c735"} -329204
        node_bcache_writeback_rate{backing_device="bdev0", uuid="deaddd54-c735"} 1150976
        node_bcache_writeback_rate_integral_term{backing_device="bdev0", uuid="deaddd54-c735"} 808960
        node_bcache_writeback_rate_proportional_term{backing_device="bdev0", uuid="deaddd54-c735"} 437748
        node_bcache_written_bytes_total{cache_device="cache0", uuid="deaddd54-c735"} 1024
        ! no number in tree_depth
    "#]]
    .assert_eq(&text);
}

#[test]
fn without_the_driver() {
    expect![[r#"
        ! /sys/fs/bcache is not there
    "#]]
    .assert_eq(&render(&mut Bcache::default(), &Tree::new().root()));
}
