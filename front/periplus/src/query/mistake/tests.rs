use expect_test::{Expect, expect};

use super::find;

fn check(message: &str, expr: &str, expected: &Expect) {
    expected.assert_eq(&find(message).unwrap().point_out(expr).join("\n"));
}

#[test]
fn the_caret_stands_under_the_place() {
    check(
        "1:5: parse error: x",
        "sum(",
        &expect![[r#"
        sum(
            ^"#]],
    );
    check(
        r#"invalid parameter "query": 1:1: parse error: x"#,
        ")",
        &expect![[r#"
        )
        ^"#]],
    );
    // The column counts bytes: each of these letters has two.
    check(
        "1:15: parse error: x",
        "{a=\"äöü\"} oops",
        &expect![[r#"
        {a="äöü"} oops
                   ^"#]],
    );
    check(
        "2:3: parse error: x",
        "sum(\n  up",
        &expect![[r#"
        sum(
          up
          ^"#]],
    );
}

#[test]
fn long_lines_are_cut_around_it() {
    let expr = format!("{} oops {}", "a + ".repeat(40), "+ b".repeat(40));
    check(
        "1:162: parse error: x",
        &expr,
        &expect![[r#"
        … + a + a + a + a + a + a + a + a + a + a + a + a + a + a +  oops + b+ b+ b+ …
                                                                     ^"#]],
    );
}

#[test]
fn a_place_outside_does_no_harm() {
    check("7:900: parse error: x", "up", &expect!["up"]);
    check(
        "1:900: parse error: x",
        "up",
        &expect![[r#"
        up
          ^"#]],
    );
}

#[test]
fn other_messages_have_no_place() {
    assert_eq!(find("query timed out"), None);
    assert_eq!(find("x:y: parse error: z"), None);
}
