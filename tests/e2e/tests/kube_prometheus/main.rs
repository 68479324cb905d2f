//! The queries of kube-prometheus' dashboards and rules on our data, beside a Prometheus on the same cluster.
//!
//! Prometheus scrapes the kubelets, the control plane, kube-state-metrics and node_exporter; ours has its own targets,
//! its own state of objects and its own collectors. Every query that has data there must have the same label sets and
//! consistent values here; what may differ stands in `exceptions` with its reason. Rules are evaluated there by
//! Prometheus; here, where nothing evaluates rules, the test asks our API for their expressions and writes what it
//! answers back as the recorded series.
//!
//! A binary of its own: it is minutes of real time, and nothing else should run on the machine meanwhile.

mod compare;
mod exceptions;
mod machine;
mod ours;
mod prometheus;
mod questions;
mod rules;

use std::collections::BTreeMap;

use testkit::{Bed, Client, wait_for};

use crate::compare::{Found, Span};
use crate::exceptions::EXCEPTIONS;
use crate::machine::Machine;
use crate::ours::Ours;
use crate::prometheus::Prometheus;
use crate::rules::Rules;

/// Scrapes that are waited for: five minutes, the longest window of most rules and alerts.
const SCRAPES: f64 = 30.0;
/// The fewest questions that must have data on both sides; less means that the comparison itself is broken.
const FEWEST: usize = 400;

#[test]
fn root_queries_of_kube_prometheus_have_the_same_answers() -> anyhow::Result<()> {
    let name = "root_queries_of_kube_prometheus_have_the_same_answers";
    if let Some(reason) = Bed::missing() {
        testkit::skip(name, reason);
        return Ok(());
    }
    let Some(data) = questions::folder() else {
        testkit::skip(
            name,
            "the queries of kube-prometheus are not here; name their folder with PERIPLUS_DASHBOARDS",
        );
        return Ok(());
    };
    let bed = Bed::up("queries", &["--nodes", "real:2,fake:5"])?;
    let folder = tempfile::tempdir()?;
    let mut machine = Machine::of(&bed, folder.path())?;
    machine.populate(&bed)?;
    let prometheus = Prometheus::start(&machine, &data)?;
    let ours = Ours::start(&machine)?;
    let rules = Rules::of(prometheus.client())?;
    // Each time after one more scrape, or as often as the machine is fast enough for.
    let mut n = 1.0;
    while n <= SCRAPES {
        n = wait_for_scrapes(&ours.edge.client, n)? + 1.0;
        rules.evaluate(&ours.edge.client)?;
    }
    wait_for_scrapes(prometheus.client(), SCRAPES)?;
    let span = Span::until_now(&ours.edge.client)?;
    let questions = questions::load(&data, &machine.names, &rules)?;
    let mut outcome: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for question in &questions {
        let (here, there) = (
            span.ask(&ours.edge.client, question)?,
            span.ask(prometheus.client(), question)?,
        );
        let (what, text) = match compare::compare(question, &here, &there) {
            Found::Nothing => ("no data on either side", String::new()),
            Found::Same => ("the same", String::new()),
            Found::Different(difference) => match exceptions::reason(question) {
                Some(reason) => (reason, String::new()),
                None => (
                    "different",
                    format!("{}\n  {}\n  {difference}", question.name, question.query),
                ),
            },
        };
        outcome.entry(what).or_default().push(text);
    }
    let count = |what: &str| outcome.get(what).map_or(0, Vec::len);
    println!("{} distinct queries:", questions.len());
    for (what, texts) in &outcome {
        println!("{:>5}  {what}", texts.len());
    }
    let different = outcome
        .get("different")
        .map(|texts| texts.join("\n\n"))
        .unwrap_or_default();
    assert!(
        different.is_empty(),
        "answers differ without a known reason:\n\n{different}"
    );
    assert!(count("the same") >= FEWEST, "{outcome:?}");
    let useless: Vec<_> = EXCEPTIONS
        .iter()
        .filter(|one| !questions.iter().any(|question| one.is_about(question)))
        .collect();
    assert!(
        useless.is_empty(),
        "exceptions about no query at all: {useless:?}"
    );
    bed.down()
}

/// Waits until a kubelet has been scraped so often; returns how often it was.
fn wait_for_scrapes(client: &Client, n: f64) -> anyhow::Result<f64> {
    let query = r#"max(count_over_time(up{job="kubelet", metrics_path="/metrics/cadvisor"}[1h]))"#;
    wait_for("scrapes", || {
        let found = client.query(query).unwrap_or_default();
        let scrapes = found.first().map_or(0.0, |(_, _, value)| *value);
        (scrapes >= n).then_some(scrapes)
    })
}
