use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn states_and_mitigations() {
    let tree = Tree::new();
    for (name, text) in [
        ("itlb_multihit", "Not affected\n"),
        (
            "mds",
            "Vulnerable: Clear CPU buffers attempted, no microcode; SMT Host state unknown\n",
        ),
        ("meltdown", "Vulnerable\n"),
        (
            "retbleed",
            "Mitigation: untrained return thunk; SMT enabled with STIBP protection\n",
        ),
        ("srbds", "Unknown: Dependent on hypervisor status\n"),
        ("zenbleed", "Processor  is tired\n"),
    ] {
        tree.write(&format!("{CPU_DIR}/vulnerabilities/{name}"), text);
    }
    expect![[r##"
        # node_cpu_vulnerabilities_info gauge
        node_cpu_vulnerabilities_info{codename="itlb_multihit", state="not affected"} 1
        node_cpu_vulnerabilities_info{codename="mds", mitigation="Clear CPU buffers attempted, no microcode; SMT Host state unknown", state="vulnerable"} 1
        node_cpu_vulnerabilities_info{codename="meltdown", state="vulnerable"} 1
        node_cpu_vulnerabilities_info{codename="retbleed", mitigation="untrained return thunk; SMT enabled with STIBP protection", state="mitigation"} 1
        node_cpu_vulnerabilities_info{codename="srbds", mitigation="Dependent on hypervisor status", state="unknown"} 1
        node_cpu_vulnerabilities_info{codename="zenbleed", mitigation="Processor  is tired", state="unknown"} 1
    "##]].assert_eq(&render(&mut Vulnerabilities::default(), &tree.root()));
    expect![[r#"
        ! /sys/devices/system/cpu/vulnerabilities is not there
    "#]]
    .assert_eq(&render(&mut Vulnerabilities::default(), &Tree::new().root()));
}
