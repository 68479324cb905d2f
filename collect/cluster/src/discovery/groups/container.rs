//! Containers of pods, as several roles describe them.

use super::{Pairs, set};
use crate::discovery::objects::{Container, Pod};

/// Whether a container runs before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Main,
    Init,
}

/// Returns all containers, those that run first last.
pub(super) fn all(pod: &Pod) -> impl Iterator<Item = (Place, &Container)> {
    let main = pod.containers.iter().map(|one| (Place::Main, one));
    main.chain(pod.init_containers.iter().map(|one| (Place::Init, one)))
}

/// Adds what the roles say of a container.
pub(super) fn set_container(labels: &mut Pairs, place: Place, container: &Container) {
    set(labels, "pod_container_name", &*container.name);
    set(labels, "pod_container_image", &*container.image);
    set(labels, "pod_container_init", (place == Place::Init).to_string());
}

/// Adds what the roles say of a port.
pub(super) fn set_port(labels: &mut Pairs, (name, port, protocol): (&str, i32, &str)) {
    set(labels, "pod_container_port_name", name);
    set(labels, "pod_container_port_number", port.to_string());
    set(labels, "pod_container_port_protocol", protocol);
}
