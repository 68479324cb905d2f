//! A real Prometheus takes what is forwarded, in both versions, and answers with it.

use std::process::Command;

use model::{Batch, Buckets, Histogram, Labels, Metadata, MetricType, Millis, Span};
use serde_json::Value;
use testkit::{Client, Peer, free_port, peer_path, wait_for};

use crate::fixture::{Fixture, NOW};

/// Starts Prometheus as a receiver that also takes the times of these tests.
fn start(folder: &std::path::Path) -> anyhow::Result<(Peer, Client)> {
    let port = free_port()?;
    let config = folder.join("prometheus.yml");
    std::fs::write(&config, "storage: {tsdb: {out_of_order_time_window: 1h}}\n")?;
    let mut command = Command::new(peer_path("prometheus")?);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("prometheus").display()
        ))
        .arg("--storage.tsdb.retention.time=100y")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--web.enable-remote-write-receiver")
        .arg("--enable-feature=native-histograms,exemplar-storage,metadata-wal-records");
    let peer = Peer::start(command, port, "/-/ready")?;
    Ok((peer, Client::new(format!("http://127.0.0.1:{port}"))))
}

fn histogram(n: f64) -> Histogram {
    Histogram {
        schema: 0,
        integer: true,
        zero_threshold: 0.001,
        count: 3.0 * n,
        sum: 5.0 * n,
        positive: Buckets {
            spans: vec![Span { offset: 1, length: 2 }],
            counts: vec![n, 2.0 * n],
        },
        ..Histogram::default()
    }
}

fn record(step: u32) -> Batch {
    let t = NOW + Millis::from(step) * 15_000;
    let n = f64::from(step) + 1.0;
    let mut batch = Batch::default();
    for i in 0..50 {
        let labels = Labels::from_pairs([
            ("__name__", "requests_total".to_owned()),
            ("path", format!("/é{i}")),
        ])
        .unwrap();
        let series = batch.add_packed(labels.as_packed()).unwrap();
        batch.push(&series, t, n * f64::from(i));
        batch.set_start(NOW - 60_000);
    }
    let labels = Labels::from_pairs([("__name__", "latency_seconds")]).unwrap();
    let series = batch.add_packed(labels.as_packed()).unwrap();
    batch.push_histogram(&series, t, histogram(n));
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

/// Asks for a value at the time of the last record.
fn value(client: &Client, query: &str) -> anyhow::Result<String> {
    let time = format!("{}", (NOW + 9 * 15_000) / 1_000);
    let data = client.api("query", &[("query", query), ("time", &time)])?;
    Ok(data["result"][0]["value"][1]
        .as_str()
        .unwrap_or("nothing")
        .to_owned())
}

fn forwards(name: &str, block: &str) -> anyhow::Result<Value> {
    let fixture = Fixture::new();
    let (_peer, client) = start(fixture.folder.path())?;
    let yaml = format!(
        "- {{url: {}/api/v1/write, name: {name}, send_native_histograms: true, {block}, \
         queue_config: {{batch_send_deadline: 50ms, max_samples_per_send: 100}}}}",
        client.base()
    );
    let forwarder = fixture.start(fixture.config(&yaml));
    for step in 0..10 {
        fixture.store(&record(step));
    }
    wait_for("all samples to be delivered", || {
        (forwarder.status().relay.delivered >= 510).then_some(())
    })?;
    let status = forwarder.stop();
    assert_eq!((status.relay.dropped, status.histograms), (vec![], 10));
    // 0 + 1 + ... + 49, times ten.
    assert_eq!(value(&client, "sum(requests_total{cluster=\"c1\"})")?, "12250");
    assert_eq!(value(&client, "sum(count_over_time(requests_total[5m]))")?, "500");
    assert_eq!(value(&client, "histogram_count(latency_seconds)")?, "30");
    assert_eq!(value(&client, "histogram_sum(latency_seconds)")?, "50");
    assert_eq!(value(&client, "histogram_quantile(1, latency_seconds)")?, "4");
    client.api("metadata", &[("metric", "requests_total")])
}

#[test]
fn prometheus_takes_version_1() -> anyhow::Result<()> {
    forwards("v1", "metadata_config: {send: true}").map(drop)
}

#[test]
fn prometheus_takes_version_2() -> anyhow::Result<()> {
    forwards("v2", "protobuf_message: io.prometheus.write.v2.Request").map(drop)
}
