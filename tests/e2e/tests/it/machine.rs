//! The host families beside a real node_exporter: same names, types, label sets, and consistent values.
//!
//! A value is consistent when it lies between what node_exporter said just before and just after our
//! collection. A gauge may swing out and back in between, so a series passes when one of several rounds shows
//! it consistent; a wrong series is wrong in all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::Context as _;
use testkit::{Client, Exposition, Peer, Periplus, Sample, Up, free_port, peer_path, wait_for};

const ROUNDS: usize = 12;

/// Families of node_exporter that are about itself, or that cannot be the same, and why.
const NOT_OURS: [(&str, &str); 7] = [
    ("go_", "the runtime of the exporter's own process"),
    (
        "process_",
        "the exporter's own process; ours is under job=\"periplus\"",
    ),
    (
        "promhttp_",
        "the exporter's own HTTP server; ours is periplus_http_*",
    ),
    (
        "node_exporter_build_info",
        "the exporter's own version; ours is periplus_build_info",
    ),
    (
        "node_scrape_collector_duration_seconds",
        "how long the exporter itself took",
    ),
    (
        "node_scrape_collector_success",
        "names the exporter's own list of collectors",
    ),
    ("node_textfile_scrape_error", "no folder of text files is read"),
];

/// Label sets of one family with the values seen: theirs before, ours, theirs after.
type Series = BTreeMap<String, String>;
type Key = (String, Series);

fn excused(name: &str) -> bool {
    NOT_OURS.iter().any(|(prefix, _)| name.starts_with(prefix))
}

#[test]
fn host_families_equal_those_of_node_exporter() -> anyhow::Result<()> {
    let port = free_port()?;
    let mut command = Command::new(peer_path("node_exporter")?);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    command.args([
        "--collector.interrupts",
        "--collector.processes",
        "--collector.softirqs",
    ]);
    let theirs = Peer::start(command, port, "/metrics")?;
    let data = tempfile::tempdir()?;
    let arguments = [
        "--interval",
        "1s",
        "--enable",
        "interrupts",
        "--enable",
        "processes",
        "--enable",
        "softirqs",
    ];
    let ours = Periplus::up(&Up {
        data: data.path(),
        arguments: &arguments,
    })?;

    wait_for("a first collection", || latest_tick(&ours.client).ok())?;
    let mut pending: Option<BTreeMap<Key, String>> = None;
    for _ in 0..ROUNDS {
        let problems = round(&ours.client, &theirs.client)?;
        // Only what is wrong in every round is wrong.
        let still = match pending.take() {
            None => problems,
            Some(before) => problems
                .into_iter()
                .filter(|(key, _)| before.contains_key(key))
                .collect(),
        };
        let done = still.is_empty();
        pending = Some(still);
        if done {
            break;
        }
    }
    let wrong = pending.unwrap_or_default();
    let lines: Vec<_> = wrong
        .iter()
        .map(|((name, labels), why)| format!("{name}{labels:?}: {why}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} series differ in each of {ROUNDS} rounds:\n{}",
        wrong.len(),
        lines.join("\n")
    );
    Ok(())
}

#[test]
fn no_family_of_node_exporter_is_missing() -> anyhow::Result<()> {
    let port = free_port()?;
    let mut command = Command::new(peer_path("node_exporter")?);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    command.args(["--collector.interrupts", "--collector.processes"]);
    let theirs = Peer::start(command, port, "/metrics")?;
    let data = tempfile::tempdir()?;
    let arguments = [
        "--interval",
        "1s",
        "--enable",
        "interrupts",
        "--enable",
        "processes",
    ];
    let ours = Periplus::up(&Up {
        data: data.path(),
        arguments: &arguments,
    })?;
    let exposition = Exposition::parse(&theirs.client.get("/metrics")?.body)?;
    // Rates need two collections and some collectors look less often: wait for the newest family.
    let missing = wait_for("two ticks", || {
        let ticks = ours
            .client
            .query(r#"count_over_time(up{job="node-exporter"}[1m])"#)
            .ok()?;
        (ticks.first()?.2 >= 3.0).then(|| missing(&ours.client, &exposition))
    })??;
    println!("families of node_exporter that we lack: {missing:?}");
    for (prefix, why) in NOT_OURS {
        println!("  {prefix}*: left out, {why}");
    }
    assert!(missing.is_empty(), "missing: {missing:#?}");
    Ok(())
}

fn missing(ours: &Client, theirs: &Exposition) -> anyhow::Result<Vec<String>> {
    let names = ours.api("label/__name__/values", &[])?;
    let names: BTreeSet<_> = names
        .as_array()
        .context("a list")?
        .iter()
        .filter_map(|n| n.as_str())
        .collect();
    let families: BTreeSet<_> = theirs.samples.iter().map(|sample| sample.name.as_str()).collect();
    let lacks = |name: &&str| !names.contains(*name) && !excused(name);
    Ok(families.into_iter().filter(lacks).map(str::to_owned).collect())
}

/// Compares one collection of ours with the two scrapes around it; returns what does not fit, by series.
fn round(ours: &Client, theirs: &Client) -> anyhow::Result<BTreeMap<Key, String>> {
    let before = Exposition::parse(&theirs.get("/metrics")?.body)?;
    let from = latest_tick(ours)?;
    let tick = wait_for("a tick after the first scrape", || {
        // The tick after the next surely began after the scrape had ended.
        latest_tick(ours).ok().filter(|tick| *tick >= from + 1.5)
    })?;
    let after = Exposition::parse(&theirs.get("/metrics")?.body)?;
    let seen = collected_at(ours, tick)?;
    let types = our_types(ours)?;
    let mut problems = BTreeMap::new();
    println!(
        "compared {} series of ours with {} of theirs",
        seen.len(),
        before.samples.len()
    );
    let (before_values, after_values) = (by_key(before.samples), by_key(after.samples));
    let families: BTreeSet<_> = before_values.keys().map(|(name, _)| name.clone()).collect();
    anyhow::ensure!(
        families.len() > 100,
        "only {} families to compare",
        families.len()
    );
    for (key, first) in &before_values {
        let Some(last) = after_values.get(key) else {
            continue;
        };
        let problem = match seen.get(key) {
            None => "we do not have it".to_owned(),
            Some(value) if consistent(*first, *value, *last) => continue,
            Some(value) => format!("{value} is not between {first} and {last}"),
        };
        problems.insert(key.clone(), problem);
    }
    for key in seen.keys().filter(|(name, _)| families.contains(name)) {
        if !before_values.contains_key(key) && !after_values.contains_key(key) {
            problems.insert(key.clone(), "node_exporter does not have it".to_owned());
        }
    }
    for (name, word) in before.types.iter().filter(|(name, _)| families.contains(*name)) {
        let word = if word == "untyped" {
            "unknown"
        } else {
            word.as_str()
        };
        if types.get(name).is_some_and(|our_word| our_word != word) {
            let why = format!("our type is {:?}, theirs {word:?}", types.get(name));
            problems.insert((name.clone(), Series::new()), why);
        }
    }
    Ok(problems)
}

/// Equal, or between the two; the slack covers clocks read some milliseconds apart.
fn consistent(first: f64, value: f64, last: f64) -> bool {
    let (low, high) = (first.min(last), first.max(last));
    let slack = (high - low) * 0.05 + low.abs().max(high.abs()) * 1e-9;
    (low - slack..=high + slack).contains(&value) || (first.is_nan() && value.is_nan())
}

fn by_key(samples: Vec<Sample>) -> BTreeMap<Key, f64> {
    let ours = samples.into_iter().filter(|sample| !excused(&sample.name));
    ours.map(|sample| {
        // An empty label and no label are the same in the data model.
        let labels = sample
            .labels
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        ((sample.name, labels), sample.value)
    })
    .collect()
}

fn latest_tick(ours: &Client) -> anyhow::Result<f64> {
    let answer = ours.query(r#"max(timestamp(up{job="node-exporter"}))"#)?;
    Ok(answer.first().context("up is collected")?.2)
}

/// Returns the samples of exactly one tick, without the labels that say where they come from.
fn collected_at(ours: &Client, tick: f64) -> anyhow::Result<BTreeMap<Key, f64>> {
    let query = r#"{job="node-exporter"}[500ms]"#;
    let data = ours.api("query", &[("query", query), ("time", &tick.to_string())])?;
    let mut samples = BTreeMap::new();
    for series in data["result"].as_array().context("a matrix")? {
        let labels = series["metric"].as_object().context("labels")?;
        let mut labels: Series = labels
            .iter()
            .map(|(name, v)| (name.clone(), v.as_str().unwrap_or_default().to_owned()))
            .collect();
        let name = labels.remove("__name__").unwrap_or_default();
        labels.remove("job");
        labels.remove("instance");
        let value = series["values"][0][1].as_str().context("a sample")?.parse()?;
        if !excused(&name) {
            samples.insert((name, labels), value);
        }
    }
    Ok(samples)
}

fn our_types(ours: &Client) -> anyhow::Result<BTreeMap<String, String>> {
    let data = ours.api("metadata", &[])?;
    let families = data.as_object().context("families by name")?;
    let word = |entries: &serde_json::Value| entries[0]["type"].as_str().map(str::to_owned);
    Ok(families
        .iter()
        .filter_map(|(name, entries)| Some((name.clone(), word(entries)?)))
        .collect())
}
