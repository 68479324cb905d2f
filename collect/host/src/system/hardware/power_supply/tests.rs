use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn supplies() {
    let tree = Tree::of(&[
        ("sys/class/power_supply/AC/online", "0\n"),
        ("sys/class/power_supply/AC/type", "Mains\n"),
        ("sys/class/power_supply/AC/uevent", "POWER_SUPPLY_NAME=AC\n"),
        ("sys/class/power_supply/BAT0/capacity", "81\n"),
        ("sys/class/power_supply/BAT0/capacity_level", "Normal\n"),
        ("sys/class/power_supply/BAT0/charge_now", "1800000\n"),
        ("sys/class/power_supply/BAT0/current_now", "-3500000\n"),
        ("sys/class/power_supply/BAT0/cycle_count", "0\n"),
        ("sys/class/power_supply/BAT0/energy_full", "50060000\n"),
        ("sys/class/power_supply/BAT0/energy_now", "40000000\n"),
        ("sys/class/power_supply/BAT0/manufacturer", "LGC \n"),
        ("sys/class/power_supply/BAT0/model_name", "LNV-45N1127\n"),
        ("sys/class/power_supply/BAT0/power_now", "much\n"),
        ("sys/class/power_supply/BAT0/status", "Not charging\n"),
        ("sys/class/power_supply/BAT0/temp", "255\n"),
        ("sys/class/power_supply/BAT0/temp_alert_max", "-400\n"),
        ("sys/class/power_supply/BAT0/time_to_empty_now", "3600\n"),
        ("sys/class/power_supply/BAT0/voltage_now", "12229000\n"),
        ("sys/class/power_supply/BAT0/future_file", "1\n"),
    ]);
    expect![[r##"
        # node_power_supply_capacity gauge
        node_power_supply_capacity{power_supply="BAT0"} 81
        # node_power_supply_charge_ampere gauge
        node_power_supply_charge_ampere{power_supply="BAT0"} 1.8
        # node_power_supply_current_ampere gauge
        node_power_supply_current_ampere{power_supply="BAT0"} -3.5
        # node_power_supply_cyclecount gauge
        node_power_supply_cyclecount{power_supply="BAT0"} 0
        # node_power_supply_energy_full gauge
        node_power_supply_energy_full{power_supply="BAT0"} 50.06
        # node_power_supply_energy_watthour gauge
        node_power_supply_energy_watthour{power_supply="BAT0"} 40
        # node_power_supply_info gauge
        node_power_supply_info{capacity_level="Normal", manufacturer="LGC", model_name="LNV-45N1127", power_supply="BAT0", status="Not charging"} 1
        node_power_supply_info{power_supply="AC", type="Mains"} 1
        # node_power_supply_online gauge
        node_power_supply_online{power_supply="AC"} 0
        # node_power_supply_temp_alert_max_celsius gauge
        node_power_supply_temp_alert_max_celsius{power_supply="BAT0"} -40
        # node_power_supply_temp_celsius gauge
        node_power_supply_temp_celsius{power_supply="BAT0"} 25.5
        # node_power_supply_time_to_empty_seconds gauge
        node_power_supply_time_to_empty_seconds{power_supply="BAT0"} 3600
        # node_power_supply_voltage_volt gauge
        node_power_supply_voltage_volt{power_supply="BAT0"} 12.229
        ! failed to read /sys/class/power_supply/BAT0/power_now: not a number
    "##]].assert_eq(&render(&mut PowerSupply::default(), &tree.root()));
}

#[test]
fn machines_without() {
    let tree = Tree::new();
    expect![[r#"
        ! /sys/class/power_supply is not there
    "#]]
    .assert_eq(&render(&mut PowerSupply::default(), &tree.root()));
    tree.folder(POWER_SUPPLY_DIR);
    expect![[r#"
        ! a power supply in /sys/class/power_supply is not there
    "#]]
    .assert_eq(&render(&mut PowerSupply::default(), &tree.root()));
}
