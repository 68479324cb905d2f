//! The panel queries of kube-prometheus over a day of a cluster.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Arena, Asked, COLUMNS, Question, Span, totals};
use crate::engine::Place;
use crate::load::body::Schedule;
use crate::load::cluster::{CLUSTER, ExamplePod, Size, cluster, example_pod, node_address};
use crate::report::{Section, Table};

const FILE: &str = "dashboard-queries.jsonl";
/// Dashboards of other systems than the cluster has.
const OTHER_SYSTEMS: [&str; 4] = ["Windows", "MacOS", "AIX", "Grafana"];
/// Seconds from one scrape to the next.
const INTERVAL: i64 = 60_000;
/// Seconds between two points, as Grafana asks for on a panel of 720 pixels.
const STEP: i64 = 120_000;
/// The slowest ones of ours that the table shows one by one.
const SHOWN: usize = 15;

/// Measures a cluster of so many nodes over so many hours, unless the queries are not there.
///
/// # Errors
/// An engine is not built, does not answer, or its answers are wrong.
pub(crate) fn measure(
    place: &Place,
    (nodes, hours): (u32, u32),
    folder: &Path,
) -> anyhow::Result<Option<Section>> {
    let path = folder.join(FILE);
    if !path.exists() {
        println_skipped(&path);
        return Ok(None);
    }
    let size = Size {
        nodes,
        pods_per_node: 10,
        interval: INTERVAL as f64 / 1000.0,
        rounds: hours * 60,
    };
    let questions = load_questions(&path, &example_pod(size))?;
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_millis() as i64;
    let schedule = Schedule {
        start: (now / INTERVAL - i64::from(size.rounds) - 2) * INTERVAL,
        interval: INTERVAL,
        rounds: size.rounds,
        rounds_per_block: 10,
    };
    let arena = Arena::fill(place, "dashboards", cluster(size), schedule)?;
    let span = Span::last(&schedule, i64::from(hours) * 3_600_000, STEP);
    let asked = arena.ask(&questions, span)?;
    let empty = asked.iter().filter(|one| one.series == 0).count();
    let series = arena.json["series"].as_u64().unwrap_or(0);
    let text = format!(
        "{} distinct panel queries of the dashboards of kube-prometheus for Linux, with their variables filled in, over \
         {hours} hours of a cluster of {nodes} nodes with 10 pods each, scraped every {} s: {series} series of the \
         families that these queries ask for, one in twelve pods replaced within the day. Range queries over all of it \
         with a step of {} s, instant queries at its end. {empty} answers are empty on all engines.",
        asked.len(),
        INTERVAL / 1000,
        STEP / 1000
    );
    let slowest = slowest(&asked);
    let json = json!({
        "load": arena.json, "step_ms": STEP,
        "queries": asked.iter().map(Asked::json).collect::<Vec<_>>(),
    });
    let tables = vec![totals(&asked), slowest, arena.sizes];
    Ok(Some(Section {
        name: "dashboards",
        text,
        tables,
        json,
    }))
}

#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn println_skipped(path: &Path) {
    eprintln!(
        "dashboards: left out, as {} is not there; name its folder with PERIPLUS_DASHBOARDS",
        path.display()
    );
}

/// The slowest ones, each named by its panel: several queries of a panel differ in one word.
fn slowest(asked: &[Asked]) -> Table {
    let mut table = Table::new("The slowest ones of ours:", &COLUMNS);
    let wall = |one: &Asked| one.timings.first().map_or(0.0, |timing| timing.wall_ms);
    let mut sorted: Vec<&Asked> = asked.iter().collect();
    sorted.sort_by(|a, b| wall(b).total_cmp(&wall(a)));
    for one in sorted.into_iter().take(SHOWN) {
        let name = one.question.name.clone();
        table.rows.push([vec![name], one.cells()].concat());
    }
    table
}

/// Reads the queries, each distinct one once, and fills in their variables.
fn load_questions(path: &Path, pod: &ExamplePod) -> anyhow::Result<Vec<Question>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut questions: Vec<Question> = Vec::new();
    for line in text.lines() {
        let panel: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let field = |name: &str| panel[name].as_str().unwrap_or_default();
        let dashboard = field("dashboard");
        if OTHER_SYSTEMS.iter().any(|system| dashboard.contains(system)) {
            continue;
        }
        let query = fill_in(field("expr"), pod);
        if questions.iter().all(|known| known.query != query) {
            questions.push(Question {
                name: format!("{dashboard}: {}", field("panel")),
                query,
                instant: panel["instant"] == true,
            });
        }
    }
    Ok(questions)
}

/// Fills in variables as Grafana does: "All" where a regular expression is asked for, one choice elsewhere.
fn fill_in(expression: &str, pod: &ExamplePod) -> String {
    let one_node = node_address(0, 9100);
    let mut query = expression.to_owned();
    for (variable, all) in [
        ("$instance", ".+"),
        ("$job", ".+"),
        ("$service", ".+"),
        ("$type", ".+"),
        ("$url", ".+"),
    ] {
        query = query.replace(&format!("=~\"{variable}\""), &format!("=~\"{all}\""));
    }
    // The longer name first where one begins like another.
    for (variable, value) in [
        ("$__rate_interval", "4m"),
        ("$cluster", CLUSTER),
        ("$namespace", &pod.namespace),
        ("$instance", &one_node),
        ("$integration", "slack"),
        ("$volume", "data-0"),
        ("$workload", &pod.workload),
        ("$node", &pod.node),
        ("$pod", &pod.pod),
    ] {
        query = query.replace(variable, value);
    }
    query.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
