use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn three_files() {
    let tree = Tree::of(&[
        (
            "proc/net/netstat",
            "TcpExt: SyncookiesSent ListenDrops TCPPureAcks TCPTimeouts\nTcpExt: 1 2 3 4\n\
             IpExt: InNoRoutes InOctets\nIpExt: 1 6286396970\n\
             MPTcpExt: MPCapableSYNRX\nMPTcpExt: 0\n",
        ),
        (
            "proc/net/snmp",
            "Ip: Forwarding DefaultTTL\nIp: 1 64\n\
             Icmp: InMsgs InErrors InCsumErrors\nIcmp: 104 5 0\n\
             Tcp: RtoAlgorithm MaxConn ActiveOpens\nTcp: 1 -1 3556\n\
             Udp: InDatagrams NoPorts\nUdp: 88542\n\
             UdpLite: InErrors\nUdpLite: 0\n",
        ),
        (
            "proc/net/snmp6",
            "Ip6InReceives                   \t7\nIp6InOctets                     \t460\n\
             Icmp6InMsgs                     \t0\nUdp6NoPorts        many\nUdpLite6InErrors 3\nodd 1\n",
        ),
    ]);
    expect![[r#"
        # node_netstat_Icmp6_InMsgs unknown
        node_netstat_Icmp6_InMsgs 0
        # node_netstat_Icmp_InErrors unknown
        node_netstat_Icmp_InErrors 5
        # node_netstat_Icmp_InMsgs unknown
        node_netstat_Icmp_InMsgs 104
        # node_netstat_Ip6_InOctets unknown
        node_netstat_Ip6_InOctets 460
        # node_netstat_IpExt_InOctets unknown
        node_netstat_IpExt_InOctets 6286396970
        # node_netstat_Ip_Forwarding unknown
        node_netstat_Ip_Forwarding 1
        # node_netstat_TcpExt_ListenDrops unknown
        node_netstat_TcpExt_ListenDrops 2
        # node_netstat_TcpExt_SyncookiesSent unknown
        node_netstat_TcpExt_SyncookiesSent 1
        # node_netstat_TcpExt_TCPTimeouts unknown
        node_netstat_TcpExt_TCPTimeouts 4
        # node_netstat_Tcp_ActiveOpens unknown
        node_netstat_Tcp_ActiveOpens 3556
        # node_netstat_UdpLite6_InErrors unknown
        node_netstat_UdpLite6_InErrors 3
        # node_netstat_UdpLite_InErrors unknown
        node_netstat_UdpLite_InErrors 0
        # node_netstat_Udp_InDatagrams unknown
        node_netstat_Udp_InDatagrams 88542
        ! cannot read two lines of /proc/net/snmp: "Udp:" (and 1 more)
    "#]]
    .assert_eq(&render(&mut NetStat::default(), &tree.root()));
}

#[test]
fn without_ipv6() {
    let tree = Tree::of(&[
        ("proc/net/netstat", "IpExt: OutOctets\nIpExt: 9\n"),
        ("proc/net/snmp", ""),
    ]);
    expect![[r#"
        # node_netstat_IpExt_OutOctets unknown
        node_netstat_IpExt_OutOctets 9
    "#]]
    .assert_eq(&render(&mut NetStat::default(), &tree.root()));
}

#[test]
fn without_the_files() {
    expect![[r#"
        ! /proc/net/netstat is not there
    "#]]
    .assert_eq(&render(&mut NetStat::default(), &Tree::new().root()));
}
