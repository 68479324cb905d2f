//! `kubernetes_sd_configs` beside Prometheus: the same targets with the same labels, for every role.
//!
//! Both read the same file. A rule copies each meta label to one that stays, so that labels are compared before and
//! behind relabelling, and no two targets come to the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Bed, Client, Peer, free_port, peer_path, wait_for};

use crate::edge::{Edge, active};

const ROLES: [&str; 6] = ["node", "pod", "service", "endpoints", "endpointslice", "ingress"];

/// A job for each role, within one namespace; nodes have none.
fn config(kubeconfig: &Path, namespace: &str) -> anyhow::Result<String> {
    let mut text = "global: {scrape_interval: 1h}\nscrape_configs:\n".to_owned();
    for role in ROLES {
        let within = match role {
            "node" => String::new(),
            _ => format!(
                ", namespaces: {{names: [{namespace}]}}, attach_metadata: {{node: true, namespace: true}}"
            ),
        };
        let search = format!(
            "{{role: {role}, kubeconfig_file: {}{within}}}",
            kubeconfig.display()
        );
        write!(
            text,
            "- job_name: {role}\n  kubernetes_sd_configs: [{search}]\n  relabel_configs: [{{action: labelmap, regex: \
             '__(meta_.+)'}}]\n"
        )?;
    }
    Ok(text)
}

/// Returns the targets, as far as the two are to say the same of them.
fn targets(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    let of_roles = |target: &Value| ROLES.iter().any(|role| target["scrapePool"] == *role);
    let list = active(client)?.into_iter().filter(of_roles);
    let said = ["scrapePool", "scrapeUrl", "discoveredLabels", "labels"];
    let shown = list.map(|target| said.map(|key| target[key].to_string()).join(" "));
    Ok(shown.collect())
}

/// Waits until both have found the same, and as much as `is_enough` wants.
fn agree(
    what: &str,
    (ours, theirs): (&Client, &Client),
    is_enough: impl Fn(&BTreeSet<String>) -> bool,
) -> anyhow::Result<usize> {
    let waited = wait_for(what, || {
        let theirs = targets(theirs).ok()?;
        (is_enough(&theirs) && targets(ours).ok()? == theirs).then_some(theirs.len())
    });
    waited.map_err(|error| match (targets(ours), targets(theirs)) {
        (Ok(ours), Ok(theirs)) => error.context(format!(
            "only here: {:#?}\nonly there: {:#?}",
            ours.difference(&theirs).collect::<Vec<_>>(),
            theirs.difference(&ours).collect::<Vec<_>>()
        )),
        (Err(error), _) | (_, Err(error)) => error,
    })
}

#[test]
fn root_targets_are_those_of_prometheus() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        testkit::skip("root_targets_are_those_of_prometheus", reason);
        return Ok(());
    }
    let bed = Bed::shared()?;
    let space = bed.space()?;
    bed.kubectl(&["label", "namespace", &space.name, "team=shop", "a.b/c-d=e"])?;
    bed.kubectl(&["annotate", "namespace", &space.name, "note=\"it's an ä\""])?;
    space.apply(include_str!("manifests/awkward.yaml"))?;
    space.rollout("deployment/web")?;

    let folder = TempDir::new()?;
    let file = folder.path().join("prometheus.yml");
    std::fs::write(&file, config(bed.kubeconfig(), &space.name)?)?;
    let edge = Edge::start(bed, &file)?;
    let port = free_port()?;
    let mut command = Command::new(peer_path("prometheus")?);
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.path().join("tsdb").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let prometheus = Peer::start(command, port, "/-/ready")?;
    let both = (&edge.periplus.client, &prometheus.client);

    let every_role = |found: &BTreeSet<String>| {
        let has = |role: &str| {
            let pool = format!("\"{role}\"");
            found.iter().any(|target| target.starts_with(&pool))
        };
        ROLES.into_iter().all(has)
    };
    let n = agree("both to find the same", both, every_role)?;
    assert!(n > 60, "the nodes alone are more than fifty, and {n} were found");

    // What changes is found alike.
    space.kubectl(&["scale", "deployment/web", "--replicas=1"])?;
    space.kubectl(&["label", "service/web", "tier=back", "--overwrite"])?;
    space.kubectl(&["delete", "ingress/entry", "service/bare"])?;
    let is_over = |found: &BTreeSet<String>| {
        let some = |part: &str| found.iter().any(|target| target.contains(part));
        !some("__meta_kubernetes_service_name\":\"bare\"") && !some("\"ingress\"") && some("tier\":\"back\"")
    };
    agree("both to find what has changed", both, is_over)?;
    Ok(())
}
