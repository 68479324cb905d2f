//! Sixty kinds of trouble that objects can be in, made in a cluster: `tests/cluster/manifests/awkward`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;
use testkit::Bed;

/// Objects with a finalizer that nobody removes: they stay, as objects that are going.
const GOING: [(&str, &str, &str); 5] = [
    ("", "namespace", "awkward-going"),
    ("", "persistentvolume", "awkward-csi"),
    ("awkward", "pod", "everything"),
    ("awkward", "persistentvolumeclaim", "bound"),
    ("awkward", "serviceaccount", "careful"),
];

/// States that take a moment to come about: object, and what `kubectl wait --for` looks for.
const COMING: [(&str, &str); 6] = [
    (
        "pod/crashing",
        "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}=3",
    ),
    (
        "pod/no-image",
        "jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImageNeverPull",
    ),
    (
        "pod/init-fails",
        "jsonpath={.status.initContainerStatuses[0].state.terminated.exitCode}=4",
    ),
    ("pod/done", "jsonpath={.status.phase}=Succeeded"),
    ("pod/beside", "condition=Ready"),
    (
        "pod/unschedulable",
        "jsonpath={.status.conditions[0].reason}=Unschedulable",
    ),
];

/// The folder of the manifests.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster/manifests/awkward")
}

/// Makes all of it, and waits until it is as awkward as it is meant to be.
pub(crate) fn make(bed: &Bed) -> anyhow::Result<()> {
    let mut manifests: Vec<PathBuf> = std::fs::read_dir(folder())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    manifests.retain(|path| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_digit())
    });
    manifests.sort();
    for (i, manifest) in manifests.iter().enumerate() {
        bed.kubectl(&["apply", "--filename", &manifest.to_string_lossy()])
            .with_context(|| manifest.display().to_string())?;
        if i == 0 {
            let defined = "crd/foos.awkward.example.com";
            bed.kubectl(&["wait", defined, "--for=condition=Established", "--timeout=60s"])?;
            // Pods are refused until their namespace has its service account.
            within(
                bed,
                &["wait", "serviceaccount/default", "--for=create", "--timeout=60s"],
            )?;
        }
    }
    let statuses: Vec<(String, String, String, Value)> =
        serde_json::from_slice(&std::fs::read(folder().join("status.json"))?)?;
    for (kind, namespace, name, status) in &statuses {
        let status = status.to_string();
        let patch = [
            "patch",
            kind,
            name,
            "--subresource=status",
            "--type=merge",
            "--patch",
            &status,
        ];
        match namespace.as_str() {
            "" => bed.kubectl(&patch)?,
            _ => within(bed, &patch)?,
        };
    }
    bed.kubectl(&["certificate", "approve", "awkward"])?;
    for (namespace, kind, name) in GOING {
        let delete = ["delete", kind, name, "--wait=false"];
        match namespace {
            "" => bed.kubectl(&delete)?,
            _ => within(bed, &delete)?,
        };
    }
    for (object, condition) in COMING {
        within(
            bed,
            &["wait", object, &format!("--for={condition}"), "--timeout=120s"],
        )?;
    }
    Ok(())
}

fn within(bed: &Bed, arguments: &[&str]) -> anyhow::Result<String> {
    bed.kubectl(&[&["--namespace", "awkward"], arguments].concat())
}
