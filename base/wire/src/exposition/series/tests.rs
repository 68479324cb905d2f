use expect_test::{Expect, expect};

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).unwrap()
}

fn check(format: SeriesFormat, expected: &Expect) {
    let described = |metric_type, help: &str| Metadata {
        metric_type,
        help: help.to_owned(),
        unit: String::new(),
    };
    let counter = described(MetricType::Counter, "A \"b\"\nc\\d.");
    let histogram = described(MetricType::Histogram, "");
    let mut text = SeriesText::new(format);
    text.push(
        &labels(&[("__name__", "a_total"), ("job", "x\"\n\\")]),
        Some(&counter),
        (1_500, 1.0),
    );
    text.push(
        &labels(&[("__name__", "a_total"), ("job", "y")]),
        None,
        (-2_007, f64::INFINITY),
    );
    text.push(
        &labels(&[("__name__", "a_total"), ("job", "z")]),
        None,
        (1, model::stale_marker()),
    );
    text.push(
        &labels(&[("__name__", "h_bucket"), ("le", "+Inf")]),
        Some(&histogram),
        (2_000, 3.0),
    );
    text.push(
        &labels(&[("__name__", "http.count"), ("http.code", "200"), ("job", "a")]),
        None,
        (0, 0.5),
    );
    text.push(
        &labels(&[("__name__", "up")]),
        Some(&described(MetricType::Gauge, "Up.")),
        (1, f64::NAN),
    );
    text.push(&labels(&[("job", "nameless")]), None, (1, 1.0));
    expected.assert_eq(&text.finish());
}

#[test]
fn writes_prometheus_text() {
    check(
        SeriesFormat::Text,
        &expect![[r##"
        # HELP a_total A "b"\nc\\d.
        # TYPE a_total counter
        a_total{job="x\"\n\\"} 1 1500
        a_total{job="y"} +Inf -2007
        # TYPE h_bucket untyped
        h_bucket{le="+Inf"} 3 2000
        # TYPE "http.count" untyped
        {"http.count","http.code"="200",job="a"} 0.5 0
        # HELP up Up.
        # TYPE up gauge
        up NaN 1
    "##]],
    );
}

#[test]
fn writes_openmetrics() {
    check(
        SeriesFormat::OpenMetrics,
        &expect![[r##"
        # HELP a A \"b\"\nc\\d.
        # TYPE a counter
        a_total{job="x\"\n\\"} 1 1.500
        a_total{job="y"} +Inf -2.007
        # TYPE h_bucket unknown
        h_bucket{le="+Inf"} 3 2
        # TYPE "http.count" unknown
        {"http.count","http.code"="200",job="a"} 0.5 0
        # HELP up Up.
        # TYPE up gauge
        up NaN 0.001
        # EOF
    "##]],
    );
}

#[test]
fn text_can_be_sent_in_pieces() {
    let mut text = SeriesText::new(SeriesFormat::Text);
    text.push(&labels(&[("__name__", "up"), ("job", "a")]), None, (1, 1.0));
    let first = text.take();
    assert!(text.is_empty());
    text.push(&labels(&[("__name__", "up"), ("job", "b")]), None, (1, 1.0));
    assert_eq!(first, "# TYPE up untyped\nup{job=\"a\"} 1 1\n");
    assert_eq!(text.len(), text.finish().len());
}

#[test]
fn chooses_by_the_accept_header() {
    let check = |accept: &str, expected: SeriesFormat| {
        assert_eq!(SeriesFormat::from_accept(accept), expected, "{accept}");
    };
    check("", SeriesFormat::Text);
    check("*/*", SeriesFormat::Text);
    check("text/plain;version=0.0.4", SeriesFormat::Text);
    check(
        "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5",
        SeriesFormat::OpenMetrics,
    );
    check(
        "application/openmetrics-text;q=0.1,text/plain",
        SeriesFormat::Text,
    );
    check("application/openmetrics-text;q=x", SeriesFormat::Text);
}
