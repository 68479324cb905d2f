//! What lies under deploy/: that the manifests are the chart, and that what they make runs on a real cluster with the
//! rights it says, names every container as kubelet does, and loses no sample when a part of it is killed.

mod release;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::Context as _;
use expect_test::{ExpectFile, expect, expect_file};
use serde_json::Value;
use testkit::{Bed, Space, peer_path, skip, wait_for};

use self::release::Release;

/// What stands at the top of a manifest.
const HEADER: &str =
    "# Rendered from deploy/helm/periplus by a test, which `UPDATE_EXPECT=1` makes write it anew.\n";

/// Renders the chart.
fn helm(arguments: &[&str]) -> anyhow::Result<Output> {
    let chart = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/helm/periplus");
    let mut command = Command::new(peer_path("helm")?);
    command.args([
        "template",
        "--kube-version",
        "1.30",
        "--name-template",
        "periplus",
        "--namespace",
        "periplus",
    ]);
    // Settings of whoever runs the test stay out of it.
    let home = tempfile::tempdir()?;
    for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(name, home.path());
    }
    // Of a flag that is given twice the later one decides.
    Ok(command.args(arguments).arg(chart).output()?)
}

fn rendered(arguments: &[&str]) -> anyhow::Result<String> {
    let output = helm(arguments)?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "helm {}: {said}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

/// The chart as it comes, but for the secret, which is another one each time.
fn part(name: &str) -> anyhow::Result<String> {
    let only = format!("templates/{name}/*");
    let text = rendered(&["--set", "credentials.create=false", "--show-only", &only])?;
    Ok(format!("{HEADER}{text}"))
}

#[test]
fn the_manifests_are_what_the_chart_renders() -> anyhow::Result<()> {
    let check = |part: &str, expected: ExpectFile| expected.assert_eq(part);
    check(
        &part("agent")?,
        expect_file!["../../../../deploy/manifests/agent.yaml"],
    );
    check(
        &part("edge")?,
        expect_file!["../../../../deploy/manifests/edge.yaml"],
    );
    // The rest of the chart is that one secret.
    let secret = rendered(&["--show-only", "templates/credentials.yaml"])?;
    let keys: BTreeSet<&str> = secret
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once(": "))
        .map(|(key, _)| key)
        .filter(|key| !key.starts_with(' ') && !matches!(*key, "name" | "namespace"))
        .collect();
    assert_eq!(
        keys,
        BTreeSet::from(["ca.crt", "tls.crt", "tls.key", "token", "write-token"])
    );
    Ok(())
}

#[test]
fn values_that_mean_nothing_are_refused() -> anyhow::Result<()> {
    for wrong in [
        "agent.intervall=1s",
        "agent.interval=5",
        "agent.hold=much",
        "agent.labels.a-b=1",
        "clusterName=",
        "edge.leaveOutTargets={kubelets}",
        "image.pullPolicy=Sometimes",
    ] {
        let output = helm(&["--set", wrong])?;
        let said = String::from_utf8_lossy(&output.stderr);
        let key = wrong.split(['=', '.']).next().unwrap_or_default();
        assert!(!output.status.success() && said.contains(key), "{wrong}: {said}");
    }
    Ok(())
}

#[test]
fn parts_can_be_left_out_and_added() -> anyhow::Result<()> {
    let kinds = |arguments: &[&str]| -> anyhow::Result<Vec<String>> {
        let text = rendered(arguments)?;
        let kinds = text.lines().filter_map(|line| line.strip_prefix("kind: "));
        Ok(kinds.map(str::to_owned).collect())
    };
    let no_edge = kinds(&["--set", "edge.enabled=false,credentials.create=false"])?;
    assert_eq!(no_edge, ["ServiceAccount", "DaemonSet"]);
    let guarded = kinds(&["--set", "networkPolicy.enabled=true"])?;
    assert!(guarded.iter().any(|kind| kind == "NetworkPolicy"), "{guarded:?}");
    let text = rendered(&[
        "--set",
        "edge.secrets=true",
        "--set",
        "edge.config.scrape_configs[0].job_name=own",
        "--set",
        "edge.env[0].name=AWS_REGION,edge.env[0].value=eu-central-1",
        "--set",
        "edge.serviceAccountAnnotations.role=reader",
    ])?;
    assert!(
        text.contains("resources: [secrets]\n    verbs: [list, watch]"),
        "{text}"
    );
    assert!(
        text.contains("    scrape_configs:\n    - job_name: own"),
        "{text}"
    );
    assert!(
        text.contains("          env:\n            - name: AWS_REGION\n              value: eu-central-1\n"),
        "{text}"
    );
    assert!(text.contains("  annotations:\n    role: reader\n"), "{text}");
    Ok(())
}

#[test]
fn root_the_chart_runs_on_a_cluster_with_no_right_too_many_and_loses_nothing() -> anyhow::Result<()> {
    let test = "root_the_chart_runs_on_a_cluster_with_no_right_too_many_and_loses_nothing";
    if let Some(missing) = Bed::missing() {
        skip(test, missing);
        return Ok(());
    }
    let bed = Bed::shared()?;
    let space = bed.space()?;
    space.apply(include_str!("deploy/pods.yaml"))?;
    let release = Release::install(&space)?;
    each_node_is_collected(&release)?;
    the_cluster_is_watched_and_nothing_is_forbidden(&release)?;
    containers_are_named_as_kubelet_names_them(&release)?;
    containers_are_known_by_their_ids_pods_owners_and_logs(&release)?;
    rights_are_those_that_are_documented(&release)?;
    the_token_of_agents_reads_nothing(&release)?;
    nothing_is_lost_when_an_agent_and_the_edge_are_killed(release)
}

fn each_node_is_collected(release: &Release<'_>) -> anyhow::Result<()> {
    let nodes: BTreeSet<String> = release.space.bed.real_nodes()?.into_iter().collect();
    wait_for("load of each node", || {
        let series = release.query("node_load1").ok()?;
        let found = series.iter().map(|(labels, _)| text(labels, "node"));
        (found.collect::<BTreeSet<_>>() == nodes).then_some(())
    })?;
    for (labels, _) in release.query("node_uname_info")? {
        let node = text(&labels, "node");
        assert_eq!(text(&labels, "instance"), node, "{labels}");
        assert_eq!(text(&labels, "nodename"), node, "the node's own name: {labels}");
        assert_eq!(text(&labels, "cluster"), release.cluster, "{labels}");
    }
    // The network is the node's, not that of a pod.
    let of_pods = release.query(r#"count by (node) (node_network_up{device=~"veth.+"})"#)?;
    assert!(!of_pods.is_empty(), "no node has its ends of the pods' networks");
    let failing = release.query("periplus_agent_collector_success == 0")?;
    assert!(failing.is_empty(), "{failing:?}");
    Ok(())
}

fn the_cluster_is_watched_and_nothing_is_forbidden(release: &Release<'_>) -> anyhow::Result<()> {
    wait_for("all kinds of the cluster", || {
        let synced = release.value("periplus_cluster_synced").ok()?;
        (synced == 1.0).then_some(())
    })?;
    let kinds = release.query("periplus_cluster_kinds > 0")?;
    let states: Vec<String> = kinds.iter().map(|(labels, _)| text(labels, "state")).collect();
    assert_eq!(states, ["synced"], "{kinds:?}");
    let agents = format!(
        "kube_pod_info{{namespace={:?},created_by_kind=\"DaemonSet\"}}",
        release.space.name
    );
    wait_for("the agents among the cluster's pods", || {
        let pods = release.query(&agents).ok()?;
        (pods.len() == 2).then_some(())
    })?;
    let kubelets = r#"sum by (metrics_path) (up{job="kubelet",node=~".+-[0-9]+",node!~"fake.*"})"#;
    wait_for("four pages of each kubelet", || {
        let up = release.query(kubelets).ok()?;
        (up.len() == 4 && up.iter().all(|(_, value)| *value == 2.0)).then_some(())
    })?;
    wait_for("the API server's metrics", || {
        (release.value("min(up{job=\"apiserver\"})").ok()? == 1.0).then_some(())
    })
}

/// Labels of cAdvisor's series of this namespace's containers, by the path of their cgroup.
fn names(
    release: &Release<'_>,
    job: &str,
) -> anyhow::Result<BTreeMap<String, BTreeMap<&'static str, String>>> {
    let name = &release.space.name;
    let query = format!("container_memory_working_set_bytes{{job={job:?},namespace={name:?},name!=\"\"}}");
    let labels = [
        "name",
        "image",
        "container",
        "pod",
        "namespace",
        "node",
        "cluster",
    ];
    let series = release.query(&query)?;
    let named = series.into_iter().map(|(found, _)| {
        let labels = labels.map(|label| (label, text(&found, label)));
        (text(&found, "id"), BTreeMap::from(labels))
    });
    Ok(named.collect())
}

fn containers_are_named_as_kubelet_names_them(release: &Release<'_>) -> anyhow::Result<()> {
    // Four pods for the test with five containers, the edge, and two agents; each pod with a sandbox.
    const CONTAINERS: usize = 5 + 1 + 2;
    const SANDBOXES: usize = 4 + 1 + 2;
    let (ours, theirs) = wait_for("the same containers from the agents and from kubelet", || {
        let (ours, theirs) = (names(release, "cadvisor").ok()?, names(release, "kubelet").ok()?);
        let containers = ours.values().filter(|labels| !labels["container"].is_empty());
        let whole = containers.count() == CONTAINERS && ours.len() == CONTAINERS + SANDBOXES;
        (whole && ours.keys().eq(theirs.keys())).then_some((ours, theirs))
    })
    .with_context(|| {
        format!(
            "{:#?}\nkubelet: {:#?}",
            names(release, "cadvisor"),
            names(release, "kubelet")
        )
    })?;
    assert_eq!(ours, theirs);
    let images: BTreeSet<&str> = ours.values().map(|labels| labels["image"].as_str()).collect();
    assert!(images.contains("localhost/busybox:1"), "{images:?}");
    Ok(())
}

fn containers_are_known_by_their_ids_pods_owners_and_logs(release: &Release<'_>) -> anyhow::Result<()> {
    let pods: Value = serde_json::from_str(&release.space.kubectl(&["get", "pods", "--output=json"])?)?;
    let name = &release.space.name;
    let query = format!("periplus_container_info{{namespace={name:?},container!=\"\"}}");
    let infos = release.query(&query)?;
    for pod in pods["items"].as_array().context("pods")? {
        let (pod_name, uid) = (text(&pod["metadata"], "name"), text(&pod["metadata"], "uid"));
        for status in pod["status"]["containerStatuses"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if status["state"]["running"].is_null() {
                continue;
            }
            let (container, id) = (text(status, "name"), text(status, "containerID"));
            let found = infos
                .iter()
                .find(|(labels, _)| text(labels, "container_id") == id);
            let (labels, _) =
                found.with_context(|| format!("{pod_name}/{container} {id} is not among {infos:?}"))?;
            assert_eq!(text(labels, "pod"), pod_name, "{labels}");
            assert_eq!(text(labels, "container"), container, "{labels}");
            assert_eq!(text(labels, "uid"), uid, "{labels}");
            let run = &status["restartCount"];
            let log = format!("/var/log/pods/{name}_{pod_name}_{uid}/{container}/{run}.log");
            assert_eq!(text(labels, "log"), log, "{labels}");
        }
    }
    let bytes = format!("periplus_container_log_bytes{{namespace={name:?},container=\"talks\"}}");
    assert!(release.value(&bytes)? > 0.0);
    let written = format!(
        "time() - periplus_container_log_written_timestamp_seconds{{namespace={name:?},container=\"talks\"}}"
    );
    assert!(release.value(&written)? < 3600.0);
    let owners = release.query(&format!(
        "count by (owner_kind, owner_name) (periplus_container_info{{namespace={name:?},pod=~\"web-.*\",container!=\"\"}} \
         * on (cluster, namespace, pod) group_left (owner_kind, owner_name) kube_pod_owner)"
    ))?;
    let [(owner, count)] = owners.as_slice() else {
        anyhow::bail!("one owner: {owners:?}");
    };
    assert_eq!(
        (text(owner, "owner_kind").as_str(), *count),
        ("ReplicaSet", 1.0),
        "{owner}"
    );
    assert!(text(owner, "owner_name").starts_with("web-"), "{owner}");
    Ok(())
}

/// What an account may do beyond what every account may, a line a rule.
fn rights(space: &Space<'_>, account: &str) -> anyhow::Result<BTreeSet<String>> {
    let list = |account: &str| -> anyhow::Result<BTreeSet<String>> {
        let account = format!("--as=system:serviceaccount:{}:{account}", space.name);
        let text = space.kubectl(&["auth", "can-i", "--list", "--no-headers", &account])?;
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(text.lines().map(words).filter(|line| !line.is_empty()).collect())
    };
    let everyone = list("default")?;
    Ok(list(account)?.difference(&everyone).cloned().collect())
}

fn rights_are_those_that_are_documented(release: &Release<'_>) -> anyhow::Result<()> {
    let space = release.space;
    let agent = rights(space, &format!("{}-agent", release.name))?;
    assert!(
        agent.is_empty(),
        "agents ask the API server for nothing: {agent:?}"
    );
    let edge = rights(space, &format!("{}-edge", release.name))?;
    let edge: Vec<String> = edge.into_iter().collect();
    let documented = include_str!("../../../../docs/security.md");
    let documented = documented
        .split("<!-- rights of the edge -->")
        .nth(1)
        .context("docs/security.md lists the rights of the edge")?;
    let documented: Vec<&str> = documented.lines().filter(|line| line.contains('[')).collect();
    assert_eq!(edge, documented, "docs/security.md is behind");
    let account = format!("--as=system:serviceaccount:{}:{}-edge", space.name, release.name);
    for refused in [
        "get secrets",
        "list secrets",
        "create pods",
        "create pods --subresource=exec",
        "get pods --subresource=log",
        "get nodes --subresource=proxy",
        "patch deployments.apps",
        "delete nodes",
        "create serviceaccounts --subresource=token",
        "impersonate users",
    ] {
        let words: Vec<&str> = refused.split(' ').collect();
        // It ends with 1 for a "no", which is an error here.
        let said = space.kubectl(&[&["auth", "can-i"], words.as_slice(), &[account.as_str()]].concat());
        assert!(said.is_err(), "{refused}: {said:?}");
    }
    let secret = format!("{}-credentials", release.name);
    let read = space.kubectl(&["get", "secret", &secret, &account]);
    let error = read.expect_err("a secret was read").to_string();
    assert!(error.contains("Forbidden"), "{error}");
    Ok(())
}

fn the_token_of_agents_reads_nothing(release: &Release<'_>) -> anyhow::Result<()> {
    let token = release.secret("write-token")?;
    let refused = release
        .ask_as(&token, "up")
        .expect_err("the token of agents reads");
    expect![[r#"
        error: https://127.0.0.1:PORT does not let this request in (HTTP status 403 Forbidden)
        hint: put the token that `periplus up` printed into PERIPLUS_TOKEN (`periplus up --rotate-token` makes a new one)
    "#]]
    .assert_eq(&refused.to_string().replace(&release.port.to_string(), "PORT"));
    Ok(())
}

fn nothing_is_lost_when_an_agent_and_the_edge_are_killed(mut release: Release<'_>) -> anyhow::Result<()> {
    let space = release.space;
    let nodes = space.bed.real_nodes()?;
    let killed = nodes.first().context("a real node")?;
    let agents = "--selector=app.kubernetes.io/component=agent";
    let on_node = format!("--field-selector=spec.nodeName={killed}");
    let began = release.value("max(timestamp(node_load1))")?;
    space.kubectl(&["delete", "pod", agents, &on_node, "--force", "--grace-period=0"])?;
    let edge = format!("{}-edge", release.name);
    space.kubectl(&[
        "delete",
        "pod",
        &format!("{edge}-0"),
        "--force",
        "--grace-period=0",
    ])?;
    space.rollout(&format!("statefulset/{edge}"))?;
    space.rollout(&format!("daemonset/{}-agent", release.name))?;
    release.connect()?;
    for node in &nodes {
        wait_for("samples from after it", || {
            let newest = release.value(&format!("max(timestamp(node_load1{{node={node:?}}}))"));
            (newest.ok()? > began + 20.0).then_some(())
        })?;
    }
    for node in &nodes {
        let runs =
            format!("periplus_agent_collector_runs_total{{collector=\"periplus\",node={node:?}}}[15m]");
        let came = wait_for("everything that was collected", || {
            let numbers = release.samples(&runs).ok()?;
            is_complete(&numbers).then_some(numbers.len())
        })
        .with_context(|| format!("{node}: {:?}", release.samples(&runs)))?;
        println!(
            "{}: {came} collections of {node}, and none is missing",
            release.name
        );
    }
    let missed = release
        .query("periplus_forward_missed_records_total > 0 or periplus_relay_samples_dropped_total > 0")?;
    assert!(missed.is_empty(), "{missed:?}");
    Ok(())
}

/// Tells whether all collections are there of an agent that numbers them, and begins anew when it is killed. One that is
/// late has its successor's number.
fn is_complete(numbers: &[f64]) -> bool {
    let lives = numbers.chunk_by(|one, next| one <= next);
    let all = lives.filter_map(|life| Some(life.last()? - life.first()? + 1.0));
    numbers.len() as f64 >= all.sum::<f64>()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
