//! From nothing to clusters and back to nothing.

use std::process::Command;

use testkit::{Bed, skip, tool_path, wait_for};

use crate::{link, trouble, workloads};

/// Everything on the machine that a bed could leave behind, and that belongs to no cluster that is up.
fn snapshot() -> anyhow::Result<String> {
    let output = Command::new(tool_path()?)
        .args(["snapshot", "--unowned"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "testbed snapshot: {said}");
    Ok(String::from_utf8(output.stdout)?)
}

/// Waits until the machine is as it was, which the kernel's own work (cgroups that empty themselves) may delay.
fn same_as(before: &str) -> anyhow::Result<()> {
    let same = wait_for("the machine to be as before", || {
        snapshot().ok().filter(|now| now == before)
    });
    if same.is_err() {
        pretty(before, &snapshot()?);
    }
    same.map(drop)
}

/// Prints what is in one list and not in the other.
fn pretty(before: &str, after: &str) {
    for line in after.lines().filter(|line| !before.lines().any(|b| b == *line)) {
        println!("left behind: {line}");
    }
    for line in before.lines().filter(|line| !after.lines().any(|a| a == *line)) {
        println!("gone: {line}");
    }
}

#[test]
fn root_two_clusters_of_two_versions_side_by_side_leave_nothing() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        skip(
            "root_two_clusters_of_two_versions_side_by_side_leave_nothing",
            reason,
        );
        return Ok(());
    }
    let before = snapshot()?;
    let nodes = ["--nodes", "real:2,fake:50"];
    let made = std::thread::scope(|scope| {
        let older = scope.spawn(|| Bed::up("older", &[&nodes[..], &["--version", "1.35"]].concat()));
        let newer = scope.spawn(|| Bed::up("newer", &[&nodes[..], &["--version", "1.36"]].concat()));
        [newer.join(), older.join()]
    });
    let [newer, older] = made.map(|bed| bed.expect("making a bed does not panic"));
    let (newer, older) = (newer?, older?);
    assert!(newer.kubectl(&["version"])?.contains("Server Version: v1.36."));
    assert!(older.kubectl(&["version"])?.contains("Server Version: v1.35."));

    for bed in [&newer, &older] {
        let nodes = bed.kubectl(&["get", "nodes", "--output", "name"])?;
        assert_eq!(nodes.lines().count(), 52, "{nodes}");
        bed.kubectl(&["wait", "nodes", "--all", "--for=condition=Ready", "--timeout=60s"])?;
        workloads::all(bed)?;
    }
    link::cut_and_healed(&newer, &older)?;
    trouble::all(&newer)?;

    newer.down()?;
    older.down()?;
    same_as(&before)
}
