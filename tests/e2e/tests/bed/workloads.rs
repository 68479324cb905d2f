//! What people run on clusters: pods of several nodes behind a Service, names, jobs, volumes, and what they ask of them.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Context as _;
use testkit::{Bed, Client, Space, wait_for};

/// All of it, one after the other, in one namespace.
pub(crate) fn all(bed: &Bed) -> anyhow::Result<()> {
    let space = bed.space()?;
    space.apply(include_str!("manifests/web.yaml"))?;
    space.rollout("deployment/web")?;
    space.wait("pod/client", "condition=Ready")?;
    pods_of_both_nodes_answer_behind_the_service(&space)?;
    node_ports_answer_on_each_node(&space)?;
    policies_are_not_enforced(&space)?;
    exec_logs_and_port_forward(&space)?;
    a_volume_outlives_its_pod(&space)?;
    jobs_daemons_and_the_greedy(&space)?;
    println!("{}: workloads do what they do on any cluster", bed.name());
    Ok(())
}

fn pods_of_both_nodes_answer_behind_the_service(space: &Space<'_>) -> anyhow::Result<()> {
    let nodes = space.kubectl(&[
        "get",
        "pods",
        "--selector=app=web",
        "--output=jsonpath={.items[*].spec.nodeName}",
    ])?;
    let nodes: BTreeSet<_> = nodes.split_whitespace().collect();
    assert_eq!(nodes.len(), 2, "the Deployment runs on {nodes:?}");
    let name = format!("http://web.{}.svc.cluster.local", space.name);
    let ask = format!("for i in $(seq 20); do wget -qO- {name}; done | sort -u");
    let answers = wait_for("each of the four pods to answer", || {
        let answers = space.exec("client", &ask).ok()?;
        (answers.lines().count() == 4).then_some(answers)
    })?;
    assert!(answers.lines().all(|pod| pod.starts_with("web-")), "{answers}");
    let resolved = space.exec(
        "client",
        &format!(
            "nslookup kubernetes.default.svc.cluster.local | grep -c {}",
            service_address(space)?
        ),
    )?;
    assert_ne!(resolved.trim(), "0");
    Ok(())
}

/// The address of the API server's own Service.
fn service_address(space: &Space<'_>) -> anyhow::Result<String> {
    let path = "--output=jsonpath={.spec.clusterIP}";
    space
        .bed
        .kubectl(&["get", "service", "kubernetes", "--namespace=default", path])
}

fn node_ports_answer_on_each_node(space: &Space<'_>) -> anyhow::Result<()> {
    let port = space.field("service/web", ".spec.ports[0].nodePort")?;
    for node in space.bed.real_nodes()? {
        let address = node_address(space.bed, &node)?;
        let client = Client::new(format!("http://{address}:{port}"));
        let answer = wait_for("the node port", || {
            client.get("/").ok().filter(|answer| answer.status == 200)
        })?;
        assert!(answer.body.starts_with("web-"), "{node} answered {}", answer.body);
    }
    Ok(())
}

/// A node's own address.
pub(crate) fn node_address(bed: &Bed, node: &str) -> anyhow::Result<String> {
    let path = "--output=jsonpath={.status.addresses[?(@.type==\"InternalIP\")].address}";
    bed.kubectl(&["get", "node", node, path])
}

/// The bed's network plugin (the plain bridge) has no policies: that is said in docs/testbed.md, and shown here.
fn policies_are_not_enforced(space: &Space<'_>) -> anyhow::Result<()> {
    space.apply(include_str!("manifests/deny.yaml"))?;
    let answer = space.exec("client", "timeout 5 wget -qO- http://web")?;
    assert!(answer.starts_with("web-"), "{answer}");
    space.kubectl(&["delete", "networkpolicy", "deny-all"]).map(drop)
}

fn exec_logs_and_port_forward(space: &Space<'_>) -> anyhow::Result<()> {
    assert_eq!(space.exec("client", "echo to $((40 + 2))")?, "to 42\n");
    assert_eq!(space.kubectl(&["logs", "client"])?, "the client is up\n");
    let namespace = format!("--namespace={}", space.name);
    let mut forward = space
        .bed
        .start_kubectl(&[&namespace, "port-forward", "service/web", ":80"])?;
    let port = forward.find(|line| {
        let rest = line.strip_prefix("Forwarding from 127.0.0.1:")?;
        rest.split_whitespace().next().map(str::to_owned)
    })?;
    let stream = TcpStream::connect_timeout(&format!("127.0.0.1:{port}").parse()?, Duration::from_secs(5));
    drop(stream.context("the forwarded port")?);
    let answer = Client::new(format!("http://127.0.0.1:{port}")).get("/")?;
    assert!(answer.body.starts_with("web-"), "{}", answer.body);
    Ok(())
}

fn a_volume_outlives_its_pod(space: &Space<'_>) -> anyhow::Result<()> {
    let nodes = space.bed.real_nodes()?;
    let node = nodes.first().context("a real node")?;
    let manifest = include_str!("manifests/volume.yaml").replace("NAMESPACE", &space.name);
    space.apply(&manifest.replace("NODE", node))?;
    space.wait("persistentvolumeclaim/data", "jsonpath={.status.phase}=Bound")?;
    space.wait("pod/writer", "jsonpath={.status.phase}=Succeeded")?;
    space.kubectl(&["delete", "pod", "writer"])?;
    space.apply(include_str!("manifests/reader.yaml"))?;
    space.wait("pod/reader", "jsonpath={.status.phase}=Succeeded")?;
    assert_eq!(space.kubectl(&["logs", "reader"])?, "kept\n");
    space.kubectl(&["delete", "pod/reader", "persistentvolumeclaim/data"])?;
    space
        .bed
        .kubectl(&["delete", "persistentvolume", &space.name])
        .map(drop)
}

fn jobs_daemons_and_the_greedy(space: &Space<'_>) -> anyhow::Result<()> {
    space.apply(include_str!("manifests/batch.yaml"))?;
    space.wait("job/count", "condition=Complete")?;
    assert_eq!(space.field("job/count", ".status.succeeded")?, "3");
    space.rollout("daemonset/everywhere")?;
    assert_eq!(space.field("daemonset/everywhere", ".status.numberReady")?, "2");
    let reason = ".status.containerStatuses[0].state.terminated.reason";
    space.wait("pod/greedy", &format!("jsonpath={{{reason}}}=OOMKilled"))
}
