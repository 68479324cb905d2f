use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const STAT: &str = "proc/stat";

#[test]
fn every_mode_of_every_cpu() {
    // The second CPU's line is of a kernel without guest times, the last of one with a new column.
    let tree = Tree::of(&[(
        STAT,
        "cpu  9 9 9 9 9 9 9 9 9 9
cpu0 100 2 300 40000 55 6 7 8 9 1
cpu3 1 0 3 4 5 6 7
cpu12 1 2 3 4 5 6 7 18446744073709551615 9 10 11
intr 1 2 3
",
    )]);
    expect![[r##"
        # node_cpu_guest_seconds_total counter
        node_cpu_guest_seconds_total{cpu="0", mode="nice"} 0.01
        node_cpu_guest_seconds_total{cpu="0", mode="user"} 0.09
        node_cpu_guest_seconds_total{cpu="12", mode="nice"} 0.1
        node_cpu_guest_seconds_total{cpu="12", mode="user"} 0.09
        node_cpu_guest_seconds_total{cpu="3", mode="nice"} 0
        node_cpu_guest_seconds_total{cpu="3", mode="user"} 0
        # node_cpu_seconds_total counter
        node_cpu_seconds_total{cpu="0", mode="idle"} 400
        node_cpu_seconds_total{cpu="0", mode="iowait"} 0.55
        node_cpu_seconds_total{cpu="0", mode="irq"} 0.06
        node_cpu_seconds_total{cpu="0", mode="nice"} 0.02
        node_cpu_seconds_total{cpu="0", mode="softirq"} 0.07
        node_cpu_seconds_total{cpu="0", mode="steal"} 0.08
        node_cpu_seconds_total{cpu="0", mode="system"} 3
        node_cpu_seconds_total{cpu="0", mode="user"} 1
        node_cpu_seconds_total{cpu="12", mode="idle"} 0.04
        node_cpu_seconds_total{cpu="12", mode="iowait"} 0.05
        node_cpu_seconds_total{cpu="12", mode="irq"} 0.06
        node_cpu_seconds_total{cpu="12", mode="nice"} 0.02
        node_cpu_seconds_total{cpu="12", mode="softirq"} 0.07
        node_cpu_seconds_total{cpu="12", mode="steal"} 184467440737095520
        node_cpu_seconds_total{cpu="12", mode="system"} 0.03
        node_cpu_seconds_total{cpu="12", mode="user"} 0.01
        node_cpu_seconds_total{cpu="3", mode="idle"} 0.04
        node_cpu_seconds_total{cpu="3", mode="iowait"} 0.05
        node_cpu_seconds_total{cpu="3", mode="irq"} 0.06
        node_cpu_seconds_total{cpu="3", mode="nice"} 0
        node_cpu_seconds_total{cpu="3", mode="softirq"} 0.07
        node_cpu_seconds_total{cpu="3", mode="steal"} 0
        node_cpu_seconds_total{cpu="3", mode="system"} 0.03
        node_cpu_seconds_total{cpu="3", mode="user"} 0.01
    "##]]
    .assert_eq(&render(&mut Usage::default(), &tree.root()));
}

#[test]
fn lines_of_garbage_do_not_stop_the_others() {
    let tree = Tree::of(&[(
        STAT,
        "cpux 1 2 3
cpu0 1 -2 3
cpu1
cpu2 18446744073709551616 2 3
cpu4 7 7
",
    )]);
    expect![[r##"
        # node_cpu_guest_seconds_total counter
        node_cpu_guest_seconds_total{cpu="4", mode="nice"} 0
        node_cpu_guest_seconds_total{cpu="4", mode="user"} 0
        # node_cpu_seconds_total counter
        node_cpu_seconds_total{cpu="4", mode="idle"} 0
        node_cpu_seconds_total{cpu="4", mode="iowait"} 0
        node_cpu_seconds_total{cpu="4", mode="irq"} 0
        node_cpu_seconds_total{cpu="4", mode="nice"} 0.07
        node_cpu_seconds_total{cpu="4", mode="softirq"} 0
        node_cpu_seconds_total{cpu="4", mode="steal"} 0
        node_cpu_seconds_total{cpu="4", mode="system"} 0
        node_cpu_seconds_total{cpu="4", mode="user"} 0.07
        ! cannot parse line of /proc/stat: cpux 1 2 3 (and 3 more)
    "##]]
    .assert_eq(&render(&mut Usage::default(), &tree.root()));
    expect![[r#"
        ! no cpu in /proc/stat
    "#]]
    .assert_eq(&render(
        &mut Usage::default(),
        &Tree::of(&[(STAT, "ctxt 5\n")]).root(),
    ));
    expect![[r#"
        ! /proc/stat is not there
    "#]]
    .assert_eq(&render(&mut Usage::default(), &Tree::new().root()));
}

/// Returns user and idle of CPU 0.
fn user_and_idle(collector: &mut Usage, tree: &Tree, user: u64, idle: u64) -> (f64, f64) {
    tree.write(STAT, format!("cpu0 {user} 0 0 {idle} 0 0 0 0 0 0\n"));
    let text = render(collector, &tree.root());
    let value = |mode: &str| {
        let start = format!("node_cpu_seconds_total{{cpu=\"0\", mode=\"{mode}\"}} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&start))
            .and_then(|value| value.parse().ok())
            .unwrap()
    };
    (value("user"), value("idle"))
}

#[test]
fn counters_do_not_step_back() {
    let (tree, mut collector) = (Tree::new(), Usage::default());
    let mut step = |user, idle| user_and_idle(&mut collector, &tree, user, idle);
    assert_eq!(step(1000, 5000), (10.0, 50.0));
    // A little back: the highest value holds.
    assert_eq!(step(990, 4701), (10.0, 50.0));
    assert_eq!(step(1001, 5001), (10.01, 50.01));
    // Three seconds back: the CPU was plugged in again.
    assert_eq!(step(3, 4701), (0.03, 47.01));
}

#[test]
fn a_cpu_that_goes_offline_is_gone_and_starts_anew() {
    let (tree, mut collector) = (Tree::new(), Usage::default());
    let mut count = |stat: &str| {
        tree.write(STAT, stat);
        render(&mut collector, &tree.root())
            .lines()
            .filter(|line| line.contains("mode=\"system\""))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let both = count("cpu0 1 1 1 1\ncpu1 2 2 2 2\n");
    assert_eq!(both.len(), 2);
    let one = count("cpu0 1 1 1 1\n");
    assert_eq!(one, ["node_cpu_seconds_total{cpu=\"0\", mode=\"system\"} 0.01"]);
    let again = count("cpu0 1 1 1 1\ncpu1 1 1 1 1\n");
    assert_eq!(
        again[1],
        "node_cpu_seconds_total{cpu=\"1\", mode=\"system\"} 0.01"
    );
}

/// Renders what sysfs says, without the times.
fn topology(collector: &mut Usage, tree: &Tree) -> String {
    let text = render(collector, &tree.root());
    let lines = text.lines().filter(|line| !line.contains("seconds_total"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn throttles_are_read_once_a_core_and_package() {
    let tree = Tree::of(&[(STAT, "cpu0 1\ncpu1 1\n")]);
    // CPUs 0 and 10 are threads of one core, 1 is another core, 2 another package without its own count.
    for (cpu, package, core, core_count) in [(0, 0, 0, 5), (1, 0, 4, 6), (10, 0, 0, 7), (2, 1, 0, 8)] {
        let dir = format!("sys/devices/system/cpu/cpu{cpu}");
        tree.write(
            &format!("{dir}/topology/physical_package_id"),
            format!("{package}\n"),
        )
        .write(&format!("{dir}/topology/core_id"), format!("{core}\n"))
        .write(
            &format!("{dir}/thermal_throttle/core_throttle_count"),
            format!("{core_count}\n"),
        );
    }
    tree.write(
        "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count",
        "30\n",
    )
    .write("sys/devices/system/cpu/cpu3/topology/physical_package_id", "-1\n")
    .write("sys/devices/system/cpu/cpu3/topology/core_id", "0\n")
    .write("sys/devices/system/cpu/isolated", "1,8-9\n");
    let mut collector = Usage::default();
    expect![[r##"
        # node_cpu_core_throttles_total counter
        node_cpu_core_throttles_total{core="0", package="0"} 5
        node_cpu_core_throttles_total{core="0", package="1"} 8
        node_cpu_core_throttles_total{core="4", package="0"} 6
        # node_cpu_isolated gauge
        node_cpu_isolated{cpu="1"} 1
        node_cpu_isolated{cpu="8"} 1
        node_cpu_isolated{cpu="9"} 1
        # node_cpu_package_throttles_total counter
        node_cpu_package_throttles_total{package="0"} 30
    "##]]
    .assert_eq(&topology(&mut collector, &tree));
    // A count that goes away is not reported, and looked for again.
    tree.remove("sys/devices/system/cpu/cpu1");
    expect![[r##"
        # node_cpu_core_throttles_total counter
        node_cpu_core_throttles_total{core="0", package="0"} 5
        node_cpu_core_throttles_total{core="0", package="1"} 8
        # node_cpu_isolated gauge
        node_cpu_isolated{cpu="1"} 1
        node_cpu_isolated{cpu="8"} 1
        node_cpu_isolated{cpu="9"} 1
        # node_cpu_package_throttles_total counter
        node_cpu_package_throttles_total{package="0"} 30
    "##]]
    .assert_eq(&topology(&mut collector, &tree));
    expect![[r##"
        # node_cpu_core_throttles_total counter
        node_cpu_core_throttles_total{core="0", package="0"} 5
        node_cpu_core_throttles_total{core="0", package="1"} 8
        # node_cpu_isolated gauge
        node_cpu_isolated{cpu="1"} 1
        node_cpu_isolated{cpu="8"} 1
        node_cpu_isolated{cpu="9"} 1
        # node_cpu_package_throttles_total counter
        node_cpu_package_throttles_total{package="0"} 30
    "##]]
    .assert_eq(&topology(&mut collector, &tree));
}

#[test]
fn which_cpus_are_online() {
    let tree = Tree::of(&[
        (STAT, "cpu0 1\n"),
        ("sys/devices/system/cpu/cpu0/online", "1\n"),
        ("sys/devices/system/cpu/cpu1/online", "0\n"),
        ("sys/devices/system/cpu/online", "0\n"),
    ]);
    let mut collector = Usage::default();
    expect![[r##"
        # node_cpu_online gauge
        node_cpu_online{cpu="0"} 1
        node_cpu_online{cpu="1"} 0
    "##]]
    .assert_eq(&topology(&mut collector, &tree));
    tree.write("sys/devices/system/cpu/online", "0-\n");
    expect![[r#"
        ! cannot parse /sys/devices/system/cpu/online
    "#]]
    .assert_eq(&topology(&mut collector, &tree));
    // Without a switch at the boot CPU nothing is said of any.
    tree.remove("sys/devices/system/cpu/cpu0/online");
    expect![[""]].assert_eq(&topology(&mut Usage::default(), &tree));
}
