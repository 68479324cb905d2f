//! What the path of a cgroup says about who owns it.
//!
//! Forms known (runtime, cgroup driver → path):
//! - containerd CRI, systemd → `…/kubepods-burstable-pod<uid>.slice/cri-containerd-<id>.scope`
//! - containerd CRI, cgroupfs → `/kubepods/burstable/pod<uid>/<id>`; `ctr` → `/<namespace>/<id>`
//! - CRI-O → `…/crio-<id>.scope` or `…/crio-<id>`; podman → `…/libpod-<id>.scope` or `…/libpod-<id>`
//! - docker → `/system.slice/docker-<id>.scope` or `/docker/<id>`; nerdctl → `…/nerdctl-<id>.scope`
//! - systemd service → `…/<unit>.service`

/// Length of the ids that all runtimes but `ctr` give.
const ID_LEN: usize = 64;
/// Length of an id cut for people, as docker shows it.
const SHORT_ID_LEN: usize = 12;

/// What a cgroup is by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A container with an id of 64 hexadecimal digits.
    Container {
        /// Its id.
        id: String,
        /// The runtime that the path names.
        runtime: Option<Runtime>,
    },
    /// Perhaps a container of `ctr`, whose ids are free words.
    Task {
        /// The namespace of containerd.
        namespace: String,
        /// The id.
        id: String,
    },
    /// A systemd service.
    Service {
        /// Name of the unit.
        unit: String,
    },
}

impl Class {
    /// Tells whether it is or may be a container.
    pub(crate) fn is_container(&self) -> bool {
        !matches!(self, Self::Service { .. })
    }
}

/// Who runs a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// containerd, by CRI or nerdctl.
    Containerd,
    /// docker.
    Docker,
    /// CRI-O and podman, which share a storage library.
    Storage,
}

/// Returns what the cgroup at a path is, `None` for one that only groups others.
pub(crate) fn classify(path: &str) -> Option<Class> {
    let mut components = path.rsplit('/').filter(|component| !component.is_empty());
    let last = components.next()?;
    let parent = components.next();
    let is_second = parent.is_some() && components.next().is_none();
    if last.ends_with(".service") {
        return Some(Class::Service { unit: unescape(last) });
    }
    let scope = last.strip_suffix(".scope");
    if is_id(last) {
        let runtime = (parent == Some("docker")).then_some(Runtime::Docker);
        return Some(container(last, runtime));
    }
    if let Some((prefix, id)) = scope.unwrap_or(last).rsplit_once('-')
        && is_id(id)
    {
        // Monitors of containers stand beside them under the same id.
        return (!prefix.ends_with("conmon")).then(|| container(id, runtime_of(prefix)));
    }
    if is_second && scope.is_none() && !last.ends_with(".slice") && !last.ends_with(".mount") {
        let namespace = parent.unwrap_or("");
        return (!namespace.contains('.')).then(|| Class::Task {
            namespace: namespace.to_owned(),
            id: last.to_owned(),
        });
    }
    None
}

/// Cuts an id for people.
pub(crate) fn short_id(id: &str) -> &str {
    id.get(..SHORT_ID_LEN).filter(|_| is_id(id)).unwrap_or(id)
}

/// Returns the uid of the pod that a path lies in. The systemd driver, whose `-` parts slices, writes `_` in its place.
pub(crate) fn pod_uid(path: &str) -> Option<String> {
    path.split('/').find_map(|component| {
        let (slice, name) = match component.strip_suffix(".slice") {
            Some(slice) => (true, slice.rsplit_once('-')?.1),
            None => (false, component),
        };
        let uid = name.strip_prefix("pod").filter(|uid| is_uid(uid))?;
        Some(if slice {
            uid.replace('_', "-")
        } else {
            uid.to_owned()
        })
    })
}

/// Tells whether a word may be a pod's uid: a UUID, or the hash that kubelet gives to pods of files.
fn is_uid(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_hexdigit).count();
    let rest = word.bytes().filter(|byte| !byte.is_ascii_hexdigit());
    digits == 32 && rest.clone().count() <= 4 && rest.into_iter().all(|byte| matches!(byte, b'-' | b'_'))
}

fn container(id: &str, runtime: Option<Runtime>) -> Class {
    Class::Container {
        id: id.to_owned(),
        runtime,
    }
}

fn runtime_of(prefix: &str) -> Option<Runtime> {
    match prefix {
        "cri-containerd" | "nerdctl" => Some(Runtime::Containerd),
        "docker" => Some(Runtime::Docker),
        "crio" | "libpod" => Some(Runtime::Storage),
        _ => None,
    }
}

fn is_id(word: &str) -> bool {
    word.len() == ID_LEN && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Undoes systemd's escapes of a unit's name in the file system: a leading `_` that protects names the kernel
/// reserves, and `\xNN`.
fn unescape(name: &str) -> String {
    let name = name.strip_prefix('_').unwrap_or(name);
    if !name.contains("\\x") {
        return name.to_owned();
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = rest
            .strip_prefix(b"\\x")
            .and_then(|rest| rest.split_at_checked(2));
        let byte = hex.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = byte.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
