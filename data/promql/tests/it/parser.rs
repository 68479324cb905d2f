//! Errors as people see them: where, what, and what to write instead.

use expect_test::{Expect, expect};
use promql::{Options, parse, parse_selector};

fn check(text: &str, expected: Expect) {
    let seen = match parse(text, &Options::STABLE) {
        Ok(expr) => format!("{} {expr}", expr.value_type()),
        Err(error) => {
            let hint = error.hint.map_or(String::new(), |hint| format!("\nhint: {hint}"));
            format!("{}..{} {}{hint}", error.span.start, error.span.end, error.message)
        }
    };
    expected.assert_eq(&seen);
}

#[test]
fn errors_in_words() {
    check("", expect!["0..0 no expression found in input"]);
    check(
        "rat(foo[5m])",
        expect![[r#"
        0..3 unknown function `rat`
        hint: did you mean `rate`?"#]],
    );
    check(
        "rate(foo)",
        expect![[r#"
        5..8 expected type range vector in call to function `rate`, got instant vector
        hint: range vector expected in call to rate; write `foo[5m]`"#]],
    );
    check(
        "rate(sum(foo))",
        expect![[r#"
        5..13 expected type range vector in call to function `rate`, got instant vector
        hint: range vector expected in call to rate; write `(…)[5m:]`"#]],
    );
    check(
        "sum(rate(foo[5m])))",
        expect![[r#"
        18..19 unexpected `)`
        hint: there is no `(` before it"#]],
    );
    check(
        "sum(rate(foo[5m])",
        expect![[r#"
        3..4 unclosed left parenthesis
        hint: missing `)`"#]],
    );
    check(
        "foo{job=\"x}",
        expect![[r#"
        8..11 unterminated quoted string
        hint: missing closing ""#]],
    );
    check(
        "foo{job=x}",
        expect![[r#"
        8..9 unexpected `x` in label matching
        hint: expected a quoted string"#]],
    );
    check(
        "foo{job==\"x\"}",
        expect![[r#"
        8..9 unexpected `=` in label matching
        hint: expected a quoted string"#]],
    );
    check(
        "foo{job=~\"(\"}",
        expect![[r#"
        9..12 invalid regular expression "(" for label `job`
        hint: unclosed group"#]],
    );
    check(
        "foo[5]]",
        expect![[r#"
        6..7 unexpected `]`
        hint: there is no `[` before it"#]],
    );
    check(
        "foo[5x]",
        expect![[r#"
        4..6 bad number or duration syntax: `5x`
        hint: durations have the units ms, s, m, h, d, w, y, largest first, as in `1h30m`"#]],
    );
    check("foo[0]", expect!["4..5 duration must be greater than 0"]);
}

#[test]
fn errors_in_types_and_ranges() {
    check(
        "foo[5m] + 1",
        expect![[r#"
        0..7 binary expression must contain only scalar and instant vector types
        hint: remove the range, or apply a function such as `rate` to it"#]],
    );
    check(
        "(foo + bar)[5m]",
        expect![[r#"
        11..15 ranges only allowed for vector selectors
        hint: a subquery has a colon: `[5m:]`"#]],
    );
    check(
        "foo offset 1h[5m]",
        expect![[r#"
        13..17 no offset modifiers allowed before range
        hint: write `metric[5m] offset 1h`"#]],
    );
    check(
        "foo @ now",
        expect![[r#"
        6..9 unexpected `now` in @
        hint: expected timestamp in seconds, `start()` or `end()`"#]],
    );
    check(
        "1 == 1",
        expect![[r#"
        2..4 comparisons between scalars must use bool modifier
        hint: write `== bool`"#]],
    );
    check(
        "foo and 1",
        expect!["0..9 set operator `and` not allowed in binary scalar expression"],
    );
    check(
        "foo + bool bar",
        expect!["4..5 bool modifier can only be used on comparison operators"],
    );
    check(
        "foo + on (a) group_left (a) bar",
        expect![[r#"4..27 label "a" must not occur in ON and GROUP clause at once"#]],
    );
    check(
        "foo and on (a) group_left () bar",
        expect!["0..32 no grouping allowed for `and` operation"],
    );
}

#[test]
fn errors_in_selectors_and_calls() {
    check(
        "{}",
        expect![[r#"
        0..2 vector selector must contain at least one non-empty matcher
        hint: write `{job="…"}` or `{__name__=~".+"}`"#]],
    );
    check(
        "{job=~\".*\"}",
        expect![[r#"
        0..11 vector selector must contain at least one non-empty matcher
        hint: write `{job="…"}` or `{__name__=~".+"}`"#]],
    );
    check(
        "foo{__name__=\"bar\"}",
        expect![[r#"0..19 metric name must not be set twice: "foo" or "bar""#]],
    );
    check(
        "topk(foo)",
        expect![[r#"
        0..9 wrong number of arguments for aggregate expression provided, expected 2, got 1
        hint: write `topk(parameter, vector)`"#]],
    );
    check(
        "sum(1)",
        expect![[r#"
        4..5 expected type instant vector in aggregation expression, got scalar
        hint: write `vector(…)`"#]],
    );
    check(
        "sum()",
        expect![[r#"
        0..5 no arguments for aggregate expression provided
        hint: write `sum(…)` around an instant vector"#]],
    );
    check(
        "sum by job (foo)",
        expect![[r#"
        7..10 unexpected `job` in grouping opts
        hint: expected `(`"#]],
    );
    check(
        "clamp(foo, 1)",
        expect![[r#"
        0..13 expected 3 argument(s) in call to `clamp`, got 2
        hint: clamp(v instant-vector, min scalar, max scalar)"#]],
    );
}

#[test]
fn errors_in_what_is_not_enabled_and_in_operators() {
    check(
        "time(1)",
        expect![[r#"
        0..7 expected 0 argument(s) in call to `time`, got 1
        hint: time()"#]],
    );
    check(
        "limitk(1, foo)",
        expect![[r#"
        0..14 `limitk` is not enabled
        hint: it is experimental and has to be switched on"#]],
    );
    check(
        "sort_by_label(foo, \"a\")",
        expect![[r#"
        0..13 function `sort_by_label` is not enabled
        hint: it is experimental and has to be switched on"#]],
    );
    check(
        "foo = 1",
        expect![[r#"
        4..5 unexpected `=`
        hint: expected an operator; comparisons are written `==`"#]],
    );
    check(
        "foo bar",
        expect![[r#"
        4..7 unexpected `bar`
        hint: expected an operator"#]],
    );
    check("foo $ bar", expect!["4..5 unexpected character '$'"]);
    check(
        "“foo”",
        expect![[r#"
        0..3 unexpected character '“'
        hint: write plain quotes: `"`"#]],
    );
    check(
        "abs(foo,)",
        expect!["7..8 trailing commas not allowed in function call args"],
    );
    check(
        "\"\\q\"",
        expect![[r#"
        1..3 unknown escape sequence `\q`
        hint: write `\\` for a backslash"#]],
    );
    check(
        "1d2y",
        expect![[r#"
        0..4 bad number or duration syntax: `1d2y`
        hint: durations have the units ms, s, m, h, d, w, y, largest first, as in `1h30m`"#]],
    );
    check("foo[1h / 0]", expect!["7..8 division by zero"]);
    check(
        "foo offset 5m offset 5m",
        expect!["0..13 offset may not be set multiple times"],
    );
    check(
        "(foo) offset 5m",
        expect![
            "6..12 offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        ],
    );
    check(
        "foo\n+\nbar[5m]",
        expect![[r#"
        6..13 binary expression must contain only scalar and instant vector types
        hint: remove the range, or apply a function such as `rate` to it"#]],
    );
}

#[test]
fn expressions_are_printed_in_one_form() {
    check("sum(foo)by(job)", expect!["instant vector sum by (job) (foo)"]);
    check(
        "SUM  WITHOUT (a,b,) (foo)",
        expect!["instant vector sum without (a, b) (foo)"],
    );
    check("a+b*c^d^e", expect!["instant vector a + b * c ^ d ^ e"]);
    check("-a^2", expect!["instant vector -a ^ 2"]);
    check(
        "a > bool on(x) group_left(y) b",
        expect!["instant vector a > bool on (x) group_left (y) b"],
    );
    check(
        "foo{a='b',c=~`d\\.e`}[300s]offset 1d@1600000000.5",
        expect![[r#"range vector foo{a="b",c=~"d\\.e"}[5m] @ 1600000000.500 offset 1d"#]],
    );
    check(
        "{\"my.metric\",\"label.x\"=\"y\"}",
        expect![[r#"instant vector {"label.x"="y","my.metric"}"#]],
    );
    check("foo # comment\n + 1_000", expect!["instant vector foo + 1000"]);
    check(
        "0x1f + 1e3 + .5 + Inf + nan",
        expect!["scalar 31 + 1000 + 0.5 + +Inf + NaN"],
    );
    check("inf ^ -inf + +Inf ^ 1", expect!["scalar Inf ^ -Inf + +Inf ^ 1"]);
    check(
        "max_over_time(rate(foo[5m])[1h:step()*2])",
        expect!["instant vector max_over_time(rate(foo[5m])[1h:step() * 2])"],
    );
    check("1h30m + 5", expect!["scalar 1h30m + 5"]);
    check(
        "start{a=\"b\"} + sum + by",
        expect![[r#"instant vector start{a="b"} + sum + by"#]],
    );
}

#[test]
fn texts_of_errors_have_line_and_column() {
    let query = "sum(\n  rat(foo[5m])\n)";
    let error = parse(query, &Options::STABLE).unwrap_err();
    expect![[r#"2:3: parse error: unknown function `rat`; did you mean `rate`?"#]]
        .assert_eq(&error.text(query));
}

#[test]
fn selectors_stand_alone() {
    assert_eq!(parse_selector("up{job=\"x\"}").unwrap().len(), 2);
    assert!(parse_selector("rate(up[5m])").is_err());
    assert!(parse_selector("up offset 5m").is_err());
}
