use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

const BOTH: &str = "some avg10=0.10 avg60=2.00 avg300=3.85 total=15
full avg10=0.20 avg60=3.00 avg300=4.95 total=25000000
";

#[test]
fn all_kinds() {
    let tree = Tree::of(&[
        ("proc/pressure/cpu", BOTH),
        ("proc/pressure/io", BOTH),
        ("proc/pressure/memory", BOTH),
        (
            "proc/pressure/irq",
            "full avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n",
        ),
    ]);
    expect![[r#"
        # node_pressure_cpu_waiting_seconds_total counter
        node_pressure_cpu_waiting_seconds_total 0.000015
        # node_pressure_io_stalled_seconds_total counter
        node_pressure_io_stalled_seconds_total 25
        # node_pressure_io_waiting_seconds_total counter
        node_pressure_io_waiting_seconds_total 0.000015
        # node_pressure_irq_stalled_seconds_total counter
        node_pressure_irq_stalled_seconds_total 1
        # node_pressure_memory_stalled_seconds_total counter
        node_pressure_memory_stalled_seconds_total 25
        # node_pressure_memory_waiting_seconds_total counter
        node_pressure_memory_waiting_seconds_total 0.000015
    "#]]
    .assert_eq(&render(&mut Pressure::default(), &tree.root()));
}

#[test]
fn what_the_kernel_lacks() {
    // Kernels before 5.13 have no line `full` for CPUs, kernels before 6.1 no interrupts.
    let tree = Tree::of(&[
        (
            "proc/pressure/cpu",
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
        ),
        ("proc/pressure/io", "some total=x\nfuller total=3\nnew total=3\n"),
        ("proc/pressure/memory", "full avg10=0.00 future=1 total=3000000\n"),
    ]);
    expect![[r#"
        # node_pressure_cpu_waiting_seconds_total counter
        node_pressure_cpu_waiting_seconds_total 0.000007
        # node_pressure_memory_stalled_seconds_total counter
        node_pressure_memory_stalled_seconds_total 3
        ! no total of some in /proc/pressure/io (and 2 more)
    "#]]
    .assert_eq(&render(&mut Pressure::default(), &tree.root()));
    expect![[r#"
        ! /proc/pressure is not there
    "#]]
    .assert_eq(&render(&mut Pressure::default(), &Tree::new().root()));
}
