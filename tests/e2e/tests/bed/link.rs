//! The link between two clusters, cut and healed while a client of one talks to a server of the other.

use anyhow::Context as _;
use testkit::{Bed, Space, wait_for};

use crate::workloads::node_address;

/// Asks a server of `there` from a pod of `here` all the time, and pulls the cable in between.
pub(crate) fn cut_and_healed(here: &Bed, there: &Bed) -> anyhow::Result<()> {
    let server = there.space()?;
    server.apply(include_str!("manifests/web.yaml"))?;
    server.rollout("deployment/web")?;
    let nodes = there.real_nodes()?;
    let address = node_address(there, nodes.first().context("a real node")?)?;
    let port = server.field("service/web", ".spec.ports[0].nodePort")?;

    let client = here.space()?;
    let talk = format!(
        "while :; do timeout 1 wget -qO /dev/null http://{address}:{port} 2>/dev/null && echo answered || echo silence; done"
    );
    client.kubectl(&[
        "run",
        "talker",
        "--image=localhost/busybox:1",
        "--image-pull-policy=Never",
        "--",
        "sh",
        "-c",
        &talk,
    ])?;
    client.wait("pod/talker", "condition=Ready")?;

    hears(&client, "answered")?;
    here.testbed(&["link", "cut", here.name(), there.name()])?;
    hears(&client, "silence")?;
    // Each side lives on by itself.
    assert_eq!(here.kubectl(&["get", "--raw", "/readyz"])?, "ok");
    assert_eq!(there.kubectl(&["get", "--raw", "/readyz"])?, "ok");
    here.testbed(&["link", "heal", here.name(), there.name()])?;
    hears(&client, "answered")?;
    println!(
        "the link between {} and {} was cut and healed",
        here.name(),
        there.name()
    );
    Ok(())
}

/// Waits until the client's last word is this one.
fn hears(client: &Space<'_>, word: &str) -> anyhow::Result<()> {
    wait_for(&format!("the client to say {word}"), || {
        let last = client.kubectl(&["logs", "talker", "--tail=1"]).ok()?;
        (last.trim() == word).then_some(())
    })
}
