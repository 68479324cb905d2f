//! The page in a real Chromium, driven by `tests/browser`.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use testkit::{Container, Peer, Periplus, Up, free_port, is_root, peer_path, skip};

#[test]
fn the_page_works_in_chromium() -> anyhow::Result<()> {
    // A container for the page of containers; without it the list says that there is none.
    let container = if is_root() {
        Some(Container::run("while :; do :; done")?)
    } else {
        None
    };
    if container.is_none() {
        skip(
            "the container's page in Chromium",
            "needs root to run a container",
        );
    }
    let data = tempfile::tempdir()?;
    // One target that answers and one that does not, for the page of targets. The port of the latter is one that the
    // system gives nobody: a free one may be another test's before this one ends.
    let port = free_port()?;
    let mut command = Command::new(peer_path("node_exporter")?);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let _exporter = Peer::start(command, port, "/metrics")?;
    let config = data.path().join("periplus.yml");
    std::fs::write(
        &config,
        format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
             scrape_configs:\n\
             - job_name: node\n\
             \x20 static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n\
             - job_name: shop\n\
             \x20 relabel_configs: [{{source_labels: [__address__], target_label: host}}]\n\
             \x20 static_configs: [{{targets: ['127.0.0.1:1'], labels: {{team: checkout}}}}]\n"
        ),
    )?;
    let ours = Periplus::up(&Up {
        data: data.path(),
        arguments: &["--interval", "1s", "--config", &config.to_string_lossy()],
    })?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../browser");
    let screenshots = match std::env::var_os("SCREENSHOTS") {
        Some(kept) => kept.into(),
        None => data.path().join("screenshots"),
    };
    std::fs::create_dir_all(&screenshots)?;
    let output = Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .current_dir(&folder)
        .env("PERIPLUS_URL", ours.client.base())
        .env("CONTAINER", container.as_ref().map_or("", |_| Container::NAME))
        .env("SCREENSHOTS", &screenshots)
        .output()
        .context("node runs the browser")?;
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    anyhow::ensure!(
        output.status.success(),
        "the browser's tests failed:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    anyhow::ensure!(
        text.contains("ℹ pass") && !text.contains("ℹ pass 0"),
        "no browser test ran:\n{text}"
    );
    Ok(())
}
