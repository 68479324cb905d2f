//! The files that container runtimes leave, each read once a container.
//!
//! Annotations and environment of a container may hold secrets: only the keys named here are taken.

use serde_json::Value;

use crate::{Root, parse};

use super::cgroup::short_id;
use super::identity::Identity;

/// State folders of containerd in the known distributions.
const STATE_DIRS: &[&str] = &[
    "run/containerd",
    "run/k3s/containerd",
    "run/docker/containerd/daemon",
    "var/snap/microk8s/common/run/containerd",
];
/// Folder of a state folder with a bundle for each running container, `<namespace>/<id>`.
const TASKS: &str = "io.containerd.runtime.v2.task";
/// Folders of the storage library of CRI-O and podman, for data and for state.
const STORAGE_DIRS: &[&str] = &["var/lib/containers/storage", "run/containers/storage"];
const DOCKER_DIR: &str = "var/lib/docker/containers";

/// State folders learned at most.
const MAX_LEARNED: usize = 16;
/// Ancestors of a process among which containerd's shim is looked for.
const MAX_ANCESTORS: usize = 8;

/// Where containers' files may be.
#[derive(Debug, Default)]
pub(crate) struct Runtimes {
    /// State folders of containerd beside the usual ones.
    learned: Vec<String>,
}

impl Runtimes {
    /// Learns where the containerd that runs a process keeps its state: its shim, which is an ancestor of every
    /// process of the container, works in a bundle's folder.
    pub(crate) fn learn(&mut self, root: &Root, pid: u32) {
        let mut pid = pid;
        for _ in 0..MAX_ANCESTORS {
            let Some(parent) = parent(root, pid).filter(|parent| *parent > 1) else {
                return;
            };
            pid = parent;
            let Ok(folder) = std::fs::read_link(root.path(format!("proc/{pid}/cwd"))) else {
                continue;
            };
            let folder = folder.to_string_lossy();
            let Some((dir, _)) = folder.split_once(TASKS) else {
                continue;
            };
            let dir = dir.trim_matches('/');
            if self.learned.len() < MAX_LEARNED && !self.state_dirs().any(|known| known == dir) {
                self.learned.push(dir.to_owned());
            }
            return;
        }
    }

    fn state_dirs(&self) -> impl Iterator<Item = &str> {
        STATE_DIRS
            .iter()
            .copied()
            .chain(self.learned.iter().map(String::as_str))
    }

    /// Looks up a container of `ctr` by its namespace and its free id; `None` if containerd has no such task.
    pub(super) fn task(&self, root: &Root, namespace: &str, id: &str) -> Option<Identity> {
        self.state_dirs().find_map(|dir| {
            let bundle = format!("{dir}/{TASKS}/{namespace}/{id}");
            root.path(&bundle).is_dir().then(|| {
                let annotated = annotations(root, &format!("{bundle}/config.json"));
                annotated.map_or_else(|| named(id), |annotated| of_containerd(&annotated, id))
            })
        })
    }

    /// Looks up a container of containerd by its id, in all of its namespaces.
    pub(super) fn containerd(&self, root: &Root, id: &str) -> Option<Identity> {
        self.state_dirs().find_map(|dir| {
            let tasks = format!("{dir}/{TASKS}");
            let namespaces = root.list(&tasks).ok()?;
            namespaces.iter().find_map(|namespace| {
                let annotated = annotations(root, &format!("{tasks}/{namespace}/{id}/config.json"))?;
                Some(of_containerd(&annotated, id))
            })
        })
    }

    /// Looks up a container of docker by its id.
    pub(super) fn docker(&self, root: &Root, id: &str) -> Option<Identity> {
        let config = json(root, &format!("{DOCKER_DIR}/{id}/config.v2.json"))?;
        let label = |key: &str| {
            text(
                config
                    .pointer("/Config/Labels")
                    .and_then(|labels| labels.get(key)),
            )
        };
        let sandbox = label("io.kubernetes.docker.type") == "podsandbox";
        let container = label("io.kubernetes.container.name");
        Some(Identity {
            name: text(config.get("Name")).trim_start_matches('/').to_owned(),
            image: text(config.pointer("/Config/Image")).to_owned(),
            container: if sandbox { "" } else { container }.to_owned(),
            pod: label("io.kubernetes.pod.name").to_owned(),
            namespace: label("io.kubernetes.pod.namespace").to_owned(),
            uid: label("io.kubernetes.pod.uid").to_owned(),
            container_id: format!("docker://{id}"),
            log: text(config.get("LogPath")).to_owned(),
            sandbox,
            known: true,
        })
    }

    /// Looks up a container of CRI-O or podman by its id.
    pub(super) fn storage(&self, root: &Root, id: &str) -> Option<Identity> {
        STORAGE_DIRS.iter().find_map(|dir| {
            let annotated = annotations(
                root,
                &format!("{dir}/overlay-containers/{id}/userdata/config.json"),
            );
            let listed = listed(root, &format!("{dir}/overlay-containers/containers.json"), id);
            match (annotated, listed) {
                (None, None) => None,
                (annotated, listed) => Some(of_storage(
                    &annotated.unwrap_or(Value::Null),
                    &listed.unwrap_or(Value::Null),
                    id,
                )),
            }
        })
    }
}

/// Source of the keys: containerd, internal/cri/annotations; nerdctl, pkg/labels.
fn of_containerd(annotations: &Value, id: &str) -> Identity {
    let get = |key: &str| text(annotations.get(key));
    let sandbox = get("io.kubernetes.cri.container-type") == "sandbox";
    let image = first([
        get("io.kubernetes.cri.image-name"),
        get("io.kubernetes.cri.podsandbox.image-name"),
    ]);
    Identity {
        name: first([get("nerdctl/name"), id]),
        image,
        container: get("io.kubernetes.cri.container-name").to_owned(),
        pod: get("io.kubernetes.cri.sandbox-name").to_owned(),
        namespace: get("io.kubernetes.cri.sandbox-namespace").to_owned(),
        uid: get("io.kubernetes.cri.sandbox-uid").to_owned(),
        container_id: format!("containerd://{id}"),
        log: String::new(),
        sandbox,
        known: true,
    }
}

/// Source of the keys: CRI-O, pkg/annotations; podman keeps its names in the list of the storage library.
fn of_storage(annotations: &Value, listed: &Value, id: &str) -> Identity {
    let get = |key: &str| text(annotations.get(key));
    let metadata = listed
        .get("metadata")
        .and_then(Value::as_str)
        .and_then(|metadata| serde_json::from_str::<Value>(metadata).ok())
        .unwrap_or(Value::Null);
    let sandbox = get("io.kubernetes.cri-o.ContainerType") == "sandbox";
    let container = get("io.kubernetes.container.name");
    Identity {
        name: first([
            text(listed.pointer("/names/0")),
            get("io.kubernetes.cri-o.Name"),
            short_id(id),
        ]),
        image: first([
            get("io.kubernetes.cri-o.ImageName"),
            text(metadata.get("image-name")),
        ]),
        container: if sandbox { "" } else { container }.to_owned(),
        pod: get("io.kubernetes.pod.name").to_owned(),
        namespace: get("io.kubernetes.pod.namespace").to_owned(),
        uid: get("io.kubernetes.pod.uid").to_owned(),
        // Podman's containers are in no cluster; Kubernetes knows those of CRI-O.
        container_id: format!("cri-o://{id}"),
        log: String::new(),
        sandbox,
        known: true,
    }
}

/// Returns the parent of a process.
fn parent(root: &Root, pid: u32) -> Option<u32> {
    let mut buffer = Vec::new();
    let bytes = root.read(format!("proc/{pid}/stat"), &mut buffer).ok()?;
    let end_of_name = bytes.iter().rposition(|byte| *byte == b')')?;
    // Field 4; field 3 is the first after the name. Source: proc_pid_stat(5).
    let parent = parse::words(bytes.get(end_of_name + 1..)?).nth(1)?;
    u32::try_from(parse::unsigned(parent)?).ok()
}

fn named(id: &str) -> Identity {
    Identity {
        name: id.to_owned(),
        container_id: format!("containerd://{id}"),
        known: true,
        ..Identity::default()
    }
}

/// Returns the annotations of an OCI bundle, an empty object if it has none.
fn annotations(root: &Root, path: &str) -> Option<Value> {
    let mut config = json(root, path)?;
    Some(config.get_mut("annotations").map_or(Value::Null, Value::take))
}

/// Returns the entry of a container in the storage library's list.
fn listed(root: &Root, path: &str, id: &str) -> Option<Value> {
    let Value::Array(containers) = json(root, path)? else {
        return None;
    };
    containers
        .into_iter()
        .find(|container| container.get("id").and_then(Value::as_str) == Some(id))
}

fn json(root: &Root, path: &str) -> Option<Value> {
    let mut buffer = Vec::new();
    let bytes = root.read(path, &mut buffer).ok()?;
    serde_json::from_slice(bytes).ok()
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or("")
}

/// Returns the first text that is not empty.
fn first<const N: usize>(texts: [&str; N]) -> String {
    let found = texts.into_iter().find(|text| !text.is_empty());
    found.unwrap_or("").to_owned()
}
