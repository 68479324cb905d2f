//! The page of a cluster in a real Chromium: what is broken with `kubectl` stands there with the reason within seconds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use testkit::{Bed, skip, tool_path};

use crate::same::patiently;
use crate::watched;

const IMAGE: &str = "localhost/busybox:1";

#[test]
fn root_the_page_says_why_a_workload_is_broken() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        skip("root_the_page_says_why_a_workload_is_broken", reason);
        return Ok(());
    }
    let _turn = watched::turn();
    let bed = Bed::up("page", &["--nodes", "real:1,fake:4"])?;
    let folder = tempfile::tempdir()?;
    let server = watched::edge(&bed, folder.path(), &targets(&bed)?)?;
    // The control plane is shown once it was scraped.
    patiently("every part of the control plane to be scraped", || {
        let parts = "count by (job) (up{job=~\"apiserver|kube-etcd|kube-scheduler|kube-controller-manager|kubelet\"} == 1)";
        (server.client.query(parts).ok()?.len() == 5).then_some(())
    })?;
    let screenshots = match std::env::var_os("SCREENSHOTS") {
        Some(kept) => PathBuf::from(kept),
        None => folder.path().join("screenshots"),
    };
    std::fs::create_dir_all(&screenshots)?;
    let output = Command::new("node")
        .args(["--test", "--test-reporter=spec", "kubernetes.test.mjs"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../browser"))
        .env("PERIPLUS_URL", server.client.base())
        .env("CLUSTER", bed.name())
        .env("CLUSTER_IMAGE", IMAGE)
        .env(
            "KUBECTL",
            format!("{} kubectl --name {}", tool_path()?.display(), bed.name()),
        )
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
        text.contains("ℹ pass") && !text.contains("ℹ pass 0") && text.contains("ℹ skipped 0"),
        "not every browser test ran:\n{text}"
    );
    bed.down()
}

/// The parts of the control plane are no pods here, so the configuration says where they are.
fn targets(bed: &Bed) -> anyhow::Result<String> {
    let kubeconfig = std::fs::read_to_string(bed.kubeconfig())?;
    let server = kubeconfig
        .lines()
        .find_map(|line| line.trim().strip_prefix("server: https://"));
    let address = server
        .and_then(|server| server.split_once(':'))
        .map(|(address, _)| address)
        .context("the kubeconfig names the server")?;
    Ok(format!(
        "      targets:\n        addresses:\n          kube-etcd: ['{address}:2381']\n          \
         kube-scheduler: ['{address}:10259']\n          kube-controller-manager: ['{address}:10257']\n"
    ))
}
