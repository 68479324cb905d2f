//! What is asked: every query of the dashboards with its variables filled in, every expression of the rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::machine::Names;
use crate::rules::Rules;

const FILE: &str = "dashboard-queries.jsonl";
/// Windows of panels: several scrapes, short enough that both sides have all of it.
const WINDOW: &str = "2m";

/// Windows of rules and panels that reach back beyond the comparison, in their order.
const LONG: [&str; 11] = [
    "5m", "10m", "15m", "30m", "1h", "2h", "3h", "6h", "1d", "3d", "30d",
];
/// Seconds of the window that stands for the first of them. One over recorded series of another must still fit into
/// the scrapes that are waited for.
const SHORT: usize = 100;

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The panel or rule.
    pub(crate) name: String,
    /// The expression.
    pub(crate) query: String,
}

/// Returns the folder with the queries and rules, if it is there: what `PERIPLUS_DASHBOARDS` names, or beside the
/// checkout.
pub(crate) fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("PERIPLUS_DASHBOARDS") {
        return Some(folder.into());
    }
    let ancestors = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = ancestors.map(|folder| folder.join("shared/data/kube-prometheus"));
    folders.find(|folder| folder.join(FILE).exists())
}

/// Reads the queries, each distinct one once.
///
/// # Errors
/// The file is not what it should be.
pub(crate) fn load(folder: &Path, names: &Names, rules: &Rules) -> anyhow::Result<Vec<Question>> {
    let (mut questions, mut known) = (Vec::new(), BTreeSet::new());
    let mut add = |name: String, query: String| {
        if known.insert(query.clone()) {
            questions.push(Question { name, query });
        }
    };
    for line in std::fs::read_to_string(folder.join(FILE))?.lines() {
        let panel: Value = serde_json::from_str(line)?;
        let field = |name: &str| panel[name].as_str().unwrap_or_default();
        add(
            format!("{}: {}", field("dashboard"), field("panel")),
            fill_in(field("expr"), names),
        );
    }
    for rule in &rules.0 {
        add(format!("{}: {}", rule.group, rule.name), rule.query.clone());
    }
    Ok(questions)
}

/// Returns a query whose windows are such that both sides have all of them. The two do not begin in the same moment: a
/// window that reaches back to the beginning holds what happened between their first scrapes on one side only, and a
/// counter that moves once in minutes differs by half for as long. Each long window has a short one of its own, so that
/// what differs by windows alone stays different. An extrapolation over days needs its window, and is of gauges.
pub(crate) fn shorten(query: &str) -> String {
    if query.contains("predict_linear") {
        return query.to_owned();
    }
    let windows = LONG.iter().zip(SHORT..);
    windows.fold(query.to_owned(), |query, (long, seconds)| {
        query.replace(&format!("[{long}]"), &format!("[{seconds}s]"))
    })
}

/// Fills in variables as Grafana does: "All" where a regular expression is asked for, one choice elsewhere.
fn fill_in(expression: &str, names: &Names) -> String {
    let mut query = expression.to_owned();
    for variable in [
        "cluster",
        "instance",
        "job",
        "namespace",
        "node",
        "pod",
        "service",
        "type",
        "url",
    ] {
        query = query.replace(&format!("=~\"${variable}\""), "=~\".+\"");
    }
    // The longer name first where one begins like another.
    for (variable, value) in [
        ("$__rate_interval", WINDOW),
        ("$cluster", names.cluster.as_str()),
        ("$namespace", "shop"),
        ("$instance", &names.node),
        ("$integration", "slack"),
        ("$volume", "data-store-0"),
        ("$workload", "web"),
        ("$type", "deployment"),
        ("$node", &names.node),
        ("$pod", &names.pod),
    ] {
        query = query.replace(variable, value);
    }
    shorten(&query.split_whitespace().collect::<Vec<_>>().join(" "))
}
