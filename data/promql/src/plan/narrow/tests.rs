//! Which expressions can be narrowed, and by what.

use crate::ast::Matching;
use crate::parse::{Options, parse};
use crate::plan::narrow::{has_distinct_groups, leaves, source};
use crate::plan::{Horizon, Node, lower};

fn plan(text: &str) -> Node {
    let expr = parse(text, &Options::EXPERIMENTAL).expect("the expression is one");
    let horizon = Horizon {
        start: 0,
        end: 600_000,
        step: 60_000,
    };
    lower(&expr, &horizon).expect("durations are numbers")
}

/// Returns the matching of the operator that an expression ends in.
fn matching(of: &str) -> Matching {
    let node = plan(&format!("a {of} b"));
    let crate::plan::Kind::Binary(plan) = node.kind else {
        panic!("{of} is no operator")
    };
    plan.matching.expect("both sides are vectors")
}

#[test]
fn conditions_reach_the_selector_that_rows_come_from() {
    for (text, expected) in [
        ("a", true),
        ("a offset 5m", true),
        ("a @ 100", true),
        ("-a", true),
        ("2 * a", true),
        ("a > 1", true),
        ("abs(a)", true),
        ("clamp_max(a, 3)", true),
        ("rate(a_total[5m])", true),
        ("avg_over_time(a[5m])", true),
        ("sum by (pod, ns) (a)", true),
        ("sum without (ns) (a)", true),
        ("topk by (pod) (1, max by (pod) (a))", true),
        ("a and on (ns) b", true),
        ("a unless b", true),
        (
            "rate(a_total[5m]) * on (pod) group_left () sum by (pod) (b)",
            true,
        ),
        ("sum by (pod) (a) * on (pod) sum by (pod) (b)", true),
        // Other rows are part of the same result, or of the choice.
        ("sum(a)", false),
        ("sum by (ns) (a)", false),
        ("sum without (pod) (a)", false),
        ("topk(1, a)", false),
        ("topk by (pod) (scalar(b), a)", false),
        ("count_values by (pod) (\"pod\", a)", false),
        ("absent(a)", false),
        ("absent_over_time(a[5m])", false),
        // Something is remarked, or an error, on series that may not be of use.
        ("rate(a[5m])", false),
        ("quantile_over_time(2, a[5m])", false),
        ("histogram_quantile(0.9, a)", false),
        ("a * on (pod) group_left () b", false),
        ("a * on (pod) b", false),
        ("a * on (ns) group_left (pod) sum by (ns) (b)", false),
        ("sum by (pod) (a) * on (ns) sum by (ns) (b)", false),
        // They come from several selectors, or from none in particular.
        ("a or b", false),
        ("{pod=\"x\"}", false),
        ("{__name__=~\"a|b\"}", false),
        ("avg_over_time(a[5m:1m])", false),
        ("label_replace(a, \"pod\", \"$1\", \"ns\", \"(.*)\")", false),
        ("vector(1)", false),
    ] {
        assert_eq!(source(&plan(text), "pod").is_some(), expected, "{text}");
    }
    assert!(source(&plan("sum by (__name__) (a)"), "__name__").is_none());
}

#[test]
fn sides_have_distinct_groups_by_their_form() {
    for (operator, text, expected) in [
        ("* on (ns, pod)", "sum by (ns, pod) (a)", true),
        ("* on (ns, pod)", "sum by (pod) (a)", true),
        ("* on (ns, pod)", "sum(a)", true),
        ("* on (ns, pod)", "topk by (pod) (1, max by (pod) (a))", true),
        ("* on (ns, pod)", "2 * max by (pod) (a) > 1", true),
        (
            "* on (ns, pod)",
            "max by (pod) (a) * on (pod) max by (pod) (b)",
            true,
        ),
        ("* on (ns, pod)", "max by (pod) (a) unless on () b", true),
        ("* on (ns)", "sum by (ns, pod) (a)", false),
        ("* on (ns)", "sum without (ns) (a)", false),
        ("* on (ns)", "a", false),
        ("* on (ns)", "max by (ns) (a) or max by (ns) (b)", false),
        ("* ignoring (cpu)", "count without (cpu, mode) (a)", true),
        ("* ignoring (cpu)", "sum by (ns) (a)", true),
        ("* ignoring (cpu)", "sum by (cpu) (a)", false),
        ("* ignoring (cpu)", "sum without (mode) (a)", false),
        ("* on (__name__)", "sum by (__name__) (a)", false),
    ] {
        let found = has_distinct_groups(&plan(text), &matching(operator));
        assert_eq!(found, expected, "{operator} {text}");
    }
}

#[test]
fn all_selectors_below_a_node_are_found() {
    for (text, expected) in [
        ("sum by (x) (rate(a_total[5m])) * on (x) b", Some(2)),
        ("-a + 2 * b", Some(2)),
        ("avg_over_time(a[5m:1m])", None),
        ("label_join(a, \"x\", \"\", \"y\")", None),
        ("{x=\"y\"}", None),
    ] {
        let node = plan(text);
        let mut found = Vec::new();
        let all = leaves(&node, &mut found);
        assert_eq!(all.then_some(found.len()), expected, "{text}");
    }
}
