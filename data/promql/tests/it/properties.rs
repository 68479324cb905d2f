//! What holds for every text: the parser returns, what it accepts it prints so that it reads it again, and what it
//! reads has a value or an error, whatever there is to evaluate.

use std::sync::LazyLock;

use promql::ast::ValueType;
use promql::{EvalParams, Limits, Options, evaluate, parse};
use proptest::prelude::*;

use crate::memory::Memory;
use crate::run::loaded;

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

/// Functions of ranges, of all kinds of series.
fn functions_of_ranges() -> BoxedStrategy<String> {
    let functions = promql::functions();
    let of_ranges = functions
        .iter()
        .filter(|f| f.args.len() == 1 && f.args[0] == ValueType::RangeVector)
        .map(|f| f.name);
    let ranges = vec![
        "[5m]",
        "[1m]",
        "[7m30s]",
        "[5m:1m]",
        "[5m] anchored",
        "[5m] smoothed",
    ];
    let names = proptest::sample::select(of_ranges.collect::<Vec<_>>());
    (names, proptest::sample::select(ranges))
        .prop_map(|(name, range)| format!("{name}(foo{range})"))
        .boxed()
}

/// What is done with histograms.
fn functions_of_histograms() -> BoxedStrategy<String> {
    proptest::sample::select(vec![
        "histogram_quantile(0.9, foo)",
        "histogram_quantiles(foo, \"q\", 0.1, 2)",
        "histogram_fraction(-Inf, 3, foo)",
        "histogram_stddev(foo)",
        "histogram_count(rate(foo[5m]))",
        "count_values(\"v\", foo)",
        "foo smoothed",
        "foo </ 2",
        "foo >/ -0.5",
        "foo == foo",
        "limitk(2, foo)",
        "info(foo)",
    ])
    .prop_map(str::to_owned)
    .boxed()
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
        functions_of_ranges(),
        functions_of_histograms(),
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

/// Series of all kinds under the names that expressions are made of: floats, histograms of both kinds, what ends
/// them, what is mixed, what is no number.
static STORE: LazyLock<Memory> = LazyLock::new(|| {
    loaded(
        r#"
load 1m
    foo{a="b"}           1+2x8 _ stale _ NaN Inf -Inf 1e308x3
    foo{a="c"}@st        -30s-1mx8
    foo{a="c"}           0+5x8
    foo{a="d",le="1"}    {{schema:1 sum:4 count:7 z_bucket:1 z_bucket_w:0.01 buckets:[1 2 0 3] n_buckets:[1]}}x6 3 4 5
    foo{a="e"}           {{schema:-53 sum:1 count:3 custom_values:[1 5] buckets:[1 1 1]}}+{{schema:-53 sum:1 count:1 custom_values:[1 5] buckets:[0 1]}}x8
    foo{a="f"}           {{schema:-53 sum:1 count:3 custom_values:[2 5] buckets:[1 1 1]}}x4 {{schema:0 sum:NaN count:3 buckets:[1 1]}}x4
    foo{a="g"}           {{schema:8 sum:Inf count:NaN buckets:[1e308 1e308 NaN]}}x4 {{schema:-4 count:1 counter_reset_hint:gauge buckets:[1] offset:-3}}x4
    foo{a="h",le="+Inf"} 9x12
"#,
    )
});

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
    // Whatever the text asks of whatever series, it must return.
    for params in [
        params,
        EvalParams {
            start: 480_000,
            end: 480_000,
            start_timestamps: true,
            ..params
        },
        EvalParams {
            end: 900_000,
            step: 60_000,
            delayed_name_removal: true,
            ..params
        },
    ] {
        if let Err(error) = evaluate(&expr, &*STORE, &params, &|| None) {
            prop_assert!(!error.to_string().is_empty());
        }
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
    for operator in [" or ", " + ", " unless "] {
        let chain = vec!["foo"; 250].join(operator);
        assert!(check_round_trip(&chain).unwrap());
    }
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
