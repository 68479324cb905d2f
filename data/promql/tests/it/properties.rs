//! What holds for every text: the parser returns, and what it accepts it prints so that it reads it again.

use promql::{EvalParams, Limits, Options, evaluate, parse};
use proptest::prelude::*;

use crate::memory::Memory;

/// Texts made of the language's words, so that many of them are expressions.
fn word_soup() -> impl Strategy<Value = String> {
    let words = [
        "foo",
        "up",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "[5m]",
        "[1h:5m]",
        "offset 5m",
        "offset -1h",
        "@ 60",
        "@ start()",
        "1",
        "0x1f",
        "5m",
        "\"a\"",
        "'b'",
        "=",
        "==",
        "!=",
        "=~",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "and",
        "or",
        "unless",
        "atan2",
        "sum",
        "topk",
        "by (a)",
        "without (b)",
        "on (a)",
        "ignoring (b)",
        "group_left (c)",
        "bool",
        "rate",
        "abs",
        "time()",
        "job=\"x\"",
        ",",
        "#\n",
        ":",
        "inf",
        "NaN",
        "<",
        ">",
        "</",
        "é",
        "\\",
        "`",
        "step()",
        "fill (1)",
        "anchored",
        "smoothed",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..12)
        .prop_map(|words| words.join(" "))
}

/// Expressions, by construction.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("foo".to_owned()),
        Just("foo{a=\"b\",c!~\"d.*\"} offset 5m @ 10".to_owned()),
        Just("{\"my.metric\", \"l.x\"=\"y\"}".to_owned()),
        Just("rate(foo[5m] @ end() offset -1h)".to_owned()),
        Just("1".to_owned()),
        Just("1h30m".to_owned()),
        Just("-0x1F".to_owned()),
        Just("max_over_time(foo[(step() + 5m) * 2:min_of(1m, range())])".to_owned()),
        Just("vector(-Inf)".to_owned()),
    ];
    leaf.prop_recursive(5, 32, 3, |inner| {
        let op = proptest::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "^",
            "%",
            "atan2",
            "> bool",
            "+ on (a) group_left (b)",
            "and",
            "or ignoring (x)",
        ]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
            inner.clone().prop_map(|e| format!("-{e}")),
            inner.clone().prop_map(|e| format!("({e})")),
            inner.clone().prop_map(|e| format!("sum without (a) ({e})")),
            inner.clone().prop_map(|e| format!("topk(3, {e})")),
            inner.prop_map(|e| format!("avg_over_time(({e})[1h:5m] offset 2m)")),
        ]
    })
}

fn check_round_trip(text: &str) -> Result<bool, TestCaseError> {
    let Ok(expr) = parse(text, &Options::EXPERIMENTAL) else {
        return Ok(false);
    };
    let printed = expr.to_string();
    let again = parse(&printed, &Options::EXPERIMENTAL)
        .map_err(|error| TestCaseError::fail(format!("{text} printed as {printed}: {error}")))?;
    prop_assert_eq!(again.to_string(), printed);
    prop_assert_eq!(again.value_type(), expr.value_type());
    let params = EvalParams {
        limits: Limits {
            max_samples: 10_000,
            max_points: 100,
        },
        ..EvalParams::instant(0)
    };
    // Without series there is nothing to fail but parameters; it must return.
    if let Err(error) = evaluate(&expr, &Memory::default(), &params, &|| None) {
        prop_assert!(!error.to_string().is_empty());
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
        check_round_trip(&text)?;
    }

    #[test]
    fn word_soup_is_parsed_or_refused(text in word_soup()) {
        check_round_trip(&text)?;
    }

    #[test]
    fn printed_expressions_read_back(text in expressions()) {
        check_round_trip(&text)?;
    }
}

#[test]
fn deep_and_long_texts_are_refused() {
    for (open, close) in [("(", ")"), ("-", ""), ("sum(", ")"), ("1+", ""), ("1^", "")] {
        let text = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
        let error = parse(&text, &Options::STABLE).unwrap_err();
        assert!(
            error.message.contains("nested") || error.message.contains("unexpected"),
            "{}",
            error.message
        );
    }
    let chain = vec!["foo"; 1_000].join(" or ");
    assert!(
        parse(&chain, &Options::STABLE)
            .unwrap_err()
            .message
            .contains("nested")
    );
    let brackets = format!("foo[{}1{}]", "(".repeat(10_000), ")".repeat(10_000));
    assert!(
        parse(&brackets, &Options::STABLE)
            .unwrap_err()
            .message
            .contains("nested")
    );
    // The deepest chain that is taken can be printed and evaluated.
    let chain = vec!["foo"; 250].join(" or ");
    assert!(check_round_trip(&chain).unwrap());
    let nested = format!("{}foo{}", "abs(".repeat(90), ")".repeat(90));
    assert!(check_round_trip(&nested).unwrap());
    let long = "a".repeat(promql::MAX_QUERY_BYTES + 1);
    assert!(
        parse(&long, &Options::STABLE)
            .unwrap_err()
            .message
            .contains("bytes long")
    );
}
