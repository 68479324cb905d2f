//! Prometheus' own parser tests, read from its Go sources.
//!
//! What must parse parses, what must not does not, and what is printed reads as Prometheus prints it. Trees and
//! texts of errors are not compared: both have another shape here.

pub(crate) mod go_source;

use std::fs;

use promql::{Options, parse};

use crate::script::read_series;
use go_source::{Token, cases, declaration, module, text_of, tokens, value_of};

fn source(file: &str) -> Vec<Token> {
    let path = module().join("promql/parser").join(file);
    tokens(&fs::read_to_string(path).expect("the module has the file"))
}

fn text(case: &[Token], key: &str) -> Option<String> {
    value_of(case, key).and_then(text_of)
}

#[test]
fn expressions() {
    let source = source("parse_test.go");
    let options = Options {
        experimental_functions: true,
        ..Options::STABLE
    };
    let mut wrong = Vec::new();
    let (mut passed, mut not_utf8, mut computed) = (0, 0, 0);
    for case in cases(declaration(&source, "testExpr"), "input") {
        let Some(input) = text(case, "input") else {
            // Made by Go: see `computed_expressions`.
            computed += 1;
            continue;
        };
        if input.contains(char::REPLACEMENT_CHARACTER) {
            // A query is text here; what is not UTF-8 does not get as far as the parser.
            not_utf8 += 1;
            continue;
        }
        let fails = value_of(case, "fail").is_some();
        match (parse(&input, &options), fails) {
            (Ok(_), false) | (Err(_), true) => passed += 1,
            (Ok(expr), true) => wrong.push(format!("{input:?} parses as {expr}")),
            (Err(error), false) => wrong.push(format!("{input:?}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{passed} pass, but\n{}", wrong.join("\n"));
    assert_eq!((passed, not_utf8, computed), (372, 2, 3));
}

/// The inputs of the same table that Go computes; none of them parses.
#[test]
fn computed_expressions() {
    let inputs = [
        format!("foo @ {}", i64::MAX as f64 + 1.0),
        format!("foo @ {}", i64::MIN as f64 - 1.0),
        format!("({})", "-{}-1".repeat(10_000)),
    ];
    for input in inputs {
        assert!(parse(&input, &Options::STABLE).is_err(), "{input} parses");
    }
}

#[test]
fn series_descriptions() {
    let source = source("parse_test.go");
    let mut wrong = Vec::new();
    let mut passed = 0;
    let tables = [
        ("testSeries", "fail"),
        ("TestParseSeriesDesc", "expectError"),
        ("TestParseHistogramSeries", "expectedError"),
    ];
    for (table, fail) in tables {
        for case in cases(declaration(&source, table), "input") {
            let Some(input) = text(case, "input") else {
                continue;
            };
            let fails = value_of(case, fail).is_some();
            match (read_series(&input), fails) {
                (Ok(_), false) | (Err(_), true) => passed += 1,
                (Ok(series), true) => wrong.push(format!("{input:?} is read as {series:?}")),
                (Err(error), false) => wrong.push(format!("{input:?}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{passed} pass, but\n{}", wrong.join("\n"));
    assert_eq!(passed, 53);
}

/// Checks a table of texts and what they are printed as; returns how many there are.
fn check_printed(
    (source, table): (&[Token], &str),
    options: &Options,
    print: impl Fn(&promql::Expr) -> String,
) -> usize {
    let mut wrong = Vec::new();
    let cases = cases(declaration(source, table), "in");
    for case in &cases {
        let input = text(case, "in").expect("the input is a text");
        let expected = text(case, "out").unwrap_or_else(|| input.clone());
        match parse(&input, options).map(|expr| print(&expr)) {
            Ok(printed) if printed == expected => {}
            Ok(printed) => wrong.push(format!("{input}\nis printed as\n{printed}\nnot as\n{expected}")),
            Err(error) => wrong.push(format!("{input}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{table}:\n{}", wrong.join("\n"));
    cases.len()
}

#[test]
fn printed_expressions() {
    let source = source("printer_test.go");
    let options = Options {
        fill_modifiers: true,
        ..Options::STABLE
    };
    let n = check_printed((&source, "TestExprString"), &options, ToString::to_string);
    assert_eq!(n, 86);
}

#[test]
fn pretty_expressions() {
    let source = source("prettier_test.go");
    let tables = [
        "TestAggregateExprPretty",
        "TestBinaryExprPretty",
        "TestCallExprPretty",
        "TestParenExprPretty",
        "TestStepInvariantExpr",
        "TestExprPretty",
        "TestUnaryPretty",
        "TestDurationExprPretty",
    ];
    // Prometheus' tests make lines short to split much.
    let n: usize = tables
        .iter()
        .map(|table| check_printed((&source, table), &Options::STABLE, |expr| expr.pretty_within(10)))
        .sum();
    assert_eq!(n, 62);
}
