use std::sync::Arc;

use axum::http::Method;
use model::{Batch, Histogram, Ingest as _, LabelsBuilder, Span};

use crate::fixture::{Answer, FakeScraping, Fixture, LOOPBACK, request};

fn fixture() -> Fixture {
    let fixture = Fixture::new(LOOPBACK, |_, sources| {
        sources.query = Arc::clone(&sources.store) as _;
        sources.scraping = Some(Arc::new(FakeScraping));
    });
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    let mut add = |pairs: &[(&str, &str)], samples: &[(i64, f64)]| {
        labels.clear();
        pairs.iter().for_each(|(name, value)| {
            labels.add(name, value);
        });
        let series = batch.add_series(&mut labels).unwrap();
        samples.iter().for_each(|&(t, v)| batch.push(&series, t, v));
    };
    add(
        &[("__name__", "up"), ("job", "a"), ("instance", "i")],
        &[(590_000, 0.0), (600_000, 1.0)],
    );
    add(&[("__name__", "up"), ("job", "b")], &[(595_000, 1.0)]);
    add(
        &[("__name__", "gone"), ("job", "a")],
        &[(590_000, 1.0), (600_000, f64::from_bits(model::STALE_BITS))],
    );
    add(&[("__name__", "long_ago"), ("job", "a")], &[(299_999, 1.0)]);
    labels.clear();
    labels.add("__name__", "took").add("job", "a");
    let series = batch.add_series(&mut labels).unwrap();
    let mut custom = Histogram {
        schema: model::CUSTOM_BUCKETS,
        count: 5.0,
        sum: 4.0,
        custom_values: Arc::from([0.5, 1.0]),
        ..Histogram::default()
    };
    custom.positive.spans = vec![Span { offset: 0, length: 3 }];
    custom.positive.counts = vec![2.0, 2.0, 1.0];
    batch.push_histogram(&series, 600_000, custom.clone());
    labels.clear();
    labels.add("__name__", "native").add("job", "a");
    let series = batch.add_series(&mut labels).unwrap();
    let native = Histogram {
        schema: 0,
        custom_values: Arc::from([]),
        ..custom
    };
    batch.push_histogram(&series, 600_000, native);
    let ingested = fixture.app.sources.store.ingest(&batch).unwrap();
    assert_eq!(ingested.n_rejected, 0, "{:?}", ingested.rejected);
    fixture
}

async fn federate(fixture: &Fixture, query: &str, accept: &str) -> Answer {
    let path = format!("/federate?{query}");
    fixture
        .send(request(Method::GET, &path, &[("accept", accept)], ""))
        .await
}

#[tokio::test]
async fn the_newest_samples_are_text_with_times() {
    let fixture = fixture();
    let answer = federate(
        &fixture,
        "match[]=up&match[]={job=%22b%22}&match[]=gone&match[]=long_ago",
        "",
    )
    .await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let expected = "\
# TYPE up untyped
up{cluster=\"c1\",instance=\"i\",job=\"a\"} 1 600000
up{cluster=\"c1\",job=\"b\",instance=\"\"} 1 595000
";
    assert_eq!(answer.text, expected);
}

#[tokio::test]
async fn histograms_with_listed_bounds_are_classic_in_text_and_others_left_out() {
    let fixture = fixture();
    let answer = federate(
        &fixture,
        "match[]={__name__=~%22took|native%22}",
        "application/openmetrics-text",
    )
    .await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let lines: Vec<&str> = answer
        .text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let expected = [
        "took_bucket{cluster=\"c1\",job=\"a\",le=\"0.5\",instance=\"\"} 2 600",
        "took_bucket{cluster=\"c1\",job=\"a\",le=\"1.0\",instance=\"\"} 4 600",
        "took_bucket{cluster=\"c1\",job=\"a\",le=\"+Inf\",instance=\"\"} 5 600",
        "took_count{cluster=\"c1\",job=\"a\",instance=\"\"} 5 600",
        "took_sum{cluster=\"c1\",job=\"a\",instance=\"\"} 4 600",
    ];
    assert_eq!(lines, expected);
    assert!(answer.text.ends_with("# EOF\n"));
}

/// What Prometheus sends when it scrapes native histograms, and then without.
#[tokio::test]
async fn the_format_is_what_the_scraper_prefers() {
    let fixture = fixture();
    let protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    for (accept, expected) in [
        (
            format!("{protobuf};q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"),
            "application/vnd",
        ),
        (
            format!("application/openmetrics-text;version=1.0.0;q=0.6,{protobuf};q=0.5"),
            "application/openmetrics",
        ),
        (
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1".to_owned(),
            "text/plain",
        ),
        ("*/*".to_owned(), "text/plain"),
    ] {
        let headers = [("accept", accept.as_str())];
        let response = fixture
            .respond(request(Method::GET, "/federate?match[]=native", &headers, ""))
            .await;
        let found = response.headers().get("content-type").unwrap().to_str().unwrap();
        assert!(found.starts_with(expected), "{accept}: {found}");
    }
}

#[tokio::test]
async fn mistakes_are_told_in_plain_words() {
    let fixture = fixture();
    let answer = federate(&fixture, "match[]=up(", "").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("parse error"), "{}", answer.text);
    let nothing = federate(&fixture, "", "").await;
    assert_eq!((nothing.status.as_u16(), nothing.text.as_str()), (200, ""));
}
