use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn load_averages() {
    let check = |content: &str, expected: expect_test::Expect| {
        let tree = Tree::of(&[("proc/loadavg", content)]);
        expected.assert_eq(&render(&mut Load::default(), &tree.root()));
    };
    check(
        "0.21 0.37 1203.39 1/719 19737\n",
        expect![[r#"
        # node_load1 gauge
        node_load1 0.21
        # node_load15 gauge
        node_load15 1203.39
        # node_load5 gauge
        node_load5 0.37
    "#]],
    );
    check(
        "0.21 x\n",
        expect![[r#"
        # node_load1 gauge
        node_load1 0.21
        ! cannot parse /proc/loadavg for node_load5 (and 1 more)
    "#]],
    );
    check(
        "",
        expect![[r#"
        ! cannot parse /proc/loadavg for node_load1 (and 2 more)
    "#]],
    );
    expect![[r#"
        ! /proc/loadavg is not there
    "#]]
    .assert_eq(&render(&mut Load::default(), &Tree::new().root()));
}
