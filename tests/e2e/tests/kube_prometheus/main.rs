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
use crate::questions::Question;
use crate::rules::Rules;

/// Scrapes that are waited for: five minutes, in which two of the windows and the minute that is compared fit.
const SCRAPES: f64 = 30.0;
/// How often what differs is asked, each time after as many scrapes: the two look at different moments, so a counter
/// that moves once in minutes may have moved for one and not for the other. What is wrong differs each time.
const ATTEMPTS: usize = 3;
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
    let mut rules = Rules::of(prometheus.client())?;
    gather(&ours, &prometheus, &mut rules)?;
    let questions = questions::load(&data, &machine.names, &rules)?;
    let mut outcome = Outcome::default();
    let mut open: Vec<&Question> = questions.iter().collect();
    for attempt in 1..=ATTEMPTS {
        if attempt > 1 {
            println!("{} asked again:\n{}", open.len(), outcome.differences.join("\n"));
            gather(&ours, &prometheus, &mut rules)?;
        }
        open = ask(&open, (&ours, &prometheus), &mut outcome)?;
        if open.is_empty() {
            break;
        }
    }
    println!("{} distinct queries:", questions.len());
    for (what, n) in &outcome.counts {
        println!("{n:>5}  {what}");
    }
    assert!(
        open.is_empty(),
        "answers differ without a known reason:\n\n{}",
        outcome.differences.join("\n\n")
    );
    assert!(outcome.counts["the same"] >= FEWEST, "{:?}", outcome.counts);
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

/// What has been found so far.
#[derive(Debug, Default)]
struct Outcome {
    /// How many queries ended how.
    counts: BTreeMap<&'static str, usize>,
    /// What differed when it was asked last.
    differences: Vec<String>,
}

/// Asks both sides about the last minute; returns the questions whose answers differ without a known reason.
fn ask<'a>(
    questions: &[&'a Question],
    (ours, prometheus): (&Ours, &Prometheus),
    outcome: &mut Outcome,
) -> anyhow::Result<Vec<&'a Question>> {
    let span = Span::until_now(&ours.edge.client)?;
    let mut open = Vec::new();
    outcome.differences.clear();
    for question in questions {
        let here = span.ask(&ours.edge.client, question)?;
        let there = span.ask(prometheus.client(), question)?;
        let what = match compare::compare(question, &here, &there) {
            Found::Nothing => "no data on either side",
            Found::Same => "the same",
            Found::Different(difference) => match exceptions::reason(question) {
                Some(reason) => reason,
                None => {
                    let text = format!("{}\n  {}\n  {difference}", question.name, question.query);
                    outcome.differences.push(text);
                    open.push(*question);
                    continue;
                }
            },
        };
        *outcome.counts.entry(what).or_default() += 1;
    }
    Ok(open)
}

/// Waits until both sides have scraped so often from now on, and evaluates rules after every scrape of ours, or as
/// often as the machine is fast enough for.
fn gather(ours: &Ours, prometheus: &Prometheus, rules: &mut Rules) -> anyhow::Result<()> {
    let first = scrapes(&ours.edge.client);
    let last = scrapes(prometheus.client()) + SCRAPES;
    let mut n = first;
    while n < first + SCRAPES {
        n = wait_for_scrapes(&ours.edge.client, n + 1.0)?;
        rules.evaluate(&ours.edge.client)?;
    }
    wait_for_scrapes(prometheus.client(), last)?;
    Ok(())
}

/// Waits until a kubelet has been scraped so often; returns how often it was.
fn wait_for_scrapes(client: &Client, n: f64) -> anyhow::Result<f64> {
    wait_for("scrapes", || {
        let n_scrapes = scrapes(client);
        (n_scrapes >= n).then_some(n_scrapes)
    })
}

/// Returns how often a kubelet has been scraped.
fn scrapes(client: &Client) -> f64 {
    let query = r#"max(count_over_time(up{job="kubelet", metrics_path="/metrics/cadvisor"}[1h]))"#;
    let found = client.query(query).unwrap_or_default();
    found.first().map_or(0.0, |(_, _, value)| *value)
}
