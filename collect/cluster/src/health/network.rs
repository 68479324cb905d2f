//! How Services and Ingresses are.

use super::{Assessment, Finding, Severity, State, View, seconds};
use crate::graph;
use crate::objects::{Body, Ingress, Kind, Object, Service};

/// A cloud makes a load balancer within this time.
const PATIENCE: i64 = 300;

pub(super) fn assess(view: &View<'_>, object: &Object) -> Assessment {
    match &object.body {
        Body::Service(service) => served(view, object, service),
        Body::Ingress(ingress) => entered(view, object, ingress),
        _ => Assessment::of(State::ok("exists", "exists")),
    }
}

fn served(view: &View<'_>, object: &Object, service: &Service) -> Assessment {
    let spec = &service.spec;
    if &*spec.kind == "ExternalName" {
        return Assessment::of(State::ok(
            "external_name",
            "stands for a name outside the cluster",
        ));
    }
    let mut findings = Vec::new();
    let (mut ready, mut all) = (0_i64, 0_i64);
    for slice in view.slices_of(object) {
        if let Body::EndpointSlice(body) = &slice.body {
            for endpoint in &body.endpoints {
                all += 1;
                ready += i64::from(endpoint.conditions.ready != Some(false));
            }
        }
    }
    if ready == 0 && !spec.selector.is_empty() && view.knows(&Kind::EndpointSlice) {
        let pods = view.pods_in(&object.meta.namespace).iter();
        let matching = pods.filter(|pod| graph::matches_map(&spec.selector, &pod.meta.labels));
        let n = matching.count();
        let (severity, sentence, advice) = match n {
            0 => (
                Severity::Warning,
                "leads nowhere: no pod has the labels of its selector".to_owned(),
                "compare its selector with the labels of the pods that it is for",
            ),
            n => (
                Severity::Critical,
                format!("leads nowhere: none of its {n} pods is ready"),
                "see why its pods are not ready",
            ),
        };
        let selector: Vec<_> = spec
            .selector
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let state = State::new(severity, "no_endpoints", sentence).with("pods", n);
        findings.push(Finding::new(object, state, advice).because("spec.selector", selector.join(",")));
    }
    if &*spec.kind == "LoadBalancer" && service.status.load_balancer.ingress.is_empty() {
        let waits = view.now - object.meta.created;
        let severity = if waits > PATIENCE {
            Severity::Warning
        } else {
            Severity::Progressing
        };
        let state = State::plain(severity, "no_load_balancer", "waits for a load balancer");
        let advice = "see whether anything in the cluster makes load balancers, and its events";
        let mut finding = Finding::new(object, state, advice).since(seconds(object.meta.created));
        for warning in view.warnings(object).iter().take(2) {
            finding = finding.because_warned(warning);
        }
        findings.push(finding);
    }
    let otherwise = State::new(
        Severity::Ok,
        "serving",
        format!("{ready} of {all} endpoints are ready"),
    )
    .with("ready", ready)
    .with("endpoints", all);
    Assessment::from_findings(findings, otherwise)
}

fn entered(view: &View<'_>, object: &Object, ingress: &Ingress) -> Assessment {
    let mut findings = Vec::new();
    if view.knows(&Kind::Service) {
        let mut named: Vec<_> = graph::backends(ingress).collect();
        named.sort();
        named.dedup();
        for name in named {
            if view
                .store
                .find(&Kind::Service, &object.meta.namespace, name)
                .is_none()
            {
                let state = State::new(
                    Severity::Critical,
                    "no_backend",
                    format!("leads to the service {name}, which does not exist"),
                )
                .with("service", name);
                let advice = "create the service, or correct its name in the ingress";
                findings.push(Finding::new(object, state, advice).because("spec.rules", name.as_str()));
            }
        }
    }
    if let Some(class) = &ingress.spec.ingress_class_name
        && view.knows(&Kind::IngressClass)
        && view.store.find(&Kind::IngressClass, "", class).is_none()
    {
        let state = State::new(
            Severity::Warning,
            "no_ingress_class",
            format!("its class {class} does not exist, so that nobody may serve it"),
        )
        .with("class", class);
        findings.push(
            Finding::new(
                object,
                state,
                "install the controller of that class, or name another one",
            )
            .because("spec.ingressClassName", class.as_str()),
        );
    }
    Assessment::from_findings(findings, State::ok("routed", "leads to services that exist"))
}
