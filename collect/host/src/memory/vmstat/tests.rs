use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn wanted_fields() {
    let tree = Tree::of(&[(
        "proc/vmstat",
        "nr_free_pages 977769
numa_hit 4
pgpgin 7344136
pgpgout 1541180
pswpin 18446744073709551615
pswpout
pgalloc_dma 1
pgfault 2320168
pgmajfault 507162
pgfau 1
oom_kill 3
oom_kill_new 4
pgpg-odd 5
drop_pagecache x
",
    )]);
    expect![[r#"
        # node_vmstat_oom_kill unknown
        node_vmstat_oom_kill 3
        # node_vmstat_oom_kill_new unknown
        node_vmstat_oom_kill_new 4
        # node_vmstat_pgfault unknown
        node_vmstat_pgfault 2320168
        # node_vmstat_pgmajfault unknown
        node_vmstat_pgmajfault 507162
        # node_vmstat_pgpgin unknown
        node_vmstat_pgpgin 7344136
        # node_vmstat_pgpgout unknown
        node_vmstat_pgpgout 1541180
        # node_vmstat_pswpin unknown
        node_vmstat_pswpin 18446744073709552000
        ! cannot parse line of /proc/vmstat: pswpout (and 1 more)
    "#]]
    .assert_eq(&render(&mut Vmstat::default(), &tree.root()));
    expect![[r#"
        ! /proc/vmstat is not there
    "#]]
    .assert_eq(&render(&mut Vmstat::default(), &Tree::new().root()));
}
