use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn zones_of_nodes() {
    let tree = Tree::of(&[(
        "proc/zoneinfo",
        "Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 230981
      nr_dirtied   3002526
      nr_future    1
  pages free     3952
        boost    0
        min      33
        low      x
        high     49
        spanned  4095
        protection: (0, 2877, 7826)
      nr_free_pages 3952
      numa_hit     1
  pagesets
    cpu: 0
              count: 0
              high:  0
              min      9
Node 1, zone   Normal
        managed  18446744073709551615
        protection: 0
Node x, zone   Normal
        min      3
",
    )]);
    expect![[r##"
        # node_zoneinfo_high_pages gauge
        node_zoneinfo_high_pages{node="0", zone="DMA"} 49
        # node_zoneinfo_managed_pages gauge
        node_zoneinfo_managed_pages{node="1", zone="Normal"} 18446744073709552000
        # node_zoneinfo_min_pages gauge
        node_zoneinfo_min_pages{node="0", zone="DMA"} 33
        # node_zoneinfo_nr_dirtied_total counter
        node_zoneinfo_nr_dirtied_total{node="0", zone="DMA"} 3002526
        # node_zoneinfo_nr_free_pages gauge
        node_zoneinfo_nr_free_pages{node="0", zone="DMA"} 3952
        # node_zoneinfo_nr_inactive_anon_pages gauge
        node_zoneinfo_nr_inactive_anon_pages{node="0", zone="DMA"} 230981
        # node_zoneinfo_numa_hit_total counter
        node_zoneinfo_numa_hit_total{node="0", zone="DMA"} 1
        # node_zoneinfo_protection_0 gauge
        node_zoneinfo_protection_0{node="0", zone="DMA"} 0
        node_zoneinfo_protection_0{node="1", zone="Normal"} 0
        # node_zoneinfo_protection_1 gauge
        node_zoneinfo_protection_1{node="0", zone="DMA"} 2877
        # node_zoneinfo_protection_2 gauge
        node_zoneinfo_protection_2{node="0", zone="DMA"} 7826
        # node_zoneinfo_spanned_pages gauge
        node_zoneinfo_spanned_pages{node="0", zone="DMA"} 4095
        ! cannot parse line of /proc/zoneinfo: low      x (and 1 more)
    "##]]
    .assert_eq(&render(&mut Zoneinfo::default(), &tree.root()));
    expect![[r#"
        ! /proc/zoneinfo is not there
    "#]]
    .assert_eq(&render(&mut Zoneinfo::default(), &Tree::new().root()));
}
