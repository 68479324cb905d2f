//! The exporters of the OpenTelemetry SDK for Go, over HTTP and gRPC, with totals and with deltas: what they send is
//! stored here as in Prometheus.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;
use testkit::{Client, Peer, Periplus, Up, free_port, peer_path};

const CONFIG: &str = "\
otlp:
  promote_resource_attributes: [k8s.pod.name]
storage:
  tsdb:
    out_of_order_time_window: 10m
";
const DELTAS: &str = "otlp-deltatocumulative";
/// Series that one sender makes: two counters and two histograms of two paths, a total that also falls, a gauge, and
/// `target_info`.
const SERIES: usize = 23;

fn prometheus(folder: &Path, config: &Path) -> anyhow::Result<Peer> {
    let port = free_port()?;
    let mut command = Command::new(peer_path("prometheus")?);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", folder.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg(format!("--enable-feature={DELTAS}"))
        .arg("--web.enable-otlp-receiver");
    Peer::start(command, port, "/-/ready")
}

/// Has a service send to a server, in two rounds.
fn send(to: &Client, (protocol, totals, service): (&str, &str, &str)) -> anyhow::Result<()> {
    let address = to.base().strip_prefix("http://").context("plain HTTP")?;
    let output = Command::new(peer_path("otelsend")?)
        .args([protocol, address, totals, service])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    // The exporters tell by a line what a server refuses of what it took.
    anyhow::ensure!(
        output.status.success() && said.is_empty(),
        "{protocol}, {totals}: {said}"
    );
    Ok(())
}

/// Returns all series of a service but for its name, with their values or histograms.
fn stored(server: &Client, service: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let query = format!("{{job=\"shop/{service}\"}}");
    let answer = server.api("query", &[("query", &query)])?;
    let found = answer["result"].as_array().context("a vector")?;
    let series = found.iter().map(|one| {
        let mut labels = one["metric"].clone();
        if let Some(labels) = labels.as_object_mut() {
            labels.remove("job");
        }
        let sample = if one["value"].is_null() {
            &one["histogram"][1]
        } else {
            &one["value"][1]
        };
        (labels.to_string(), sample.clone())
    });
    Ok(series.collect())
}

#[test]
fn what_the_sdk_exports_is_stored_as_prometheus_stores_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, CONFIG)?;
    let peer = prometheus(&folder.path().join("prometheus"), &config)?;
    let ours = Periplus::up(&Up {
        data: &folder.path().join("periplus"),
        arguments: &[
            "--interval",
            "1m",
            "--enable-feature",
            DELTAS,
            "--config",
            &config.to_string_lossy(),
        ],
    })?;
    for totals in ["cumulative", "delta"] {
        send(&peer.client, ("http", totals, totals))?;
        let expected = stored(&peer.client, totals)?;
        assert_eq!(expected.len(), SERIES, "{expected:?}");
        // Prometheus does not speak gRPC; the same comes that way.
        for protocol in ["http", "grpc"] {
            let service = format!("{totals}-{protocol}");
            send(&ours.client, (protocol, totals, &service))?;
            assert_eq!(stored(&ours.client, &service)?, expected, "{protocol}, {totals}");
        }
    }
    ours.stop()?;
    Ok(())
}
