//! Events of a cluster in the lake: each counted as often as the cluster counts it, whatever is killed meanwhile, and
//! found by text, object, owner, node and time.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;
use testkit::{Bed, Client, Periplus, Space, periplus_path, skip, wait_for_server};

use crate::same::{Kubectl, patiently};
use crate::watched;

/// How often events of every kind repeat before anything is killed, and more often after each kill.
const REPEATED: u64 = 2;
const EVENTS: &str = "/apis/events.k8s.io/v1/events";

#[test]
fn root_events_are_kept_once_and_counted_right_over_restarts() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        skip(
            "root_events_are_kept_once_and_counted_right_over_restarts",
            reason,
        );
        return Ok(());
    }
    let _turn = watched::turn();
    let bed = Bed::up("events", &["--nodes", "real:1"])?;
    let folder = tempfile::tempdir()?;
    let keys = "      targets: {enabled: false}\n";
    let server = watched::edge(&bed, folder.path(), keys)?;
    let kubectl = Kubectl::start(&bed)?;
    let space = bed.space()?;
    space.apply(include_str!("manifests/repeating.yaml"))?;
    patiently("the scheduler to say why", || {
        count_of(&kubectl, &space, "FailedScheduling").ok()?
    })?;
    space.apply(include_str!("manifests/friend.yaml"))?;
    for reason in ["BackOff", "FailedScheduling"] {
        repeats(&kubectl, &space, (reason, REPEATED))?;
    }
    let n = counts_agree(&kubectl, &server.client)?;
    println!("{n} events are counted as the cluster counts them");

    server.kill()?;
    let before = count_of(&kubectl, &space, "BackOff")?.context("there are back-offs")?;
    repeats(&kubectl, &space, ("BackOff", before + 1))?;
    let server = watched::edge(&bed, folder.path(), keys)?;
    let n = counts_agree(&kubectl, &server.client)?;
    println!("{n} are after this process was killed");

    bed.testbed(&["apiserver", "kill", bed.name()])?;
    bed.testbed(&["apiserver", "start", bed.name()])?;
    wait_for_server(&bed)?;
    let before = count_of(&kubectl, &space, "BackOff")?.context("there are back-offs")?;
    repeats(&kubectl, &space, ("BackOff", before + 1))?;
    let n = counts_agree(&kubectl, &server.client)?;
    println!("{n} are after the API server was killed");

    are_found(&server, &space)?;
    is_printed(&server, &space)?;
    drop(space);
    bed.down()
}

/// How often what events of a reason tell happened in the namespace, as the cluster counts. Some repeat in place, of
/// some there is another each time.
fn count_of(kubectl: &Kubectl, space: &Space<'_>, reason: &str) -> anyhow::Result<Option<u64>> {
    let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", space.name);
    let list = kubectl.get(&path)?;
    let events = list["items"].as_array().context("a list has items")?;
    let of_reason = events.iter().filter(|event| event["reason"] == reason);
    let sum: u64 = of_reason.map(count).sum();
    Ok((sum > 0).then_some(sum))
}

fn count(event: &Value) -> u64 {
    let in_series = event["series"]["count"].as_u64();
    in_series
        .or_else(|| event["deprecatedCount"].as_u64())
        .unwrap_or(1)
        .max(1)
}

/// Waits until an event was repeated so often.
fn repeats(kubectl: &Kubectl, space: &Space<'_>, (reason, at_least): (&str, u64)) -> anyhow::Result<()> {
    patiently(&format!("{reason} to be there {at_least} times"), || {
        let count = count_of(kubectl, space, reason).ok()??;
        (count >= at_least).then_some(())
    })
}

/// Waits until the rows of each event add up to what the cluster counts, with no row twice.
fn counts_agree(kubectl: &Kubectl, ours: &Client) -> anyhow::Result<usize> {
    let mut wrong = Vec::new();
    let agreed = patiently("rows to add up to what the cluster counts", || {
        let there = counts_there(kubectl).ok()?;
        let here = counts_here(ours).ok()?;
        wrong = there
            .iter()
            .filter(|(uid, count)| here.get(*uid) != Some(*count))
            .map(|(uid, count)| format!("{uid}: {count} there, {:?} here", here.get(uid)))
            .collect();
        wrong.is_empty().then_some(there.len())
    });
    let n = agreed.with_context(|| wrong.join("\n"))?;
    let twice = sql(
        ours,
        "SELECT uid, resource_version, count(*) AS n FROM events GROUP BY 1, 2 HAVING count(*) > 1",
    )?;
    assert!(twice.is_empty(), "rows that are there twice: {twice:?}");
    Ok(n)
}

fn counts_there(kubectl: &Kubectl) -> anyhow::Result<BTreeMap<String, u64>> {
    let list = kubectl.get(EVENTS)?;
    let events = list["items"].as_array().context("a list has items")?;
    let uid = |event: &Value| event["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    Ok(events.iter().map(|event| (uid(event), count(event))).collect())
}

fn counts_here(ours: &Client) -> anyhow::Result<BTreeMap<String, u64>> {
    let rows = sql(
        ours,
        "SELECT uid, sum(delta), max(count) FROM events GROUP BY uid",
    )?;
    let mut counts = BTreeMap::new();
    for row in rows {
        let [sum, newest] = [1, 2].map(|i| row[i].as_u64());
        anyhow::ensure!(sum == newest, "differences do not add up: {row}");
        let uid = row[0].as_str().context("an event has an identity")?;
        counts.insert(uid.to_owned(), sum.context("a sum is a number")?);
    }
    Ok(counts)
}

fn sql(ours: &Client, query: &str) -> anyhow::Result<Vec<Value>> {
    let answer = ours.post_form("/api/v1/sql", &[("query", query)])?;
    anyhow::ensure!(answer.status == 200, "{query}: {}", answer.body);
    let mut answer: Value = serde_json::from_str(&answer.body)?;
    let rows = answer["data"]["rows"].take();
    serde_json::from_value(rows).context("rows are a list")
}

/// Finds the back-offs of the Deployment by each thing that people know of them, and nothing else by it.
fn are_found(server: &Periplus, space: &Space<'_>) -> anyhow::Result<()> {
    let ours = &server.client;
    let pod = space.kubectl(&[
        "get",
        "pods",
        "--selector=app=crash",
        "--output=jsonpath={.items[0].metadata.name}",
    ])?;
    let uid = space.field(&format!("pod/{pod}"), ".metadata.uid")?;
    let node = space.field(&format!("pod/{pod}"), ".spec.nodeName")?;
    let all = found(ours, &[("namespace", &space.name), ("reason", "BackOff")])?;
    assert!(!all.is_empty(), "there are back-offs");
    for event in &all {
        assert_eq!(event["owner"]["kind"], "Deployment", "{event}");
        assert_eq!(event["owner"]["name"], "crash", "{event}");
        assert_eq!(event["node"], node.as_str(), "{event}");
    }
    let newest = all[0]["time"].as_str().context("an event has a time")?;
    for known in [
        [("text", "restarting failed container")],
        [("object", pod.as_str())],
        [("object_uid", uid.as_str())],
        [("owner", "crash")],
        [("node", node.as_str())],
        [("kind", "Pod")],
        [("type", "Warning")],
        [("cluster", space.bed.name())],
    ] {
        let narrowed = [
            &[("namespace", space.name.as_str()), ("reason", "BackOff")],
            &known[..],
        ]
        .concat();
        assert_eq!(found(ours, &narrowed)?, all, "{known:?}");
    }
    for unknown in [
        [("text", "no such words")],
        [("object", "homeless")],
        [("owner", "homeless")],
        [("node", "elsewhere")],
        [("type", "Normal")],
        [("cluster", "elsewhere")],
    ] {
        let narrowed = [
            &[("namespace", space.name.as_str()), ("reason", "BackOff")],
            &unknown[..],
        ]
        .concat();
        assert_eq!(found(ours, &narrowed)?, Vec::<Value>::new(), "{unknown:?}");
    }
    let since = [
        ("namespace", space.name.as_str()),
        ("reason", "BackOff"),
        ("start", newest),
    ];
    let late = found(ours, &since)?;
    assert!(late.contains(&all[0]), "the newest happened at {newest}");
    assert!(
        all.len() < 2 || late.len() < all.len(),
        "older ones are not since {newest}"
    );
    let homeless = found(ours, &[("object", "homeless"), ("reason", "FailedScheduling")])?;
    let count: u64 = homeless.iter().filter_map(|event| event["delta"].as_u64()).sum();
    assert!(count >= REPEATED, "{homeless:?}");
    Ok(())
}

fn found(ours: &Client, known: &[(&str, &str)]) -> anyhow::Result<Vec<Value>> {
    let mut answer = ours.api("events", &[known, &[("limit", "1000")]].concat())?;
    serde_json::from_value(answer["events"].take()).context("events are a list")
}

/// The same by the command.
fn is_printed(server: &Periplus, space: &Space<'_>) -> anyhow::Result<()> {
    let query = format!(
        "SELECT owner_kind, owner_name, sum(delta) AS n FROM events WHERE namespace = '{}' AND reason = 'BackOff' \
         AND message LIKE '%restarting failed container%' AND time > now() - INTERVAL '1 hour' GROUP BY 1, 2",
        space.name
    );
    let mut command = Command::new(periplus_path()?);
    command.args([
        "sql",
        "--server",
        server.client.base(),
        "--output",
        "json",
        &query,
    ]);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let rows = answer["rows"].as_array().context("rows are a list")?;
    assert_eq!(rows.len(), 1, "one workload backs off: {answer}");
    assert_eq!(
        (&rows[0][0], &rows[0][1]),
        (&"Deployment".into(), &"crash".into())
    );
    println!("{}", String::from_utf8_lossy(&output.stdout).trim_end());
    Ok(())
}
