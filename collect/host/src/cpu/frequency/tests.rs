use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const DIR: &str = "sys/devices/system/cpu";

fn cpu(tree: &Tree, number: u32, files: &[(&str, &str)]) {
    for (file, content) in files {
        tree.write(&format!("{DIR}/cpu{number}/cpufreq/{file}"), content);
    }
}

#[test]
fn frequencies_and_governors() {
    let tree = Tree::of(&[("sys/devices/system/cpu/offline", "2-3\n")]);
    cpu(
        &tree,
        0,
        &[
            ("cpuinfo_cur_freq", "1699981\n"),
            ("cpuinfo_avg_freq", "1700100\n"),
            ("cpuinfo_min_freq", "800000\n"),
            ("cpuinfo_max_freq", "3700000\n"),
            ("scaling_cur_freq", "1699981\n"),
            ("scaling_min_freq", "800000\n"),
            ("scaling_max_freq", "3700000\n"),
            ("scaling_governor", "powersave\n"),
            ("scaling_available_governors", "performance powersave\n"),
        ],
    );
    cpu(
        &tree,
        1,
        &[
            ("cpuinfo_cur_freq", "<unknown>\n"),
            ("scaling_cur_freq", "fast\n"),
            ("scaling_max_freq", "18446744073709551615\n"),
        ],
    );
    cpu(&tree, 2, &[("scaling_cur_freq", "1\n")]);
    tree.folder(&format!("{DIR}/cpu4"));
    let mut collector = Frequency::default();
    expect![[r##"
        # node_cpu_frequency_avg_hertz gauge
        node_cpu_frequency_avg_hertz{cpu="0"} 1700100000
        # node_cpu_frequency_hertz gauge
        node_cpu_frequency_hertz{cpu="0"} 1699981000
        # node_cpu_frequency_max_hertz gauge
        node_cpu_frequency_max_hertz{cpu="0"} 3700000000
        # node_cpu_frequency_min_hertz gauge
        node_cpu_frequency_min_hertz{cpu="0"} 800000000
        # node_cpu_scaling_frequency_hertz gauge
        node_cpu_scaling_frequency_hertz{cpu="0"} 1699981000
        # node_cpu_scaling_frequency_max_hertz gauge
        node_cpu_scaling_frequency_max_hertz{cpu="0"} 3700000000
        node_cpu_scaling_frequency_max_hertz{cpu="1"} 18446744073709552000000
        # node_cpu_scaling_frequency_min_hertz gauge
        node_cpu_scaling_frequency_min_hertz{cpu="0"} 800000000
        # node_cpu_scaling_governor gauge
        node_cpu_scaling_governor{cpu="0", governor="performance"} 0
        node_cpu_scaling_governor{cpu="0", governor="powersave"} 1
        ! cannot parse /sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
    // One more CPU, and another driver with its governors, which the next collection knows.
    tree.write("sys/devices/system/cpu/offline", "3\n");
    tree.remove(&format!("{DIR}/cpu1"));
    cpu(
        &tree,
        0,
        &[
            ("scaling_governor", "schedutil\n"),
            ("scaling_available_governors", "schedutil userspace\n"),
        ],
    );
    for file in ["min", "max", "avg", "cur"] {
        tree.remove(&format!("{DIR}/cpu0/cpufreq/cpuinfo_{file}_freq"));
    }
    expect![[r##"
        # node_cpu_scaling_frequency_hertz gauge
        node_cpu_scaling_frequency_hertz{cpu="0"} 1699981000
        node_cpu_scaling_frequency_hertz{cpu="2"} 1000
        # node_cpu_scaling_frequency_max_hertz gauge
        node_cpu_scaling_frequency_max_hertz{cpu="0"} 3700000000
        # node_cpu_scaling_frequency_min_hertz gauge
        node_cpu_scaling_frequency_min_hertz{cpu="0"} 800000000
        # node_cpu_scaling_governor gauge
        node_cpu_scaling_governor{cpu="0", governor="schedutil"} 1
        node_cpu_scaling_governor{cpu="0", governor="userspace"} 0
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
    cpu(
        &tree,
        0,
        &[
            ("scaling_governor", "performance\n"),
            ("scaling_available_governors", "performance\n"),
        ],
    );
    let before = render(&mut collector, &tree.root());
    assert!(before.contains("governor=\"userspace\""), "{before}");
    let after = render(&mut collector, &tree.root());
    assert!(after.contains("governor=\"performance\"} 1"), "{after}");
    assert!(!after.contains("governor=\"userspace\""), "{after}");
}

#[test]
fn machines_without() {
    let tree = Tree::new();
    tree.folder(&format!("{DIR}/cpu0"));
    let mut collector = Frequency::default();
    expect![[r#"
        ! /sys/devices/system/cpu/cpu0/cpufreq is not there
    "#]]
    .assert_eq(&render(&mut collector, &tree.root()));
    // A driver that is loaded later is found in the end.
    cpu(&tree, 0, &[("scaling_cur_freq", "5\n")]);
    let found = (0..=LOOK_AGAIN_AFTER).any(|_| !render(&mut collector, &tree.root()).starts_with('!'));
    assert!(found);
    expect![[r#"
        ! /sys/devices/system/cpu is not there
    "#]]
    .assert_eq(&render(&mut Frequency::default(), &Tree::new().root()));
}
