use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn hung_tasks() {
    let path = "proc/sys/kernel/hung_task_detect_count";
    let tree = Tree::of(&[(path, "3\n")]);
    expect![[r#"
        # node_kernel_hung_tasks_total counter
        node_kernel_hung_tasks_total 3
    "#]]
    .assert_eq(&render(&mut HungTasks::default(), &tree.root()));
    tree.write(path, "");
    expect![[r#"
        ! failed to read /proc/sys/kernel/hung_task_detect_count
    "#]]
    .assert_eq(&render(&mut HungTasks::default(), &tree.root()));
    expect![[r#"
        ! /proc/sys/kernel/hung_task_detect_count is not there
    "#]]
    .assert_eq(&render(&mut HungTasks::default(), &Tree::new().root()));
}
