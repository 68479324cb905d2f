use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn the_machines_counters() {
    let tree = Tree::of(&[(
        "proc/stat",
        "cpu  1 2 3 4
cpu0 1 2 3 4
intr 8885917 17 0 0
ctxt 38014093
btime 1418183276
processes 26442
procs_running 2
procs_blocked 1
softirq 5057579 250191 1481983 1647 211099 186066 0 1783454 622196 12499 508444
something new 1
",
    )]);
    expect![[r#"
        # node_boot_time_seconds gauge
        node_boot_time_seconds 1418183276
        # node_context_switches_total counter
        node_context_switches_total 38014093
        # node_forks_total counter
        node_forks_total 26442
        # node_intr_total counter
        node_intr_total 8885917
        # node_procs_blocked gauge
        node_procs_blocked 1
        # node_procs_running gauge
        node_procs_running 2
    "#]]
    .assert_eq(&render(&mut Stat::default(), &tree.root()));
    expect![[r##"
        # node_softirqs_total counter
        node_softirqs_total{vector="block"} 186066
        node_softirqs_total{vector="block_iopoll"} 0
        node_softirqs_total{vector="hi"} 250191
        node_softirqs_total{vector="hrtimer"} 12499
        node_softirqs_total{vector="net_rx"} 211099
        node_softirqs_total{vector="net_tx"} 1647
        node_softirqs_total{vector="rcu"} 508444
        node_softirqs_total{vector="sched"} 622196
        node_softirqs_total{vector="tasklet"} 1783454
        node_softirqs_total{vector="timer"} 1481983
    "##]]
    .assert_eq(&render(&mut SoftirqTotals::default(), &tree.root()));
}

#[test]
fn what_is_missing_or_garbage_is_told() {
    let tree = Tree::of(&[(
        "proc/stat",
        "intr\nctxt -1\nbtime 5\nprocs_running 18446744073709551616\nsoftirq 10 1 x 3\n",
    )]);
    expect![[r#"
        # node_boot_time_seconds gauge
        node_boot_time_seconds 5
        ! cannot parse intr of /proc/stat (and 4 more)
    "#]]
    .assert_eq(&render(&mut Stat::default(), &tree.root()));
    expect![[r##"
        # node_softirqs_total counter
        node_softirqs_total{vector="hi"} 1
        node_softirqs_total{vector="net_tx"} 3
        ! cannot parse softirq timer of /proc/stat (and 7 more)
    "##]]
    .assert_eq(&render(&mut SoftirqTotals::default(), &tree.root()));
    expect![[r#"
        ! /proc/stat is not there
    "#]]
    .assert_eq(&render(&mut Stat::default(), &Tree::new().root()));
    tree.write("proc/stat", "");
    expect![[r#"
        ! no softirq in /proc/stat
    "#]]
    .assert_eq(&render(&mut SoftirqTotals::default(), &tree.root()));
}
