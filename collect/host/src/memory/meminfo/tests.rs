use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn names_and_units() {
    let tree = Tree::of(&[(
        "proc/meminfo",
        "MemTotal:       24684092 kB
Active(anon):       1576 kB
Committed_AS:     641956 kB
NFS_Unstable:          0 kB
VmallocTotal:   34359738367 kB
HugePages_Total:       8
DirectMap1G:    25165824 kB
Future-Field(x y):        1 kB
Future-Field(x):        1 kB
Huge:           18446744073709551615 kB
Broken:         -3 kB
Odd:            3 MB
MemFree         3 kB
",
    )]);
    expect![[r#"
        # node_memory_Active_anon_bytes gauge
        node_memory_Active_anon_bytes 1613824
        # node_memory_Committed_AS_bytes gauge
        node_memory_Committed_AS_bytes 657362944
        # node_memory_DirectMap1G_bytes gauge
        node_memory_DirectMap1G_bytes 25769803776
        # node_memory_Future_Field_x_bytes gauge
        node_memory_Future_Field_x_bytes 1024
        # node_memory_HugePages_Total gauge
        node_memory_HugePages_Total 8
        # node_memory_Huge_bytes gauge
        node_memory_Huge_bytes 18889465931478580000000
        # node_memory_MemTotal_bytes gauge
        node_memory_MemTotal_bytes 25276510208
        # node_memory_NFS_Unstable_bytes gauge
        node_memory_NFS_Unstable_bytes 0
        # node_memory_VmallocTotal_bytes gauge
        node_memory_VmallocTotal_bytes 35184372087808
        ! cannot parse line of /proc/meminfo: Future-Field(x y):        1 kB (and 3 more)
    "#]]
    .assert_eq(&render(&mut Meminfo::default(), &tree.root()));
    expect![[r#"
        ! /proc/meminfo is not there
    "#]]
    .assert_eq(&render(&mut Meminfo::default(), &Tree::new().root()));
}
