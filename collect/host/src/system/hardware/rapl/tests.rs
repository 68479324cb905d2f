use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

fn zone(tree: &Tree, dir: &str, name: &str, energy: &str) {
    tree.write(&format!("{POWERCAP_DIR}/{dir}/name"), format!("{name}\n"))
        .write(&format!("{POWERCAP_DIR}/{dir}/energy_uj"), format!("{energy}\n"));
}

#[test]
fn zones() {
    let tree = Tree::new();
    tree.write(&format!("{POWERCAP_DIR}/intel-rapl/enabled"), "1\n");
    zone(&tree, "intel-rapl:0", "package-0", "240422366267");
    zone(&tree, "intel-rapl:0:0", "core", "118821284256");
    zone(&tree, "intel-rapl:0:1", "dram", "1");
    zone(&tree, "intel-rapl:1", "package-1", "18446744073709551615");
    zone(&tree, "intel-rapl:1:0", "core", "2000000");
    zone(&tree, "intel-rapl:1:1", "dram", "none");
    zone(&tree, "intel-rapl:2", "psys-a b-1", "3");
    let mut collector = Rapl::default();
    expect![[r##"
        # node_rapl_core_joules_total counter
        node_rapl_core_joules_total{index="0", path="/sys/class/powercap/intel-rapl:0:0"} 118821.284256
        node_rapl_core_joules_total{index="1", path="/sys/class/powercap/intel-rapl:1:0"} 2
        # node_rapl_dram_joules_total counter
        node_rapl_dram_joules_total{index="0", path="/sys/class/powercap/intel-rapl:0:1"} 0.000001
        # node_rapl_package_joules_total counter
        node_rapl_package_joules_total{index="0", path="/sys/class/powercap/intel-rapl:0"} 240422.366267
        node_rapl_package_joules_total{index="1", path="/sys/class/powercap/intel-rapl:1"} 18446744073709.55
        # node_rapl_psys_a_b_1_joules_total counter
        node_rapl_psys_a_b_1_joules_total{index="0", path="/sys/class/powercap/intel-rapl:2"} 0.000003
        ! failed to read /sys/class/powercap/intel-rapl:1:1/energy_uj: not a number
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
    for dir in ["0:0", "0:1", "1", "1:0", "1:1", "2"] {
        tree.remove(&format!("{POWERCAP_DIR}/intel-rapl:{dir}"));
    }
    expect![[r##"
        # node_rapl_package_joules_total counter
        node_rapl_package_joules_total{index="0", path="/sys/class/powercap/intel-rapl:0"} 240422.366267
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
}

#[test]
fn machines_without() {
    let tree = Tree::new();
    expect![[r#"
        ! /sys/class/powercap is not there
    "#]]
    .assert_eq(&render(&mut Rapl::default(), &tree.root()));
    tree.folder(&format!("{POWERCAP_DIR}/intel-rapl"));
    expect![[r#"
        ! /sys/class/powercap/intel-rapl:0 is not there
    "#]]
    .assert_eq(&render(&mut Rapl::default(), &tree.root()));
}

#[test]
fn names() {
    let check = |name, expected| assert_eq!(clean(name), expected, "{name:?}");
    check("core", "core");
    check("psys a-b", "psys_a_b");
    check("a_-_b", "a_b");
    check("a__b_", "a__b_");
    check("-é-", "_");
    check("", "");
}
