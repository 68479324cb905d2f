//! Prometheus's own test scripts, read from the Go module cache.
//!
//! Every evaluation counts, also those that need what the engine does not have: native histograms, start
//! timestamps of counters. The table holds how many pass; it may only grow. `PROMQLTEST=functions` prints why those of
//! one file fail.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::run::{Names, run};
use crate::script;

const MODULE: &str = "github.com/prometheus/prometheus@v0.316.0";

/// File, evaluations that pass, evaluations in all.
const FLOORS: &[(&str, usize, usize)] = &[
    ("aggregators.test", 133, 167),
    ("at_modifier.test", 78, 78),
    ("collision.test", 2, 2),
    ("duration_expression.test", 59, 59),
    ("extended_vectors.test", 128, 174),
    ("fill-modifier.test", 50, 50),
    ("functions.test", 465, 516),
    ("histograms.test", 100, 195),
    ("info.test", 69, 70),
    ("limit.test", 15, 37),
    ("literals.test", 25, 25),
    ("name_label_dropping.test", 30, 30),
    ("native_histograms.test", 14, 557),
    ("operators.test", 145, 214),
    ("range_queries.test", 17, 18),
    ("selectors.test", 31, 31),
    ("staleness.test", 17, 17),
    ("start_timestamps.test", 9, 40),
    ("subquery.test", 39, 41),
    ("trig_functions.test", 21, 21),
    ("type_and_unit.test", 65, 65),
    ("unquoted_utf8_names.test", 27, 27),
];

/// Returns the folder of Prometheus's test scripts; Go fetches the module if it is not there yet.
fn testdata() -> PathBuf {
    let output = Command::new("go")
        .args(["mod", "download", "-json", MODULE])
        .current_dir(std::env::temp_dir())
        .output()
        .expect("`go` must be installed to run Prometheus's PromQL tests");
    let text = String::from_utf8_lossy(&output.stdout);
    let dir = text.lines().find_map(|line| {
        line.trim()
            .strip_prefix("\"Dir\": \"")?
            .strip_suffix("\",")
            .map(PathBuf::from)
    });
    assert!(
        dir.is_some(),
        "`go mod download {MODULE}` failed: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    dir.unwrap_or_default().join("promql/promqltest/testdata")
}

/// Files that expect names to be removed at the end of the evaluation, with what passes if they go at once.
const AT_ONCE: &[(&str, usize)] = &[
    ("histograms.test", 90),
    ("name_label_dropping.test", 22),
    ("native_histograms.test", 12),
];

/// As Prometheus's harness runs them: metric names are removed at the end.
#[test]
fn promqltest() {
    let (table, wrong) = check(Names::AtTheEnd, |_, floor| floor);
    println!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As Prometheus runs by default: metric names are removed at once.
#[test]
fn promqltest_with_names_removed_at_once() {
    let (_, wrong) = check(Names::AtOnce, |file, floor| {
        AT_ONCE
            .iter()
            .find(|(name, _)| *name == file)
            .map_or(floor, |(_, passed)| *passed)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs all scripts; returns a report to be read, and the files that pass less than they must.
fn check(names: Names, floor_of: impl Fn(&str, usize) -> usize) -> (String, Vec<String>) {
    let dir = testdata();
    let mut files: Vec<_> = fs::read_dir(&dir)
        .expect("the module has test data")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "test"))
        .collect();
    files.sort();
    let wanted = std::env::var("PROMQLTEST").unwrap_or_default();
    let mut table = String::new();
    let mut wrong = Vec::new();
    let mut sum = (0, 0);
    for path in files {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).expect("a script can be read");
        let commands = script::read(&text).expect("a script is well-formed");
        let report = run(&commands, names);
        let total = report.passed + report.failures.len();
        sum = (sum.0 + report.passed, sum.1 + total);
        table.push_str(&format!("    (\"{name}\", {}, {total}),\n", report.passed));
        if name.starts_with(&wanted) {
            report
                .failures
                .iter()
                .for_each(|failure| table.push_str(&format!("{name}: {failure}\n")));
        }
        let known = FLOORS.iter().find(|(file, ..)| *file == name);
        if known.is_none_or(|(_, floor, all)| report.passed < floor_of(&name, *floor) || total != *all) {
            wrong.push(format!(
                "{name}: {} of {total} pass, recorded is {known:?}",
                report.passed
            ));
        }
    }
    table.push_str(&format!("{} of {} pass", sum.0, sum.1));
    (table, wrong)
}
