//! Prometheus's own test scripts, read from the Go module cache.
//!
//! Every evaluation of every file must pass; the table holds how many there are, so that none gets lost.
//! `cargo test -p promql --test it promqltest -- --nocapture` prints what passes, file by file, and why what fails
//! does.

use std::fs;

use crate::corpus::go_source;
use crate::run::{Names, run};
use crate::script;

/// Evaluations of each file.
const EVALUATIONS: &[(&str, usize)] = &[
    ("aggregators.test", 167),
    ("at_modifier.test", 78),
    ("collision.test", 2),
    ("duration_expression.test", 59),
    ("extended_vectors.test", 174),
    ("fill-modifier.test", 50),
    ("functions.test", 516),
    ("histograms.test", 195),
    ("info.test", 70),
    ("limit.test", 37),
    ("literals.test", 25),
    ("name_label_dropping.test", 30),
    ("native_histograms.test", 557),
    ("operators.test", 214),
    ("range_queries.test", 18),
    ("selectors.test", 31),
    ("staleness.test", 17),
    ("start_timestamps.test", 40),
    ("subquery.test", 41),
    ("trig_functions.test", 21),
    ("type_and_unit.test", 65),
    ("unquoted_utf8_names.test", 27),
];

/// How many evaluations of a file expect what only names kept to the end can give: remarks that name the metric
/// a histogram came from, and labels made of names that are gone otherwise.
const NEED_NAMES: &[(&str, usize)] = &[
    ("histograms.test", 16),
    ("name_label_dropping.test", 8),
    ("native_histograms.test", 17),
];

/// As Prometheus's harness runs them: metric names are removed at the end.
#[test]
fn promqltest() {
    let (table, failures) = run_all(Names::AtTheEnd);
    println!("{table}");
    let wrong: Vec<_> = failures.into_iter().flat_map(|(_, failures)| failures).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As Prometheus runs by default: metric names are removed at once.
#[test]
fn promqltest_with_names_removed_at_once() {
    let (table, all) = run_all(Names::AtOnce);
    println!("{table}");
    for (name, failures) in all {
        let known = NEED_NAMES.iter().find(|(file, _)| *file == name);
        let expected = known.map_or(0, |(_, n)| *n);
        assert_eq!(failures.len(), expected, "{name}:\n{}", failures.join("\n"));
    }
}

/// Runs all scripts; returns a table to be read, and what fails, file by file.
fn run_all(names: Names) -> (String, Vec<(String, Vec<String>)>) {
    let dir = go_source::module().join("promql/promqltest/testdata");
    let mut files: Vec<_> = fs::read_dir(&dir)
        .expect("the module has test data")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "test"))
        .collect();
    files.sort();
    let mut all = Vec::new();
    let mut sum = (0, 0);
    let mut table = String::new();
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
        table.push_str(&format!("{name}: {} of {total} pass\n", report.passed));
        let failures = report.failures.iter().map(|failure| format!("{name}: {failure}"));
        let failures: Vec<_> = failures.collect();
        failures
            .iter()
            .for_each(|failure| table.push_str(&format!("    {failure}\n")));
        let known = EVALUATIONS.iter().find(|(file, _)| *file == name);
        assert_eq!(known.map(|(_, n)| *n), Some(total), "evaluations of {name}");
        all.push((name, failures));
    }
    table.push_str(&format!("{} of {} pass", sum.0, sum.1));
    assert_eq!(all.len(), EVALUATIONS.len(), "files of the module");
    (table, all)
}
