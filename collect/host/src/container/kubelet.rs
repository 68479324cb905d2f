//! What kubelet leaves beside the runtimes: the log files of containers, and links that name them.
//!
//! No log is opened here; whoever reads logs learns where they are.

use std::fs::{read_dir, symlink_metadata};
use std::os::unix::fs::MetadataExt;

use crate::Root;

use super::identity::Identity;

/// A folder for each pod, `NAMESPACE_POD_UID`, and in it one for each container. Source: kubelet,
/// `pkg/kubelet/kuberuntime/helpers.go`.
const PODS: &str = "var/log/pods";
/// A link for each container, `POD_NAMESPACE_CONTAINER-ID.log`. Source: kubelet,
/// `pkg/kubelet/kuberuntime/legacy.go`.
const LINKS: &str = "var/log/containers";
/// Log files of a container, and links of a node, that are looked at.
const MAX_ENTRIES: usize = 4096;

/// The log files of a container.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Logs {
    /// The one that is written to, as an absolute path of the machine.
    pub(super) current: String,
    /// Bytes of all of them, those of earlier runs included.
    pub(super) bytes: u64,
    /// Files that were put aside when they had grown large.
    pub(super) rotated: u64,
    /// When one was last written, in seconds since the epoch.
    pub(super) written: f64,
}

/// Returns the name of a container by the link to its log, for runtimes whose files are not known.
pub(super) fn container(root: &Root, id: &str) -> Option<Identity> {
    let names = names(root, LINKS)?;
    names.iter().find_map(|name| {
        let name = name.strip_suffix(".log")?.strip_suffix(id)?.strip_suffix('-')?;
        // None of the three may have an underscore in it.
        let mut parts = name.split('_');
        let (pod, namespace, container) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then(|| Identity {
            name: id.to_owned(),
            container: container.to_owned(),
            pod: pod.to_owned(),
            namespace: namespace.to_owned(),
            known: true,
            ..Identity::default()
        })
    })
}

/// Finds the log files of a container; `None` if it has none, as sandboxes.
pub(super) fn logs(root: &Root, identity: &Identity) -> Option<Logs> {
    let Identity {
        namespace,
        pod,
        uid,
        container,
        log,
        ..
    } = identity;
    if let Some((folder, file)) = log.rsplit_once('/') {
        return gather(root, folder, |name| {
            let rest = name.strip_prefix(file)?;
            Some((0, !rest.is_empty()))
        });
    }
    if [namespace, pod, uid, container]
        .iter()
        .any(|part| part.is_empty())
    {
        return None;
    }
    let folder = format!("/{PODS}/{namespace}_{pod}_{uid}/{container}");
    gather(root, &folder, |name| {
        // `2.log` is that of the run after two restarts; `2.log.20261122-140200.gz` was put aside.
        let (run, rest) = name.split_once(".log")?;
        Some((run.parse().ok()?, !rest.is_empty()))
    })
}

/// Adds up the files of a folder that `pick` takes as those of a run, put aside or not.
fn gather(root: &Root, folder: &str, pick: impl Fn(&str) -> Option<(u64, bool)>) -> Option<Logs> {
    let mut logs = Logs::default();
    let mut newest = None;
    for name in names(root, folder)? {
        let Some((run, aside)) = pick(&name) else { continue };
        let path = format!("{folder}/{name}");
        // Links could lead anywhere: who may write here need not be trusted.
        let Some(metadata) = symlink_metadata(root.path(&path))
            .ok()
            .filter(|file| file.is_file())
        else {
            continue;
        };
        logs.bytes += metadata.len();
        logs.rotated += u64::from(aside);
        logs.written = logs.written.max(metadata.mtime() as f64);
        if !aside && newest.is_none_or(|newest| run >= newest) {
            newest = Some(run);
            logs.current = path;
        }
    }
    newest.map(|_| logs)
}

fn names(root: &Root, folder: &str) -> Option<Vec<String>> {
    let entries = read_dir(root.path(folder)).ok()?.flatten().take(MAX_ENTRIES);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    Some(names.collect())
}

#[cfg(test)]
mod tests;
