//! The faults that Prometheus' own tests know: what is an error there is one here, and nothing else is.
//! Inputs are read from its sources in the Go module cache; a machine without them says so.

use std::path::PathBuf;

use super::{ExpositionFormat, NativeHistograms, read};

#[test]
fn faults_of_text_are_those_of_prometheus() {
    compare("promparse_test.go", ExpositionFormat::Text, 25);
}

#[test]
fn faults_of_open_metrics_are_those_of_prometheus() {
    compare("openmetricsparse_test.go", ExpositionFormat::OpenMetrics, 60);
}

fn compare(file: &str, format: ExpositionFormat, at_least: usize) {
    let Some(source) = source(file) else { return };
    let cases = cases(&source);
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(input, expected)| {
            let read = read(input, format, NativeHistograms::Ignored);
            let failed = read.contains("error: ");
            failed == (expected.is_empty() || expected == "EOF")
        })
        .map(|(input, expected)| format!("{:?}: theirs {expected:?}", String::from_utf8_lossy(input)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert!(
        cases.len() >= at_least,
        "only {} cases were found in {file}",
        cases.len()
    );
}

fn source(file: &str) -> Option<String> {
    let cache = std::env::var_os("GOMODCACHE").map_or_else(
        || Some(PathBuf::from(std::env::var_os("HOME")?).join("go/pkg/mod")),
        |folder| Some(PathBuf::from(folder)),
    )?;
    let folders = std::fs::read_dir(cache.join("github.com/prometheus")).ok();
    let newest = folders
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|folder| folder.path().join("model/textparse").join(file))
        .filter(|path| path.exists())
        .max();
    let Some(path) = newest else {
        println!("SKIPPED: the sources of Prometheus are not in the Go module cache");
        return None;
    };
    Some(std::fs::read_to_string(path).unwrap())
}

/// Finds the pairs `input: …, err: …` of the tables in the source.
fn cases(source: &str) -> Vec<(Vec<u8>, String)> {
    let mut found = Vec::new();
    for piece in source.split("input:").skip(1) {
        let Some((input, rest)) = literal(piece.trim_start()) else {
            continue;
        };
        let Some(rest) = rest
            .trim_start_matches([',', '\n', '\t', ' '])
            .strip_prefix("err:")
        else {
            continue;
        };
        let Some((error, _)) = literal(rest.trim_start()) else {
            continue;
        };
        found.push((input, String::from_utf8_lossy(&error).into_owned()));
    }
    found
}

/// Reads a string literal of Go and returns what follows it.
fn literal(text: &str) -> Option<(Vec<u8>, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        let (raw, rest) = raw.split_once('`')?;
        return Some((raw.as_bytes().to_vec(), rest));
    }
    let mut out = Vec::new();
    let mut rest = text.strip_prefix('"')?;
    loop {
        let mut chars = rest.chars();
        let c = chars.next()?;
        rest = chars.as_str();
        match c {
            '"' => return Some((out, rest)),
            '\\' => {
                let escape = chars.next()?;
                rest = chars.as_str();
                match escape {
                    'n' => out.push(b'\n'),
                    't' => out.push(b'\t'),
                    'x' => {
                        let (hex, behind) = rest.split_at_checked(2)?;
                        out.push(u8::from_str_radix(hex, 16).ok()?);
                        rest = behind;
                    }
                    other => out.extend(other.to_string().bytes()),
                }
            }
            other => out.extend(other.to_string().bytes()),
        }
    }
}
