use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn sockets_by_protocol() {
    let tree = Tree::of(&[
        (
            "proc/net/sockstat",
            "sockets: used 229\nTCP: inuse 4 orphan 0 tw 4 alloc 17 mem 1\nUDP: inuse 0 new 9\nRAW: inuse\n\
             FRAG: inuse 0 memory 4096\n",
        ),
        ("proc/net/sockstat6", "TCP6: inuse 17\n"),
    ]);
    let page = rustix::param::page_size();
    expect![[r#"
        # node_sockstat_FRAG_inuse gauge
        node_sockstat_FRAG_inuse 0
        # node_sockstat_FRAG_memory gauge
        node_sockstat_FRAG_memory 4096
        # node_sockstat_TCP6_inuse gauge
        node_sockstat_TCP6_inuse 17
        # node_sockstat_TCP_alloc gauge
        node_sockstat_TCP_alloc 17
        # node_sockstat_TCP_inuse gauge
        node_sockstat_TCP_inuse 4
        # node_sockstat_TCP_mem gauge
        node_sockstat_TCP_mem 1
        # node_sockstat_TCP_mem_bytes gauge
        node_sockstat_TCP_mem_bytes PAGE
        # node_sockstat_TCP_orphan gauge
        node_sockstat_TCP_orphan 0
        # node_sockstat_TCP_tw gauge
        node_sockstat_TCP_tw 4
        # node_sockstat_UDP_inuse gauge
        node_sockstat_UDP_inuse 0
        # node_sockstat_sockets_used gauge
        node_sockstat_sockets_used 229
        ! cannot read a line of /proc/net/sockstat: "RAW: inuse"
    "#]]
    .assert_eq(
        &render(&mut SockStat::default(), &tree.root())
            .replace(&format!("mem_bytes {page}"), "mem_bytes PAGE"),
    );
}

#[test]
fn only_ipv6() {
    let tree = Tree::of(&[("proc/net/sockstat6", "UDP6: inuse 9\n")]);
    expect![[r#"
        # node_sockstat_UDP6_inuse gauge
        node_sockstat_UDP6_inuse 9
    "#]]
    .assert_eq(&render(&mut SockStat::default(), &tree.root()));
}

#[test]
fn without_the_files() {
    expect![[r#"
        ! /proc/net/sockstat is not there
    "#]]
    .assert_eq(&render(&mut SockStat::default(), &Tree::new().root()));
}
