use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn times_and_slices() {
    let tree = Tree::of(&[(
        "proc/schedstat",
        "version 17
timestamp 15819019232
cpu0 498494191 0 3533438552 2553969831 3853684107 2465731542 2045936778163039 343796328169361 4767485306
domain0 MC 00000000,00000003 212499247 210112015 1861015 1860405436
cpu1 1 2 3 4 5 6 7 8
cpux 1 2 3 4 5 6 7 8 9
cpu12 0 0 0 0 0 0 1 18446744073709551615 3 4
",
    )]);
    expect![[r##"
        # node_schedstat_running_seconds_total counter
        node_schedstat_running_seconds_total{cpu="0"} 2045936.778163039
        node_schedstat_running_seconds_total{cpu="12"} 0.000000001
        # node_schedstat_timeslices_total counter
        node_schedstat_timeslices_total{cpu="0"} 4767485306
        node_schedstat_timeslices_total{cpu="12"} 3
        # node_schedstat_waiting_seconds_total counter
        node_schedstat_waiting_seconds_total{cpu="0"} 343796.328169361
        node_schedstat_waiting_seconds_total{cpu="12"} 18446744073.709553
        ! cannot parse line of /proc/schedstat: cpu1 1 2 3 4 5 6 7 8 (and 1 more)
    "##]]
    .assert_eq(&render(&mut Schedstat::default(), &tree.root()));
    expect![[r#"
        ! /proc/schedstat is not there
    "#]]
    .assert_eq(&render(&mut Schedstat::default(), &Tree::new().root()));
}
