//! Form and content of requests.

use model::{Batch, Buckets, Exemplar, Histogram, Labels, Metadata, MetricType, Span};

use crate::fixture::{Fixture, NOW, push, reply, write_file};

const FAST: &str = "queue_config: {batch_send_deadline: 50ms, min_backoff: 1ms, max_backoff: 10ms}";
const V2: &str = "protobuf_message: io.prometheus.write.v2.Request";

/// Everything that a store can hold.
fn rich() -> Batch {
    let mut batch = Batch::default();
    let labels = Labels::from_pairs([("__name__", "requests_total"), ("path", "/é")]).unwrap();
    let series = batch.add_packed(labels.as_packed()).unwrap();
    batch.push(&series, NOW, 5.0);
    batch.set_start(NOW - 1_000);
    batch.push_exemplar(
        &series,
        Exemplar {
            labels: Labels::from_pairs([("trace_id", "abc")]).unwrap(),
            timestamp: NOW,
            value: 0.25,
        },
    );
    let labels = Labels::from_pairs([("__name__", "latency_seconds")]).unwrap();
    let series = batch.add_packed(labels.as_packed()).unwrap();
    batch.push_histogram(&series, NOW, histogram());
    push(&mut batch, "up", (0, model::stale_marker()));
    batch.describe(
        "requests_total",
        Metadata {
            metric_type: MetricType::Counter,
            help: "Requests.".to_owned(),
            unit: String::new(),
        },
    );
    batch
}

fn histogram() -> Histogram {
    Histogram {
        schema: 3,
        integer: true,
        count: 3.0,
        sum: 1.5,
        positive: Buckets {
            spans: vec![Span {
                offset: -2,
                length: 2,
            }],
            counts: vec![1.0, 2.0],
        },
        ..Histogram::default()
    }
}

#[test]
fn version_2_carries_everything() {
    let fixture = Fixture::new();
    let config = format!("- {{url: URL, send_exemplars: true, send_native_histograms: true, {V2}, {FAST}}}");
    let forwarder = fixture.start(fixture.config(&config));
    // A stale marker needs a series to end.
    let mut first = Batch::default();
    push(&mut first, "up", (-15_000, 1.0));
    fixture.store(&first);
    fixture.store(&rich());
    let received = fixture.receiver.wait_for_samples(4);
    let request = received.first().unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.header("content-type"),
        "application/x-protobuf;proto=io.prometheus.write.v2.Request"
    );
    assert_eq!(request.header("content-encoding"), "snappy");
    assert_eq!(request.header("x-prometheus-remote-write-version"), "2.0.0");
    assert!(request.header("user-agent").starts_with("Periplus/"));
    let mut samples: Vec<String> = received
        .iter()
        .flat_map(crate::fixture::Received::samples)
        .collect();
    samples.sort();
    assert_eq!(
        samples,
        [
            "latency_seconds{cluster=\"c1\", job=\"not used\"} 1.5 @0",
            "requests_total{cluster=\"c1\", job=\"not used\", path=\"/é\"} 5 @0",
            "up{cluster=\"c1\", job=\"a\"} 1 @-15000",
            "up{cluster=\"c1\", job=\"a\"} stale @0",
        ]
    );
    let histograms: Vec<&Histogram> = received
        .iter()
        .flat_map(|r| r.batch.histograms())
        .map(|(_, histogram)| histogram)
        .collect();
    assert_eq!(histograms, [&histogram()]);
    let starts: Vec<i64> = received
        .iter()
        .flat_map(|r| r.batch.starts())
        .map(|(_, start)| *start)
        .collect();
    assert_eq!(starts, [NOW - 1_000]);
    let exemplars = received.iter().flat_map(|r| r.batch.exemplars());
    let traces: Vec<_> = exemplars
        .map(|e| e.exemplar.labels.get("trace_id").unwrap())
        .collect();
    assert_eq!(traces, ["abc"]);
    let families: Vec<_> = received.iter().flat_map(|r| r.batch.metadata()).collect();
    assert_eq!(families.len(), 1);
    assert_eq!(
        (families[0].0.as_str(), families[0].1.metric_type),
        ("requests_total", MetricType::Counter)
    );
    let status = forwarder.stop();
    assert_eq!(
        (status.relay.delivered, status.histograms, status.exemplars),
        (4, 1, 1)
    );
    assert_eq!(status.newest_sent, NOW);
}

#[test]
fn version_1_says_metadata_on_its_own_and_leaves_out_what_is_off() {
    let fixture = Fixture::new();
    let forwarder = fixture.start(fixture.config(&format!("- {{url: URL, {FAST}}}")));
    fixture.store(&rich());
    // What is known about families by then is said before the second record.
    fixture.receiver.wait_for_samples(1);
    let status = forwarder.stop();
    assert_eq!((status.histograms_left_out, status.exemplars), (1, 0));
    let received = fixture.receiver.received();
    let request = received.last().unwrap();
    assert_eq!(
        request.header("content-type"),
        "application/x-protobuf;proto=prometheus.WriteRequest"
    );
    assert_eq!(request.header("x-prometheus-remote-write-version"), "0.1.0");
    assert!(
        received
            .iter()
            .all(|r| r.batch.histograms().is_empty() && r.batch.exemplars().is_empty())
    );
}

#[test]
fn falls_back_to_version_1_and_stays_there() {
    let fixture = Fixture::new();
    fixture.receiver.answer([reply(415, &[])]);
    let config = format!("- {{url: URL, metadata_config: {{send: false}}, {V2}, {FAST}}}");
    let forwarder = fixture.start(fixture.config(&config));
    fixture.store_floats(0..3, 0);
    fixture
        .receiver
        .wait("the fallback", |received| received.len() >= 2);
    fixture.store_floats(0..3, 1_000);
    let received = fixture.receiver.wait("the next", |received| received.len() >= 3);
    let versions: Vec<&str> = received
        .iter()
        .map(|r| r.header("x-prometheus-remote-write-version"))
        .collect();
    assert_eq!(versions, ["2.0.0", "0.1.0", "0.1.0"]);
    assert_eq!(received[0].samples(), received[1].samples());
    let status = forwarder.stop();
    assert_eq!((status.relay.delivered, status.relay.dropped.len()), (6, 0));
}

#[test]
fn a_receiver_that_counts_nothing_is_of_version_1() {
    let fixture = Fixture::new();
    fixture.receiver.answer([reply(204, &[])]);
    let config = format!("- {{url: URL, metadata_config: {{send: false}}, {V2}, {FAST}}}");
    let forwarder = fixture.start(fixture.config(&config));
    fixture.store_floats(0..2, 0);
    let received = fixture
        .receiver
        .wait("the fallback", |received| received.len() >= 2);
    assert_eq!(received[1].header("x-prometheus-remote-write-version"), "0.1.0");
    assert_eq!(forwarder.stop().relay.delivered, 2);
}

#[test]
fn says_who_it_is() {
    let fixture = Fixture::new();
    let secret = write_file(fixture.folder.path(), "secret", "s3cret\n");
    let blocks = [
        format!("basic_auth: {{username: me, password_file: {secret}}}"),
        "authorization: {credentials: token}".to_owned(),
        "authorization: {type: Custom, credentials: token}".to_owned(),
    ];
    for (i, block) in blocks.iter().enumerate() {
        let config = format!("- {{url: URL, name: r{i}, headers: {{X-Scope-OrgID: team}}, {block}, {FAST}}}");
        let forwarder = fixture.start(fixture.config(&config));
        fixture.store_floats(0..1, i64::try_from(i).unwrap());
        fixture.receiver.wait_for_samples(i + 1);
        assert_eq!(forwarder.stop().relay.delivered, 1);
    }
    let received = fixture.receiver.received();
    let said: Vec<&str> = received.iter().map(|r| r.header("authorization")).collect();
    assert_eq!(said, ["Basic bWU6czNjcmV0", "Bearer token", "Custom token"]);
    assert!(received.iter().all(|r| r.header("x-scope-orgid") == "team"));
}

#[test]
fn rules_and_age_decide_what_is_sent() {
    let fixture = Fixture::new();
    let forwarder = fixture.start(fixture.config(
        r#"
- url: URL
  queue_config: {batch_send_deadline: 50ms, sample_age_limit: 10m}
  write_relabel_configs:
    - {source_labels: [__name__], regex: "m1", action: drop}
    - {target_label: site, replacement: here}
    - {regex: cluster, action: labeldrop}
"#,
    ));
    fixture.store_floats(0..3, -11 * 60_000);
    fixture.store_floats(0..3, 0);
    let received = fixture.receiver.wait_for_samples(2);
    let samples: Vec<String> = received
        .iter()
        .flat_map(crate::fixture::Received::samples)
        .collect();
    assert_eq!(
        samples,
        [
            "m0{job=\"a\", site=\"here\"} 0 @0",
            "m2{job=\"a\", site=\"here\"} 2 @0"
        ]
    );
    let status = forwarder.stop();
    assert_eq!((status.dropped_by_rules, status.too_old), (2, 2));
}

#[test]
fn an_exemplar_waits_for_a_sample_of_its_series() {
    let fixture = Fixture::new();
    let config = format!("- {{url: URL, send_exemplars: true, {V2}, {FAST}}}");
    let forwarder = fixture.start(fixture.config(&config));
    fixture.store_floats(0..2, 0);
    fixture.receiver.wait_for_samples(2);
    // As Prometheus sends them: in a series of their own, without a sample.
    let labels = Labels::from_pairs([("__name__", "m0"), ("job", "a")]).unwrap();
    let mut late = Batch::default();
    let series = late.add_packed(labels.as_packed()).unwrap();
    late.push_exemplar(
        &series,
        Exemplar {
            labels: Labels::from_pairs([("trace_id", "late")]).unwrap(),
            timestamp: NOW,
            value: 0.5,
        },
    );
    fixture.store(&late);
    fixture.store_floats(1..2, 1_000);
    fixture.receiver.wait_for_samples(3);
    fixture.store_floats(0..2, 2_000);
    let received = fixture.receiver.wait_for_samples(5);
    let mut traces = Vec::new();
    for request in &received {
        for exemplar in request.batch.exemplars() {
            let series = request.batch.exemplar_labels(exemplar).to_labels();
            let is_sampled = |row: &model::BatchRow| request.batch.labels(row).to_labels() == series;
            assert!(
                request.batch.rows().iter().any(is_sampled),
                "{series} has an exemplar and no sample"
            );
            traces.push((
                series.get("__name__").unwrap().to_owned(),
                request.batch.rows()[0].timestamp - NOW,
            ));
        }
    }
    assert_eq!(traces, [("m0".to_owned(), 2_000)]);
    let status = forwarder.stop();
    assert_eq!((status.exemplars, status.exemplars_left_out), (1, 0));
}

#[test]
fn redirects_that_keep_the_request_are_followed() {
    let fixture = Fixture::new();
    let forwarder = fixture.start(fixture.config(&format!("- {{url: URL, name: a, {V2}, {FAST}}}")));
    fixture
        .receiver
        .answer([reply(308, &[("location", "/elsewhere")])]);
    fixture.store_floats(0..3, 0);
    fixture
        .receiver
        .wait("both requests", |received| received.len() == 2);
    assert_eq!(forwarder.stop().relay.delivered, 3);

    fixture
        .receiver
        .answer([reply(302, &[("location", "/elsewhere")])]);
    let forwarder = fixture.start(fixture.config(&format!("- {{url: URL, name: b, {V2}, {FAST}}}")));
    fixture.store_floats(0..3, 1_000);
    fixture
        .receiver
        .wait("the third request", |received| received.len() == 3);
    assert_eq!(forwarder.stop().relay.dropped, [("redirected", 3)]);

    fixture
        .receiver
        .answer([reply(308, &[("location", "/elsewhere")])]);
    let config = format!("- {{url: URL, name: c, follow_redirects: false, {V2}, {FAST}}}");
    let forwarder = fixture.start(fixture.config(&config));
    fixture.store_floats(0..3, 2_000);
    fixture
        .receiver
        .wait("the fourth request", |received| received.len() == 4);
    assert_eq!(forwarder.stop().relay.dropped, [("redirected", 3)]);
}
