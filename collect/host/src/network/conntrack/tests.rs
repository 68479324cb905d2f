use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const TITLE: &str = "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop \
    early_drop icmp_error  expect_new expect_create expect_delete search_restart\n";

#[test]
fn table_and_statistics() {
    let tree = Tree::of(&[
        ("proc/sys/net/netfilter/nf_conntrack_count", "123\n"),
        ("proc/sys/net/netfilter/nf_conntrack_max", "65536\n"),
    ]);
    tree.write(
        "proc/net/stat/nf_conntrack",
        [
            TITLE,
            "00000021  00000000 0000000a 00000000 00000003 00000ffe 00000000 00000001 00000002 00000001 \
             00000004 00000000 00000000  00000000 00000000 00000000 00000005\n",
            "00000021  00000000 00000001 00000000 00000001 00000001 00000000 00000001 00000001 00000001 \
             00000001 00000001 00000000  00000000 00000000 00000000\n",
            "00000021  00000000\n",
        ]
        .concat(),
    );
    expect![[r#"
        # node_nf_conntrack_entries gauge
        node_nf_conntrack_entries 123
        # node_nf_conntrack_entries_limit gauge
        node_nf_conntrack_entries_limit 65536
        # node_nf_conntrack_stat_drop gauge
        node_nf_conntrack_stat_drop 5
        # node_nf_conntrack_stat_early_drop gauge
        node_nf_conntrack_stat_early_drop 1
        # node_nf_conntrack_stat_found gauge
        node_nf_conntrack_stat_found 11
        # node_nf_conntrack_stat_ignore gauge
        node_nf_conntrack_stat_ignore 4095
        # node_nf_conntrack_stat_insert gauge
        node_nf_conntrack_stat_insert 3
        # node_nf_conntrack_stat_insert_failed gauge
        node_nf_conntrack_stat_insert_failed 2
        # node_nf_conntrack_stat_invalid gauge
        node_nf_conntrack_stat_invalid 4
        # node_nf_conntrack_stat_search_restart gauge
        node_nf_conntrack_stat_search_restart 5
        ! cannot read a line of /proc/net/stat/nf_conntrack: "00000021  00000000"
    "#]]
    .assert_eq(&render(&mut Conntrack::default(), &tree.root()));
}

#[test]
fn module_not_loaded() {
    expect![[r#"
        ! /proc/sys/net/netfilter/nf_conntrack_count is not there
    "#]]
    .assert_eq(&render(&mut Conntrack::default(), &Tree::new().root()));
}

#[test]
fn network_namespace_without_limit() {
    let tree = Tree::of(&[("proc/sys/net/netfilter/nf_conntrack_count", "7\n")]);
    expect![[r#"
        # node_nf_conntrack_entries gauge
        node_nf_conntrack_entries 7
    "#]]
    .assert_eq(&render(&mut Conntrack::default(), &tree.root()));
}
