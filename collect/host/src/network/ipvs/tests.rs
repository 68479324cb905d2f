use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const STATS: &str = "   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
 16AA370 E33656E5        0     51D8C8883AB3        0

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       4    1FB3C        0          1282A8F                0
";

const TITLES: &str = "IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
";

#[test]
fn totals_and_real_servers() {
    let tree = Tree::of(&[("proc/net/ip_vs_stats", STATS)]);
    tree.write(
        "proc/net/ip_vs",
        [
            TITLES,
            "TCP  C0A80016:0CEA wlc\n",
            "  -> C0A85216:0CEA      Tunnel  100    248        2\n",
            "  -> C0A85318:0CEA      Tunnel  100    248\n",
            "UDP  [2620:0000:0000:0000:0000:0000:0000:0001]:0050 sh\n",
            "  -> [2620:0000:0000:0000:0000:0000:0000:0002]:0050      Route   1      0          1\n",
            "SCTP C0A80037:0CEA wlc\n",
            "FWM  10001000 wlc\n",
            "  -> C0A8321A:0CEA      Route   20     64         1498\n",
            "  -> C0A8321A           Route   20     64         1498\n",
        ]
        .concat(),
    );
    expect![[r##"
        # node_ipvs_backend_connections_active gauge
        node_ipvs_backend_connections_active{local_address="192.168.0.22", local_port="3306", proto="TCP", remote_address="192.168.82.22", remote_port="3306"} 248
        node_ipvs_backend_connections_active{local_address="2620::1", local_port="80", proto="UDP", remote_address="2620::2", remote_port="80"} 0
        node_ipvs_backend_connections_active{local_mark="10001000", local_port="0", proto="FWM", remote_address="192.168.50.26", remote_port="3306"} 64
        # node_ipvs_backend_connections_inactive gauge
        node_ipvs_backend_connections_inactive{local_address="192.168.0.22", local_port="3306", proto="TCP", remote_address="192.168.82.22", remote_port="3306"} 2
        node_ipvs_backend_connections_inactive{local_address="2620::1", local_port="80", proto="UDP", remote_address="2620::2", remote_port="80"} 1
        node_ipvs_backend_connections_inactive{local_mark="10001000", local_port="0", proto="FWM", remote_address="192.168.50.26", remote_port="3306"} 1498
        # node_ipvs_backend_weight gauge
        node_ipvs_backend_weight{local_address="192.168.0.22", local_port="3306", proto="TCP", remote_address="192.168.82.22", remote_port="3306"} 100
        node_ipvs_backend_weight{local_address="2620::1", local_port="80", proto="UDP", remote_address="2620::2", remote_port="80"} 1
        node_ipvs_backend_weight{local_mark="10001000", local_port="0", proto="FWM", remote_address="192.168.50.26", remote_port="3306"} 20
        # node_ipvs_connections_total counter
        node_ipvs_connections_total 23765872
        # node_ipvs_incoming_bytes_total counter
        node_ipvs_incoming_bytes_total 89991519156915
        # node_ipvs_incoming_packets_total counter
        node_ipvs_incoming_packets_total 3811989221
        # node_ipvs_outgoing_bytes_total counter
        node_ipvs_outgoing_bytes_total 0
        # node_ipvs_outgoing_packets_total counter
        node_ipvs_outgoing_packets_total 0
        ! cannot read a line of /proc/net/ip_vs: "-> C0A85318:0CEA      Tunnel  100    248" (and 1 more)
    "##]]
    .assert_eq(&render(&mut Ipvs::default(), &tree.root()));
}

#[test]
fn module_not_loaded() {
    expect![[r#"
        ! /proc/net/ip_vs_stats is not there
    "#]]
    .assert_eq(&render(&mut Ipvs::default(), &Tree::new().root()));
}
