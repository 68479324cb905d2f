//! Role `service`: each port of each service under its name in the cluster's DNS.

use scrape::TargetGroup;
use scrape::config::KubernetesRole;

use super::{ADDRESS, Pairs, host_and_port, set, set_meta, set_namespace};
use crate::discovery::objects::{Meta, Service};
use crate::discovery::search::Scope;

/// Adds what all targets of a service say of it.
pub(super) fn set_service(labels: &mut Pairs, meta: &Meta) {
    set(labels, "namespace", &*meta.namespace);
    set_meta(labels, KubernetesRole::Service, meta);
}

/// Fills in the group of a service.
pub(super) fn fill(group: &mut TargetGroup, scope: &Scope, (meta, service): (&Meta, &Service)) {
    set_service(&mut group.labels, meta);
    set_namespace(&mut group.labels, scope, &meta.namespace);
    let host = format!("{}.{}.svc", meta.name, meta.namespace);
    for port in &service.ports {
        let mut target = vec![(ADDRESS.to_owned(), host_and_port(&host, port.port))];
        set(&mut target, "service_port_name", &*port.name);
        set(&mut target, "service_port_number", port.port.to_string());
        set(&mut target, "service_port_protocol", &*port.protocol);
        set(&mut target, "service_type", &*service.kind);
        if &*service.kind == "ExternalName" {
            set(&mut target, "service_external_name", &*service.external_name);
        } else {
            set(&mut target, "service_cluster_ip", &*service.cluster_ip);
        }
        if &*service.kind == "LoadBalancer" {
            set(&mut target, "service_loadbalancer_ip", &*service.load_balancer_ip);
        }
        group.targets.push(target);
    }
}
