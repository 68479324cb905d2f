//! Compares what this project says of a cluster's objects with what kube-state-metrics says:
//! `cargo run -p cluster --example compare -- OURS.txt THEIRS.txt`, two pages of `/metrics` of the same cluster
//! (`examples/state.rs` serves ours).
//!
//! Every series is compared by name, labels (an empty label is no label) and value. What only one page has is
//! printed, stable families first; the exit code is 1 if a stable family differs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::process::ExitCode;

use model::LabelsBuilder;
use wire::{Entry, ExpositionFormat, ExpositionParser, NativeHistograms, SampleValue};

/// A page: how often there is a series with a value, and what it says about families.
#[derive(Default)]
struct Page {
    series: BTreeMap<String, i64>,
    types: BTreeMap<String, String>,
    stable: BTreeSet<String>,
    families: BTreeSet<String>,
}

/// Differences shown of a family.
const SHOWN: usize = 5;

fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let (Some(ours), Some(theirs)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("two pages are needed: OURS.txt THEIRS.txt"));
    };
    let ours = page(&std::fs::read(ours)?).map_err(io::Error::other)?;
    let theirs = page(&std::fs::read(theirs)?).map_err(io::Error::other)?;
    let mut differences: BTreeMap<(bool, &str), Vec<String>> = BTreeMap::new();
    let all = difference(&ours, &theirs);
    for (series, n) in &all {
        let name = series.split(['{', ' ']).next().unwrap_or("");
        let is_stable = theirs.stable.contains(name);
        let side = if *n > 0 { "only ours  " } else { "only theirs" };
        let lines = differences.entry((!is_stable, name)).or_default();
        lines.push(format!("  {side} {series}"));
    }
    let n_stable = differences.keys().filter(|(is_unstable, _)| !is_unstable).count();
    let mut out = io::stdout().lock();
    let with_samples = theirs.families.intersection(&theirs.stable).count();
    writeln!(
        out,
        "{} series here, {} there; {with_samples} stable families have samples there, {n_stable} of them differ",
        ours.series.values().sum::<i64>(),
        theirs.series.values().sum::<i64>(),
    )?;
    for ((is_unstable, name), lines) in &differences {
        let stability = if *is_unstable { "may change" } else { "STABLE" };
        writeln!(out, "{name} ({stability}): {} series", lines.len())?;
        for line in lines.iter().take(SHOWN) {
            writeln!(out, "{line}")?;
        }
    }
    for (family, kind) in theirs
        .types
        .iter()
        .filter(|(family, _)| theirs.families.contains(*family))
    {
        match ours.types.get(family) {
            Some(own) if own != kind => writeln!(out, "{family}: {own} here, {kind} there")?,
            _ => {}
        }
    }
    Ok(ExitCode::from(u8::from(n_stable > 0)))
}

fn page(bytes: &[u8]) -> Result<Page, wire::ParseError> {
    let mut page = Page::default();
    let mut labels = LabelsBuilder::default();
    // The other side writes types that the format does not have, which a strict reader refuses.
    let text = String::from_utf8_lossy(bytes);
    let mut untyped = String::with_capacity(text.len());
    for line in text.lines() {
        match line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            Some((family, kind)) => {
                page.types.insert(family.to_owned(), kind.to_owned());
            }
            None => {
                untyped.push_str(line);
                untyped.push('\n');
            }
        }
    }
    let mut parser = ExpositionParser::new(
        untyped.as_bytes(),
        ExpositionFormat::Text,
        NativeHistograms::Ignored,
    )?;
    while let Some(entry) = parser.next_entry()? {
        match entry {
            Entry::Help { family, help } if help.starts_with("[STABLE]") => {
                page.stable.insert(family.into_owned());
            }
            Entry::Sample(sample) => {
                let SampleValue::Float(value) = sample.value else {
                    continue;
                };
                sample.labels(&mut labels)?;
                // Labels that are no set are compared as they are written.
                let shown = labels
                    .build()
                    .map_or_else(|_| sample.series.to_owned(), |set| set.to_string());
                let name = sample.series.split(['{', ' ']).next().unwrap_or("");
                page.families.insert(name.to_owned());
                *page
                    .series
                    .entry(format!("{shown} {}", wire::format_float(value)))
                    .or_default() += 1;
            }
            Entry::Help { .. } | Entry::Type { .. } | Entry::Unit { .. } => {}
        }
    }
    Ok(page)
}

/// Returns what one page has more often than the other: positive for ours.
fn difference(ours: &Page, theirs: &Page) -> Vec<(String, i64)> {
    let all: BTreeSet<&String> = ours.series.keys().chain(theirs.series.keys()).collect();
    let count = |page: &Page, series: &String| page.series.get(series).copied().unwrap_or(0);
    let differences = all
        .into_iter()
        .map(|series| (series.clone(), count(ours, series) - count(theirs, series)));
    differences.filter(|(_, n)| *n != 0).collect()
}
