use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

/// Returns a line of stat with a state and a number of threads.
fn stat(name: &str, state: char, threads: u64) -> String {
    format!("1 ({name}) {state} 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 {threads} 0 99 100\n")
}

#[test]
fn states_of_processes_and_threads() {
    let tree = Tree::of(&[
        ("proc/sys/kernel/threads-max", "7801\n"),
        ("proc/sys/kernel/pid_max", "4194304\n"),
        ("proc/1/stat", &stat("init", 'S', 1)),
        // A name as bad as names get.
        ("proc/20/stat", &stat("a) R 1 (b", 'D', 3)),
        ("proc/20/task/20/stat", &stat("a", 'D', 3)),
        ("proc/20/task/21/stat", &stat("b", 'R', 3)),
        ("proc/20/task/22/stat", "22 (c) I 1 2\n"),
        ("proc/30/stat", "30 no brackets\n"),
        ("proc/self/stat", &stat("self", 'R', 1)),
    ]);
    // Ended between the list and the look.
    tree.folder("proc/40").folder("proc/20/task/23");
    expect![[r##"
        # node_processes_max_processes gauge
        node_processes_max_processes 4194304
        # node_processes_max_threads gauge
        node_processes_max_threads 7801
        # node_processes_pids gauge
        node_processes_pids 2
        # node_processes_state gauge
        node_processes_state{state="D"} 1
        node_processes_state{state="S"} 1
        # node_processes_threads gauge
        node_processes_threads 4
        # node_processes_threads_state gauge
        node_processes_threads_state{thread_state="D"} 1
        node_processes_threads_state{thread_state="R"} 1
        node_processes_threads_state{thread_state="S"} 1
        ! cannot parse /proc/20/task/22/stat (and 1 more)
    "##]]
    .assert_eq(&render(&mut Processes::default(), &tree.root()));
    expect![[r#"
        ! /proc is not there
    "#]]
    .assert_eq(&render(&mut Processes::default(), &Tree::new().root()));
}
