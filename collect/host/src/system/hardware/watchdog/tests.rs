use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn watchdogs() {
    let tree = Tree::of(&[
        ("sys/class/watchdog/watchdog0/bootstatus", "1\n"),
        ("sys/class/watchdog/watchdog0/fw_version", "2\n"),
        ("sys/class/watchdog/watchdog0/nowayout", "0\n"),
        ("sys/class/watchdog/watchdog0/options", "0x8380\n"),
        ("sys/class/watchdog/watchdog0/identity", "Software Watchdog\n"),
        ("sys/class/watchdog/watchdog0/state", "active\n"),
        ("sys/class/watchdog/watchdog0/status", "0x8000\n"),
        ("sys/class/watchdog/watchdog0/timeleft", "300\n"),
        ("sys/class/watchdog/watchdog0/timeout", "60\n"),
        ("sys/class/watchdog/watchdog0/pretimeout", "-120\n"),
        ("sys/class/watchdog/watchdog0/pretimeout_governor", "noop\n"),
        ("sys/class/watchdog/watchdog0/access_cs0", "0x10\n"),
        ("sys/class/watchdog/watchdog1/timeout", "soon\n"),
    ]);
    expect![[r##"
        # node_watchdog_access_cs0 gauge
        node_watchdog_access_cs0{name="watchdog0"} 16
        # node_watchdog_bootstatus gauge
        node_watchdog_bootstatus{name="watchdog0"} 1
        # node_watchdog_fw_version gauge
        node_watchdog_fw_version{name="watchdog0"} 2
        # node_watchdog_info gauge
        node_watchdog_info{identity="Software Watchdog", name="watchdog0", options="0x8380", pretimeout_governor="noop", state="active", status="0x8000"} 1
        node_watchdog_info{name="watchdog1"} 1
        # node_watchdog_nowayout gauge
        node_watchdog_nowayout{name="watchdog0"} 0
        # node_watchdog_pretimeout_seconds gauge
        node_watchdog_pretimeout_seconds{name="watchdog0"} -120
        # node_watchdog_timeleft_seconds gauge
        node_watchdog_timeleft_seconds{name="watchdog0"} 300
        # node_watchdog_timeout_seconds gauge
        node_watchdog_timeout_seconds{name="watchdog0"} 60
        ! failed to read /sys/class/watchdog/watchdog1/timeout: not a number
    "##]].assert_eq(&render(&mut Watchdog::default(), &tree.root()));
}

#[test]
fn machines_without() {
    let tree = Tree::new();
    expect![[r#"
        ! /sys/class/watchdog is not there
    "#]]
    .assert_eq(&render(&mut Watchdog::default(), &tree.root()));
    tree.folder(WATCHDOG_DIR);
    expect![[r#"
        ! /sys/class/watchdog/watchdog0 is not there
    "#]]
    .assert_eq(&render(&mut Watchdog::default(), &tree.root()));
}
