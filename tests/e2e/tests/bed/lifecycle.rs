//! From nothing to clusters and back to nothing.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;
use testkit::{Bed, skip, tool_path, wait_for};

use crate::{link, trouble, turn, workloads};

/// The clusters that these tests make.
const OURS: [&str; 3] = ["newer", "older", "swept"];

/// Everything on the machine that a bed could leave behind; what other clusters have there is left out.
fn snapshot() -> anyhow::Result<String> {
    let known: Value = serde_json::from_str(&testbed(&["status", "--output", "json"])?)?;
    let names = known.as_array().into_iter().flatten();
    let names = names.filter_map(|bed| bed["name"].as_str());
    let others: Vec<&str> = names.filter(|name| !OURS.contains(name)).collect();
    let except = others.iter().flat_map(|name| ["--except", name]);
    testbed(&[&["snapshot"], &except.collect::<Vec<_>>()[..]].concat())
}

fn testbed(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(tool_path()?).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "testbed {}: {said}", arguments.join(" "));
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
    let _turn = turn();
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

#[test]
fn root_up_killed_at_twenty_moments_is_swept() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        skip("root_up_killed_at_twenty_moments_is_swept", reason);
        return Ok(());
    }
    let _turn = turn();
    let before = snapshot()?;
    let tool = tool_path()?;
    // The whole way is measured once, so that the moments cover it on a slow machine too.
    let start = Instant::now();
    Bed::up("swept", &["--nodes", "real:1,fake:5"])?.down()?;
    let whole = start.elapsed();
    for moment in 0..20_u32 {
        let mut up = Command::new(&tool)
            .args(["up", "--name", "swept", "--nodes", "real:1,fake:5"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let end = Instant::now() + whole * moment / 20;
        // Its end is the moment itself; that `up` may be ready by then is one of the twenty cases.
        while Instant::now() < end && up.try_wait()?.is_none() {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        up.kill()?;
        let ready = up.wait()?.success();
        // A cluster that was ready is nobody's left-over: it is taken down, all others are swept.
        let remove: &[&str] = if ready { &["down", "swept"] } else { &["sweep"] };
        testbed(remove).with_context(|| format!("after moment {moment}"))?;
        same_as(&before)?;
        println!("killed at moment {moment} of 20 (ready: {ready}): swept");
    }
    Ok(())
}
