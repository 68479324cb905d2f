use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn zones_and_devices() {
    let tree = Tree::of(&[
        ("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n"),
        ("sys/class/thermal/thermal_zone0/temp", "49925\n"),
        ("sys/class/thermal/thermal_zone10/type", "acpitz\n"),
        ("sys/class/thermal/thermal_zone10/temp", "-44000\n"),
        ("sys/class/thermal/thermal_zone2/type", "iwlwifi_1\n"),
        ("sys/class/thermal/thermal_zone3/temp", "1\n"),
        ("sys/class/thermal/cooling_device0/type", "intel_powerclamp\n"),
        ("sys/class/thermal/cooling_device0/max_state", "50\n"),
        ("sys/class/thermal/cooling_device0/cur_state", "-1\n"),
        ("sys/class/thermal/cooling_device1/type", "Fan\n"),
        ("sys/class/thermal/cooling_device1/max_state", "fast\n"),
        ("sys/class/thermal/cooling_device1/cur_state", "1\n"),
    ]);
    let mut collector = Thermal::default();
    expect![[r##"
        # node_cooling_device_cur_state gauge
        node_cooling_device_cur_state{name="0", type="intel_powerclamp"} -1
        # node_cooling_device_max_state gauge
        node_cooling_device_max_state{name="0", type="intel_powerclamp"} 50
        # node_thermal_zone_temp gauge
        node_thermal_zone_temp{type="acpitz", zone="10"} -44
        node_thermal_zone_temp{type="x86_pkg_temp", zone="0"} 49.925
        ! /sys/class/thermal/thermal_zone3/type is not there (and 1 more)
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
    tree.remove("sys/class/thermal/cooling_device1")
        .remove("sys/class/thermal/thermal_zone3");
    expect![[r##"
        # node_cooling_device_cur_state gauge
        node_cooling_device_cur_state{name="0", type="intel_powerclamp"} -1
        # node_cooling_device_max_state gauge
        node_cooling_device_max_state{name="0", type="intel_powerclamp"} 50
        # node_thermal_zone_temp gauge
        node_thermal_zone_temp{type="acpitz", zone="10"} -44
        node_thermal_zone_temp{type="x86_pkg_temp", zone="0"} 49.925
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
}

#[test]
fn machines_without() {
    let tree = Tree::new();
    expect![[r#"
        ! /sys/class/thermal is not there
    "#]]
    .assert_eq(&render(&mut Thermal::default(), &tree.root()));
    tree.folder(THERMAL_DIR);
    expect![[r#"
        ! /sys/class/thermal/thermal_zone0 is not there
    "#]]
    .assert_eq(&render(&mut Thermal::default(), &tree.root()));
}
