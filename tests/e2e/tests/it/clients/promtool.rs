//! promtool, Prometheus' own command line, against `periplus up`: it pushes samples and asks for them, by every
//! command that speaks HTTP.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use anyhow::Context as _;
use testkit::{Periplus, Up, peer_path};

/// A metric page; promtool adds `job="promtool"` and the present.
const PAGE: &str = "\
# HELP pushed_total Things that were pushed.
# TYPE pushed_total counter
pushed_total{kind=\"a\"} 3
pushed_total{kind=\"b\"} 4
# TYPE took_seconds histogram
took_seconds_bucket{le=\"0.1\"} 1
took_seconds_bucket{le=\"1\"} 3
took_seconds_bucket{le=\"+Inf\"} 4
took_seconds_sum 2.5
took_seconds_count 4
";

/// Runs promtool; its standard output, if it succeeds.
fn promtool(arguments: &[&str], input: &str) -> anyhow::Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = run(arguments, input)?;
    let (stdout, stderr) = (
        String::from_utf8(stdout)?,
        String::from_utf8_lossy(&stderr).into_owned(),
    );
    anyhow::ensure!(
        status.success(),
        "promtool {arguments:?}: {status}\n{stdout}{stderr}"
    );
    Ok(stdout)
}

fn run(arguments: &[&str], input: &str) -> anyhow::Result<Output> {
    let mut child = Command::new(peer_path("promtool")?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .context("stdin is a pipe")?
        .write_all(input.as_bytes())?;
    Ok(child.wait_with_output()?)
}

struct Server {
    _data: tempfile::TempDir,
    periplus: Periplus,
}

impl Server {
    fn up() -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let periplus = Periplus::up(&Up {
            data: data.path(),
            arguments: &[],
        })?;
        Ok(Self {
            _data: data,
            periplus,
        })
    }

    fn url(&self) -> &str {
        self.periplus.client.base()
    }

    fn push(&self, message: &str) -> anyhow::Result<()> {
        let message = format!("--protobuf_message={message}");
        promtool(&["push", "metrics", &message, self.url()], PAGE).map(drop)
    }
}

#[test]
fn health_is_checked() -> anyhow::Result<()> {
    let server = Server::up()?;
    for check in ["healthy", "ready"] {
        let url = format!("--url={}", server.url());
        let Output { status, stderr, .. } = run(&["check", check, &url], "")?;
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.success() && said.contains("SUCCESS"), "{said}");
    }
    Ok(())
}

#[test]
fn what_is_pushed_is_found_again() -> anyhow::Result<()> {
    let server = Server::up()?;
    server.push("prometheus.WriteRequest")?;
    let url = server.url();
    let said = promtool(&["query", "instant", url, "pushed_total"], "")?;
    for line in [
        r#"pushed_total{job="promtool", kind="a"} => 3"#,
        r#"pushed_total{job="promtool", kind="b"} => 4"#,
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    let labels = promtool(&["query", "labels", url, "kind"], "")?;
    assert_eq!(labels.split_whitespace().collect::<Vec<_>>(), ["a", "b"]);
    let series = promtool(&["query", "series", "--match=took_seconds_sum", url], "")?;
    assert!(
        series.contains(r#"{__name__="took_seconds_sum", job="promtool"}"#),
        "{series}"
    );
    Ok(())
}

/// promtool 3.10 writes a message of 1.0 under the content type of 2.0. Nothing of it can be stored, and saying so
/// is better than an answer of success.
#[test]
fn a_message_of_one_version_under_the_name_of_the_other_is_refused() -> anyhow::Result<()> {
    let server = Server::up()?;
    let pushed = server.push("io.prometheus.write.v2.Request");
    let complaint = pushed.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(complaint.contains("400"), "{complaint}");
    assert!(complaint.contains("prometheus.WriteRequest"), "{complaint}");
    Ok(())
}

#[test]
fn ranges_are_asked_and_mistakes_are_told() -> anyhow::Result<()> {
    let server = Server::up()?;
    server.push("prometheus.WriteRequest")?;
    let said = promtool(
        &[
            "query",
            "range",
            "--step=15s",
            server.url(),
            "sum(pushed_total) or vector(0)",
        ],
        "",
    )?;
    assert!(said.lines().any(|line| line.starts_with("7 @[")), "{said}");
    let said = promtool(&["query", "instant", "-o", "json", server.url(), "1 + 1"], "")?;
    let value: serde_json::Value = serde_json::from_str(&said)?;
    assert_eq!(value[1], "2", "{said}");
    let failed = run(&["query", "instant", server.url(), "sum("], "")?;
    let complaint = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(
        !failed.status.success() && complaint.contains("parse error"),
        "{complaint}"
    );
    Ok(())
}

#[test]
fn use_of_histogram_buckets_is_analyzed() -> anyhow::Result<()> {
    let server = Server::up()?;
    // It compares samples, so there must be two.
    server.push("prometheus.WriteRequest")?;
    server.push("prometheus.WriteRequest")?;
    let url = format!("--server={}", server.url());
    let said = promtool(
        &[
            "query",
            "analyze",
            &url,
            "--type=histogram",
            "--match=took_seconds_bucket",
        ],
        "",
    )?;
    assert!(
        said.contains("took_seconds_bucket") && said.contains("(classic): 3/3.000/3"),
        "{said}"
    );
    Ok(())
}
