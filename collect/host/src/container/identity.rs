//! Who a cgroup belongs to, as labels.

use crate::Root;

use super::cgroup::{Class, Runtime, pod_uid, short_id};
use super::kubelet;
use super::runtime::Runtimes;

/// What the labels of a container or service say; empty where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Name by the runtime, the unit's name, or the short id.
    pub(crate) name: String,
    /// Image by its name.
    pub(crate) image: String,
    /// Name of the container in its pod; empty for a sandbox, as kubelet has it.
    pub(crate) container: String,
    /// Name of the pod.
    pub(crate) pod: String,
    /// Namespace of the pod.
    pub(crate) namespace: String,
    /// The pod's uid, which tells it from earlier ones of its name.
    pub(crate) uid: String,
    /// The container as Kubernetes names it: `containerd://` and its id, for example.
    pub(crate) container_id: String,
    /// The file that the runtime itself logs to, where it says so.
    pub(crate) log: String,
    /// Whether it only holds a pod's namespaces.
    pub(crate) sandbox: bool,
    /// Whether files that name it were found.
    pub(crate) known: bool,
}

/// Looks up who the cgroup at a path belongs to; `None` for what turns out to be no container.
pub(crate) fn of(root: &Root, path: &str, class: &Class, runtimes: &Runtimes) -> Option<Identity> {
    let mut identity = by_runtime(root, class, runtimes)?;
    if identity.uid.is_empty()
        && let Some(uid) = pod_uid(path)
    {
        identity.uid = uid;
    }
    Some(identity)
}

fn by_runtime(root: &Root, class: &Class, runtimes: &Runtimes) -> Option<Identity> {
    match class {
        Class::Service { unit } => Some(Identity {
            name: unit.clone(),
            known: true,
            ..Identity::default()
        }),
        Class::Task { namespace, id } => runtimes.task(root, namespace, id),
        Class::Container { id, runtime } => {
            let found = order(*runtime).into_iter().find_map(|runtime| match runtime {
                Runtime::Docker => runtimes.docker(root, id),
                Runtime::Containerd => runtimes.containerd(root, id),
                Runtime::Storage => runtimes.storage(root, id),
            });
            let found = found.or_else(|| kubelet::container(root, id));
            Some(found.unwrap_or_else(|| Identity {
                name: short_id(id).to_owned(),
                ..Identity::default()
            }))
        }
    }
}

/// Returns the runtimes in the order in which they are asked. Docker comes before containerd: it runs its
/// containers by containerd, whose files then lack the names.
fn order(named: Option<Runtime>) -> [Runtime; 3] {
    match named {
        None | Some(Runtime::Docker) => [Runtime::Docker, Runtime::Containerd, Runtime::Storage],
        Some(Runtime::Containerd) => [Runtime::Containerd, Runtime::Docker, Runtime::Storage],
        Some(Runtime::Storage) => [Runtime::Storage, Runtime::Docker, Runtime::Containerd],
    }
}
