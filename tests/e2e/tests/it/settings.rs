//! Settings of the configuration file, as they show in a running server.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use model::{Batch, Labels};
use serde_json::json;
use testkit::{Periplus, Up, wait_for};

const CONFIG: &str = "\
otlp:
  promote_resource_attributes: [k8s.cluster.name]
  translation_strategy: NoTranslation
storage:
  tsdb: {out_of_order_time_window: 0s, retention: {time: 3d, size: 5GB}}
  exemplars: {max_exemplars: 0}
periplus:
  tenants:
    header: X-Scope-OrgID
    limits: {max_labels: 3}
    overrides: {wide: {max_labels: 0}}
  store: {max_label_value_bytes: 100}
  queries: {max_points: 50}
";

fn start(folder: &std::path::Path, text: &str) -> anyhow::Result<Periplus> {
    let config = folder.join("periplus.yml");
    std::fs::write(&config, text)?;
    Periplus::up(&Up {
        data: &folder.join("data"),
        arguments: &["--interval", "1m", "--config", &config.to_string_lossy()],
    })
}

fn now_ms() -> anyhow::Result<i64> {
    Ok(i64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis(),
    )?)
}

/// Writes one sample as a tenant, and returns status and text of the answer.
fn write(server: &Periplus, tenant: &str, labels: &[(&str, &str)], at: i64) -> anyhow::Result<(u16, String)> {
    let mut batch = Batch::default();
    let labels = Labels::from_pairs(labels.iter().copied())?;
    let series = batch.add_packed(labels.as_packed())?;
    batch.push(&series, at, 1.0);
    let headers = [
        ("Content-Type", "application/x-protobuf"),
        ("Content-Encoding", "snappy"),
        ("X-Scope-OrgID", tenant),
    ];
    let body = wire::encode_remote_write_v1(&batch);
    let answer = server.client.post("/api/v1/write", &headers, &body)?;
    Ok((answer.status, answer.body))
}

#[test]
fn settings_of_the_file_are_in_force() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let server = start(folder.path(), CONFIG)?;
    let now = now_ms()?;

    let wide = [("__name__", "wide"), ("a", "1"), ("b", "2"), ("c", "3")];
    let (status, text) = write(&server, "narrow", &wide, now)?;
    assert!(
        status == 400 && text.contains("`max_labels` of periplus.tenants"),
        "{status}: {text}"
    );
    assert_eq!(
        write(&server, "wide", &wide, now)?.0,
        204,
        "an override without a bound"
    );

    let long = "x".repeat(101);
    let (status, text) = write(&server, "wide", &[("__name__", "m"), ("a", &long)], now)?;
    assert!(
        status == 400 && text.contains("max_label_value_bytes of periplus.store"),
        "{status}: {text}"
    );

    let one = [("__name__", "one")];
    assert_eq!(write(&server, "", &one, now)?.0, 204);
    let (status, text) = write(&server, "", &one, now - 60_000)?;
    assert!(
        status == 400 && text.contains("out"),
        "no window for late samples: {status}: {text}"
    );

    let range = "/api/v1/query_range?query=up&start=0&end=1000&step=1";
    assert_eq!(server.client.get(range)?.status, 400, "more than 50 points");

    let nanos = (now * 1_000_000).to_string();
    let gauge = json!({"name": "room.temperature", "gauge": {"dataPoints": [{"asDouble": 21.5, "timeUnixNano": nanos}]}});
    let attributes = json!([{"key": "k8s.cluster.name", "value": {"stringValue": "eu-1"}}]);
    let body = json!({"resourceMetrics": [{
        "resource": {"attributes": attributes},
        "scopeMetrics": [{"metrics": [gauge]}]
    }]});
    let answer = server.client.post(
        "/api/v1/otlp/v1/metrics",
        &[("Content-Type", "application/json")],
        body.to_string().as_bytes(),
    )?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let found = server.client.query("{\"room.temperature\"}")?;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0["k8s.cluster.name"], "eu-1", "{found:?}");

    let flags = server.client.api("status/runtimeinfo", &[])?;
    let kept = flags["storageRetention"].to_string();
    assert!(kept.contains("3d"), "{kept}");
    let yaml = server.client.api("status/config", &[])?["yaml"].to_string();
    assert!(yaml.contains("max_label_value_bytes"), "{yaml}");
    Ok(())
}

#[test]
fn a_wrong_section_is_not_taken_over() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let server = start(folder.path(), CONFIG)?;
    let reload_ok = |wanted: f64| {
        let hang_up = || -> anyhow::Result<()> {
            let status = Command::new("kill")
                .args(["-HUP", &server.pid().to_string()])
                .status()?;
            anyhow::ensure!(status.success(), "kill failed");
            Ok(())
        };
        hang_up()?;
        wait_for("the reload to be judged", || {
            let status = server.client.api("status/runtimeinfo", &[]).ok()?;
            (status["reloadConfigSuccess"] == (wanted == 1.0)).then_some(())
        })
    };
    let path = folder.path().join("periplus.yml");
    std::fs::write(&path, CONFIG.replace("max_labels: 3", "max_lables: 3"))?;
    reload_ok(0.0)?;
    std::fs::write(
        &path,
        CONFIG.replace("max_label_value_bytes: 100", "max_label_value_bytes: 200"),
    )?;
    reload_ok(1.0)?;
    // Only a restart brings it into force.
    let long = "x".repeat(150);
    let wide = [("__name__", "wide"), ("a", long.as_str())];
    assert_eq!(write(&server, "", &wide, now_ms()?)?.0, 400);
    server.stop()?;
    let server = start(folder.path(), &std::fs::read_to_string(&path)?)?;
    assert_eq!(write(&server, "", &wide, now_ms()?)?.0, 204);
    Ok(())
}

#[test]
fn a_reload_brings_into_force_what_prometheus_reloads() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let server = start(folder.path(), CONFIG)?;
    let now = now_ms()?;
    let up = [("__name__", "up")];
    let wide = [("__name__", "wide"), ("a", "1"), ("b", "2"), ("c", "3")];
    assert_eq!(write(&server, "", &up, now)?.0, 204);
    assert_eq!(write(&server, "", &up, now - 60_000)?.0, 400);
    assert_eq!(write(&server, "", &wide, now)?.0, 400);
    let changed = CONFIG
        .replace("out_of_order_time_window: 0s", "out_of_order_time_window: 10m")
        .replace("limits: {max_labels: 3}", "limits: {max_labels: 4}")
        .replace(
            "translation_strategy: NoTranslation",
            "keep_identifying_resource_attributes: true",
        );
    std::fs::write(folder.path().join("periplus.yml"), changed)?;
    let status = Command::new("kill")
        .args(["-HUP", &server.pid().to_string()])
        .status()?;
    anyhow::ensure!(status.success(), "kill failed");
    wait_for("a late sample to be taken", || {
        (write(&server, "", &up, now - 60_000).ok()?.0 == 204).then_some(())
    })?;
    wait_for("the tenant's limit to be raised", || {
        (write(&server, "", &wide, now).ok()?.0 == 204).then_some(())
    })?;
    let body = serde_json::json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{
        "name": "room.temperature", "gauge": {"dataPoints": [{"timeUnixNano": format!("{now}000000"), "asDouble": 20.5}]},
    }]}]}]});
    wait_for("names to be translated", || {
        let headers = [("Content-Type", "application/json")];
        let answer = server
            .client
            .post("/api/v1/otlp/v1/metrics", &headers, body.to_string().as_bytes());
        (answer.ok()?.status == 200).then_some(())?;
        let found = server.client.query("room_temperature").ok()?;
        (found.len() == 1).then_some(())
    })?;
    server.stop().map(drop)
}
