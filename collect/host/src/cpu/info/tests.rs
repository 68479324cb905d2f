use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn what_the_cpus_are() {
    let tree = Tree::of(&[(
        "proc/cpuinfo",
        "processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 142
model name	: Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz: fast
stepping	: 10
microcode	: 0xb4
cpu MHz		: 799.998
cache size	: 8192 KB
physical id	: 0
core id		: 1
flags		: fpu vme

processor	: x
model name	: lost

processor	: 7
vendor		: Other
BogoMIPS	: 50.00
Features	:
no colon
",
    )]);
    expect![[r##"
        # node_cpu_frequency_hertz gauge
        node_cpu_frequency_hertz{core="1", cpu="0", package="0"} 799998000
        # node_cpu_info gauge
        node_cpu_info{cachesize="8192 KB", core="1", cpu="0", family="6", microcode="0xb4", model="142", model_name="Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz: fast", package="0", stepping="10", vendor="GenuineIntel"} 1
        node_cpu_info{cpu="7", vendor="Other"} 1
        ! cannot parse processor of /proc/cpuinfo: x
    "##]].assert_eq(&render(&mut Info::default(), &tree.root()));
    tree.write("proc/cpuinfo", "");
    expect![[r#"
        ! no processor in /proc/cpuinfo
    "#]]
    .assert_eq(&render(&mut Info::default(), &tree.root()));
    tree.remove("proc/cpuinfo");
    expect![[r#"
        ! /proc/cpuinfo is not there
    "#]]
    .assert_eq(&render(&mut Info::default(), &tree.root()));
}
