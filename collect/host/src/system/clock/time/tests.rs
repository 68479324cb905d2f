use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

/// 22 November 2026, 03:20:01.5 UTC.
fn at_a_fixed_time() -> Time {
    Time {
        now_ns: || 1_795_317_601_500_000_000,
        ..Time::default()
    }
}

#[test]
fn time_zone_and_sources() {
    let tree = Tree::of(&[
        (
            "sys/devices/system/clocksource/clocksource0/available_clocksource",
            "tsc hpet acpi_pm \n",
        ),
        (
            "sys/devices/system/clocksource/clocksource0/current_clocksource",
            "tsc\n",
        ),
    ]);
    tree.folder("sys/devices/system/clocksource/clocksource1")
        .folder("sys/devices/system/clocksource/power");
    expect![[r##"
        # node_time_clocksource_available_info gauge
        node_time_clocksource_available_info{clocksource="acpi_pm", device="0"} 1
        node_time_clocksource_available_info{clocksource="hpet", device="0"} 1
        node_time_clocksource_available_info{clocksource="tsc", device="0"} 1
        # node_time_clocksource_current_info gauge
        node_time_clocksource_current_info{clocksource="tsc", device="0"} 1
        # node_time_seconds gauge
        node_time_seconds 1795317601.5
        # node_time_zone_offset_seconds gauge
        node_time_zone_offset_seconds{time_zone="UTC"} 0
        ! /sys/devices/system/clocksource/clocksource1/available_clocksource is not there (and 1 more)
    "##]]
    .assert_eq(&render(&mut at_a_fixed_time(), &tree.root()));
    tree.write("etc/localtime", "TZif");
    expect![[r##"
        # node_time_clocksource_available_info gauge
        node_time_clocksource_available_info{clocksource="acpi_pm", device="0"} 1
        node_time_clocksource_available_info{clocksource="hpet", device="0"} 1
        node_time_clocksource_available_info{clocksource="tsc", device="0"} 1
        # node_time_clocksource_current_info gauge
        node_time_clocksource_current_info{clocksource="tsc", device="0"} 1
        # node_time_seconds gauge
        node_time_seconds 1795317601.5
        # node_time_zone_offset_seconds gauge
        node_time_zone_offset_seconds{time_zone="UTC"} 0
        ! cannot parse /etc/localtime (and 2 more)
    "##]]
    .assert_eq(&render(&mut at_a_fixed_time(), &tree.root()));
}

#[test]
fn a_link_to_the_zone_is_followed_within_the_tree() {
    let tree = Tree::new();
    // Version 1, no transitions, one type: +5:45 as "+0545".
    let mut file = b"TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    for count in [0_u32, 0, 0, 0, 1, 6] {
        file.extend(count.to_be_bytes());
    }
    file.extend(20_700_i32.to_be_bytes());
    file.extend([0, 0]);
    file.extend(b"+0545\0");
    tree.write("usr/share/zoneinfo/Asia/Kathmandu", file)
        .link("etc/localtime", "/usr/share/zoneinfo/Asia/Kathmandu");
    expect![[r##"
        # node_time_seconds gauge
        node_time_seconds 1795317601.5
        # node_time_zone_offset_seconds gauge
        node_time_zone_offset_seconds{time_zone="+0545"} 20700
    "##]]
    .assert_eq(&render(&mut at_a_fixed_time(), &tree.root()));
}

#[test]
fn the_clock_runs() {
    let first = kernel_now_ns();
    assert!(first > 1_700_000_000 * NANOSECONDS);
    assert!(kernel_now_ns() >= first);
}
