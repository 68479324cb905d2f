//! Things that happen to clusters: a node loses its power, kubelets restart one after the other, the API server dies.

use anyhow::Context as _;
use testkit::{Bed, wait_for_server};

/// All of it, one after the other.
pub(crate) fn all(bed: &Bed) -> anyhow::Result<()> {
    a_node_stops_and_comes_back(bed)?;
    kubelets_restart_one_by_one(bed)?;
    the_server_is_killed_and_comes_back(bed)
}

fn a_node_stops_and_comes_back(bed: &Bed) -> anyhow::Result<()> {
    let nodes = bed.real_nodes()?;
    let node = nodes.last().context("a real node")?;
    let object = format!("node/{node}");
    bed.testbed(&["node", "stop", node])?;
    bed.kubectl(&["wait", &object, "--for=condition=Ready=Unknown", "--timeout=120s"])?;
    bed.testbed(&["node", "start", node])?;
    bed.kubectl(&["wait", &object, "--for=condition=Ready", "--timeout=120s"])?;
    println!("{}: {node} was off and is back", bed.name());
    Ok(())
}

/// Containers live through it.
fn kubelets_restart_one_by_one(bed: &Bed) -> anyhow::Result<()> {
    let space = bed.space()?;
    space.apply(include_str!("manifests/web.yaml"))?;
    space.rollout("deployment/web")?;
    let started = "--output=jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID}{\"\\n\"}{end}";
    let before = space.kubectl(&["get", "pods", "--selector=app=web", started])?;
    for node in bed.real_nodes()? {
        bed.testbed(&["node", "restart-kubelet", &node])?;
        bed.kubectl(&[
            "wait",
            &format!("node/{node}"),
            "--for=condition=Ready",
            "--timeout=120s",
        ])?;
        space.rollout("deployment/web")?;
    }
    let after = space.kubectl(&["get", "pods", "--selector=app=web", started])?;
    assert_eq!(before, after, "the same containers run");
    Ok(())
}

fn the_server_is_killed_and_comes_back(bed: &Bed) -> anyhow::Result<()> {
    let space = bed.space()?;
    space.apply(include_str!("manifests/web.yaml"))?;
    space.rollout("deployment/web")?;
    let uid = space.field("deployment/web", ".metadata.uid")?;
    bed.testbed(&["apiserver", "kill", bed.name()])?;
    let refused = bed.kubectl(&["get", "--raw", "/readyz", "--request-timeout=2s"]);
    assert!(refused.is_err(), "a killed API server answered");
    bed.testbed(&["apiserver", "start", bed.name()])?;
    wait_for_server(bed)?;
    assert_eq!(space.field("deployment/web", ".metadata.uid")?, uid);
    // Controllers, scheduler and kubelets have found it again.
    space.kubectl(&["scale", "deployment/web", "--replicas=2"])?;
    space.rollout("deployment/web")?;
    space.wait("deployment/web", "jsonpath={.status.readyReplicas}=2")?;
    println!("{}: the API server was killed and is back", bed.name());
    Ok(())
}
