use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn lines_and_cpus() {
    // CPU 1 is offline.
    let tree = Tree::of(&[(
        "proc/interrupts",
        "            CPU0       CPU2
   0:         18          0   IO-APIC   2-edge      timer
  16:   18446744073709551615   3   IO-APIC  16-fasteoi   ehci_hcd:usb1, mmc0
 140:          1          2
 NMI:         47         48   Non-maskable interrupts
 LOC:          x         48   Local timer interrupts
 ERR:          0
IPI0:1 2 Rescheduling interrupts
no name here
",
    )]);
    expect![[r##"
        # node_interrupts_total counter
        node_interrupts_total{cpu="0", devices="16-fasteoi ehci_hcd:usb1, mmc0", info="IO-APIC", type="16"} 18446744073709552000
        node_interrupts_total{cpu="0", devices="2-edge timer", info="IO-APIC", type="0"} 18
        node_interrupts_total{cpu="0", info="Non-maskable interrupts", type="NMI"} 47
        node_interrupts_total{cpu="0", info="Rescheduling interrupts", type="IPI0"} 1
        node_interrupts_total{cpu="2", devices="16-fasteoi ehci_hcd:usb1, mmc0", info="IO-APIC", type="16"} 3
        node_interrupts_total{cpu="2", devices="2-edge timer", info="IO-APIC", type="0"} 0
        node_interrupts_total{cpu="2", info="Non-maskable interrupts", type="NMI"} 48
        node_interrupts_total{cpu="2", info="Rescheduling interrupts", type="IPI0"} 2
        ! cannot parse line of /proc/interrupts: LOC:          x         48   Local timer interrupts (and 1 more)
    "##]].assert_eq(&render(&mut Interrupts::default(), &tree.root()));
    expect![[r#"
        ! /proc/interrupts is not there
    "#]]
    .assert_eq(&render(&mut Interrupts::default(), &Tree::new().root()));
}
