//! Role `ingress`: each path of each rule, for probes from outside.

use scrape::TargetGroup;
use scrape::config::KubernetesRole;

use super::{ADDRESS, set, set_meta, set_namespace};
use crate::discovery::objects::{Ingress, Meta, Rule};
use crate::discovery::search::Scope;

/// Fills in the group of an Ingress.
pub(super) fn fill(group: &mut TargetGroup, scope: &Scope, (meta, ingress): (&Meta, &Ingress)) {
    let labels = &mut group.labels;
    set(labels, "namespace", &*meta.namespace);
    set(labels, "ingress_class_name", &*ingress.ingress_class_name);
    set_meta(labels, KubernetesRole::Ingress, meta);
    set_namespace(labels, scope, &meta.namespace);
    for rule in &ingress.rules {
        let mut secured = ingress.tls.iter().flat_map(|tls| &tls.hosts);
        let scheme = if secured.any(|pattern| matches(pattern, &rule.host)) {
            "https"
        } else {
            "http"
        };
        for path in paths(rule) {
            let mut target = vec![(ADDRESS.to_owned(), rule.host.to_string())];
            set(&mut target, "ingress_scheme", scheme);
            set(&mut target, "ingress_host", &*rule.host);
            set(&mut target, "ingress_path", path);
            group.targets.push(target);
        }
    }
}

/// Returns the paths of a rule; one that says nothing of HTTP leads everything on.
fn paths(rule: &Rule) -> Vec<&str> {
    let Some(http) = &rule.http else {
        return vec!["/"];
    };
    let paths = http.paths.iter().map(|path| &*path.path);
    paths
        .map(|path| if path.is_empty() { "/" } else { path })
        .collect()
}

/// Tells whether a host is the one that is meant; `*` as its first label stands for any one label.
fn matches(pattern: &str, host: &str) -> bool {
    if pattern == host {
        return true;
    }
    let behind_first = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned());
    match pattern.strip_prefix("*.") {
        Some(rest) => behind_first(host).is_some_and(|behind| behind == rest),
        None => pattern == "*" && !host.contains('.'),
    }
}
