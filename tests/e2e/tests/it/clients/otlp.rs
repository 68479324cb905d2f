//! The exporters of the OpenTelemetry SDK for Go, over HTTP and gRPC, with totals and with deltas: what they send is
//! stored here as in Prometheus.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;
use testkit::{Client, Peer, Periplus, Up, free_port, peer_path, periplus_path, wait_for};

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

/// Where an exporter sends, as the SDK's variables say it.
#[derive(Clone, Copy)]
struct To<'a> {
    base: &'a str,
    /// `cumulative` or `delta`.
    totals: &'a str,
    /// The certificate to trust and the token to show.
    secured: Option<(&'a Path, &'a str)>,
}

/// Has a service send to a server, in two rounds.
fn send(to: To<'_>, protocol: &str, service: &str) -> anyhow::Result<()> {
    let To {
        base,
        totals,
        secured,
    } = to;
    let mut command = Command::new(peer_path("otelsend")?);
    command
        .args([protocol, service])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", base)
        .env("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", totals)
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    if protocol == "http" {
        let endpoint = format!("{base}/api/v1/otlp/v1/metrics");
        command.env("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", endpoint);
    }
    if let Some((certificate, token)) = secured {
        let authorization = format!("authorization=Bearer%20{token}");
        command
            .env("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate)
            .env("OTEL_EXPORTER_OTLP_HEADERS", authorization);
    }
    let output = command.output()?;
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
        let to = |base| To {
            base,
            totals,
            secured: None,
        };
        send(to(peer.client.base()), "http", totals)?;
        let expected = stored(&peer.client, totals)?;
        assert_eq!(expected.len(), SERIES, "{expected:?}");
        // Prometheus does not speak gRPC; the same comes that way.
        for protocol in ["http", "grpc"] {
            let service = format!("{totals}-{protocol}");
            send(to(ours.client.base()), protocol, &service)?;
            assert_eq!(stored(&ours.client, &service)?, expected, "{protocol}, {totals}");
        }
    }
    ours.stop()?;
    Ok(())
}

#[test]
fn off_the_loopback_the_sdk_sends_with_tls_and_a_token() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, port) = (folder.path().join("data"), free_port()?);
    let token = |name: &str, text: &str| -> anyhow::Result<std::path::PathBuf> {
        let path = folder.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    };
    let (reader, writer) = ("r".repeat(40), "w".repeat(40));
    let mut command = Command::new(periplus_path()?);
    command
        .args(["up", "--interval", "1m", "--listen"])
        .arg(format!("0.0.0.0:{port}"))
        .arg("--token-file")
        .arg(token("reader", &reader)?)
        .arg("--write-token-file")
        .arg(token("writer", &writer)?)
        .arg("--data")
        .arg(&data)
        .stdout(Stdio::null());
    let _running = Peer::spawn(command, port)?;
    let (base, certificate) = (
        format!("https://127.0.0.1:{port}"),
        data.join("identity/certificate.pem"),
    );
    let ask = |query: &str| -> anyhow::Result<Value> {
        let output = Command::new(periplus_path()?)
            .args(["query", "--output", "json", "--server", &base, "--ca-cert"])
            .arg(&certificate)
            .arg(query)
            .env("PERIPLUS_TOKEN", &reader)
            .output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    wait_for("periplus to answer over TLS", || ask("1").ok())?;
    for protocol in ["http", "grpc"] {
        let to = |token| To {
            base: &base,
            totals: "cumulative",
            secured: Some((&certificate, token)),
        };
        let wrong = send(to("x"), protocol, "nobody").expect_err("a wrong token is shown");
        let said = wrong.to_string().to_lowercase();
        assert!(
            said.contains("unauth") || said.contains("401"),
            "{protocol}: {said}"
        );
        send(to(&writer), protocol, protocol)?;
        let answer = ask(&format!("count({{job=\"shop/{protocol}\"}})"))?;
        let count = &answer["result"][0]["value"][1];
        assert_eq!(*count, SERIES.to_string(), "{protocol}: {answer}");
    }
    let nobody = ask("count({job=\"shop/nobody\"})")?;
    assert_eq!(nobody["result"], Value::Array(Vec::new()));
    Ok(())
}
