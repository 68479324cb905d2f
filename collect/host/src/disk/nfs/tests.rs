use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

fn nonzero(text: &str) -> String {
    text.lines()
        .filter(|line| !line.ends_with(" 0") && !line.starts_with('#'))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn client() {
    let tree = Tree::of(&[(
        "proc/net/rpc/nfs",
        "net 70 71 69 45\nrpc 1218785755 374636 9\nproc3 22 0 11 12 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 99\n\
         proc4 48 98 51 0 odd 5\nfuture 1 2\n",
    )]);
    let text = render(&mut Nfs::default(), &tree.root());
    expect![[r#"
        node_nfs_connections_total 45
        node_nfs_packets_total{protocol="tcp"} 69
        node_nfs_packets_total{protocol="udp"} 71
        node_nfs_requests_total{method="Commit", proto="3"} 99
        node_nfs_requests_total{method="GetAttr", proto="3"} 11
        node_nfs_requests_total{method="Null", proto="4"} 98
        node_nfs_requests_total{method="Read", proto="4"} 51
        node_nfs_requests_total{method="SetAttr", proto="3"} 12
        node_nfs_rpc_authentication_refreshes_total 9
        node_nfs_rpc_retransmissions_total 374636
        node_nfs_rpcs_total 1218785755
        ! line proc4 has no numbers
    "#]]
    .assert_eq(&nonzero(&text));
    // A kernel without version 2 still has its series.
    assert!(
        text.contains("node_nfs_requests_total{method=\"FsStat\", proto=\"2\"} 0\n"),
        "{text}"
    );
}

#[test]
fn server() {
    let tree = Tree::of(&[(
        "proc/net/rpc/nfsd",
        "rc 1 6 18622\nfh 2 0 0 0 0\nio 157286400 72864\nth 8 0 0.000 0.000\nra 32 0 0 0 0 0 0 0 0 0 0 3\n\
         net 972 55 917 1\nrpc 18628 3 1 2 4\nproc3 22 5 112 0\nproc4 2 2 10853\n\
         proc4ops 72 9 9 9 1098 2 0 0 0 0 8179 5896 0 0 0 0 5900 0 0 2 0 2 0 9609 7 7 150 1272\n\
         wdeleg_getattr 15\n",
    )]);
    expect![[r#"
        node_nfsd_connections_total 1
        node_nfsd_disk_bytes_read_total 157286400
        node_nfsd_disk_bytes_written_total 72864
        node_nfsd_file_handles_stale_total 2
        node_nfsd_packets_total{proto="tcp"} 917
        node_nfsd_packets_total{proto="udp"} 55
        node_nfsd_read_ahead_cache_not_found_total 3
        node_nfsd_read_ahead_cache_size_blocks 32
        node_nfsd_reply_cache_hits_total 1
        node_nfsd_reply_cache_misses_total 6
        node_nfsd_reply_cache_nocache_total 18622
        node_nfsd_requests_total{method="Access", proto="4"} 1098
        node_nfsd_requests_total{method="Close", proto="4"} 2
        node_nfsd_requests_total{method="GetAttr", proto="3"} 112
        node_nfsd_requests_total{method="GetAttr", proto="4"} 8179
        node_nfsd_requests_total{method="GetFH", proto="4"} 5896
        node_nfsd_requests_total{method="Lookup", proto="4"} 5900
        node_nfsd_requests_total{method="Open", proto="4"} 2
        node_nfsd_requests_total{method="OpenConfirm", proto="4"} 2
        node_nfsd_requests_total{method="PutFH", proto="4"} 9609
        node_nfsd_requests_total{method="Read", proto="4"} 150
        node_nfsd_requests_total{method="ReadDir", proto="4"} 1272
        node_nfsd_requests_total{method="WdelegGetattr", proto="4"} 15
        node_nfsd_rpc_errors_total{error="auth"} 2
        node_nfsd_rpc_errors_total{error="cInt"} 4
        node_nfsd_rpc_errors_total{error="fmt"} 1
        node_nfsd_server_rpcs_total 18628
        node_nfsd_server_threads 8
    "#]]
    .assert_eq(&nonzero(&render(&mut Nfsd::default(), &tree.root())));
}

#[test]
fn without_nfs() {
    let tree = Tree::new();
    expect![[r#"
        ! /proc/net/rpc/nfs is not there
    "#]]
    .assert_eq(&render(&mut Nfs::default(), &tree.root()));
    expect![[r#"
        ! /proc/net/rpc/nfsd is not there
    "#]]
    .assert_eq(&render(&mut Nfsd::default(), &tree.root()));
}
