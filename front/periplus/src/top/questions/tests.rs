use super::{QUESTIONS, expression};

#[test]
fn all_questions_are_promql() {
    for (topic, template) in QUESTIONS {
        let expr = expression(template, "node 7 \"quoted\\\"\n\u{7}");
        promql::parse(&expr, &promql::Options::EXPERIMENTAL)
            .unwrap_or_else(|error| panic!("{topic:?}: {error}"));
    }
}

#[test]
fn a_machine_is_matched_by_its_exact_name() {
    assert_eq!(expression("x{$}", "a\"b"), r#"x{instance="a\"b"}"#);
}
