use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn kinds_and_cpus() {
    let tree = Tree::of(&[(
        "proc/softirqs",
        "                    CPU0       CPU1
          HI:          3          0
       TIMER:    2776180          x
      NET_TX:       2419
NEW THING
",
    )]);
    expect![[r##"
        # node_softirqs_functions_total counter
        node_softirqs_functions_total{cpu="0", type="HI"} 3
        node_softirqs_functions_total{cpu="0", type="NET_TX"} 2419
        node_softirqs_functions_total{cpu="0", type="TIMER"} 2776180
        node_softirqs_functions_total{cpu="1", type="HI"} 0
        ! cannot parse TIMER of /proc/softirqs (and 1 more)
    "##]]
    .assert_eq(&render(&mut Softirqs::default(), &tree.root()));
    expect![[r#"
        ! /proc/softirqs is not there
    "#]]
    .assert_eq(&render(&mut Softirqs::default(), &Tree::new().root()));
}
