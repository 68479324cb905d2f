use clap::Parser as _;
use expect_test::{Expect, expect};

use super::{When, refusal, when};
use crate::cli::{Cli, Command, QueryArgs};
use crate::client::{ClientError, Span};
use crate::screen::Paint;

const NOW: i64 = 1_795_317_720_000;

fn args(line: &[&str]) -> QueryArgs {
    let words = ["periplus", "query", "up"].iter().chain(line);
    match Cli::try_parse_from(words).unwrap().command {
        Command::Query(args) => args,
        other => panic!("{other:?}"),
    }
}

fn check_range(line: &[&str], start: i64, end: i64, step: i64) {
    let expected = When::Over(Span { start, end, step });
    assert_eq!(when(&args(line), NOW).unwrap(), expected, "{line:?}");
}

#[test]
fn one_time_unless_a_range_is_asked_for() {
    assert_eq!(when(&args(&[]), NOW).unwrap(), When::At(None));
    assert_eq!(
        when(&args(&["--at", "-5m"]), NOW).unwrap(),
        When::At(Some(NOW - 300_000))
    );
}

#[test]
fn ranges() {
    let hour = 3_600_000;
    check_range(&["--last", "1h"], NOW - hour, NOW, 15_000);
    check_range(&["--last", "6h", "--step", "1m"], NOW - 6 * hour, NOW, 60_000);
    check_range(
        &["--from", "-2h", "--to", "-1h"],
        NOW - 2 * hour,
        NOW - hour,
        15_000,
    );
    check_range(&["--to", "-1h"], NOW - 2 * hour, NOW - hour, 15_000);
    check_range(
        &["--to", "-1h", "--last", "1m"],
        NOW - hour - 60_000,
        NOW - hour,
        1_000,
    );
    check_range(&["--last", "30d"], NOW - 720 * hour, NOW, 3 * hour + hour * 3);
    check_range(&["--last", "10y"], NOW - 87_600 * hour, NOW, 16 * 24 * hour);
}

fn check_failure(line: &[&str], expected: &Expect) {
    expected.assert_eq(&when(&args(line), NOW).unwrap_err().render(Paint::PLAIN));
}

#[test]
fn ranges_that_make_no_sense() {
    check_failure(
        &["--from", "now", "--to", "-1h"],
        &expect![[r#"
        error: the range ends before it begins
        hint: swap --from and --to
    "#]],
    );
    check_failure(
        &["--from", "soon"],
        &expect![[r#"
        error: --from "soon" is not a time
        hint: expected a time such as 2026-11-22T14:02:00Z, "2026-11-22 14:02" (UTC), 1763781423, now or -5m
    "#]],
    );
    check_failure(
        &["--last", "1h", "--step", "0s"],
        &expect![[r#"
        error: a step of zero never ends
        hint: try --step 15s
    "#]],
    );
}

fn check_refusal(message: &str, hint: Option<&str>, expr: &str, expected: &Expect) {
    let error = ClientError::Refused {
        kind: "bad_data".to_owned(),
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
    };
    expected.assert_eq(&refusal(error, expr).render(Paint::PLAIN));
}

#[test]
fn a_wrong_expression_is_pointed_at() {
    check_refusal(
        r#"invalid parameter "query": 1:8: parse error: unclosed left parenthesis"#,
        Some("close it with )"),
        "sum(rate",
        &expect![[r#"
            error: unclosed left parenthesis
              sum(rate
                     ^
            hint: close it with )
        "#]],
    );
    check_refusal(
        r#"invalid parameter "query": 2:3: parse error: unexpected identifier "b""#,
        None,
        "a +\n+ b c",
        &expect![[r#"
            error: unexpected identifier "b"
              a +
              + b c
                ^
            hint: expected an operator
        "#]],
    );
    check_refusal(
        "exceeded maximum resolution",
        Some("a longer step"),
        "up",
        &expect![[r#"
        error: exceeded maximum resolution
        hint: a longer step
    "#]],
    );
}
