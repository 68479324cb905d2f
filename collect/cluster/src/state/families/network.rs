//! Metrics of Services and what leads to them.

use crate::objects::{Endpoint, EndpointSlice, Endpoints, Ingress, IngressClass, NetworkPolicy, Service};
use crate::state::row::{CREATED, Of, Out, Row, Stability, VERSION, created, exists, resource_version, word};

pub(in crate::state) const SERVICES: &[Row<Service>] = &[
    Row::stable(
        "kube_service_info",
        "Addresses of the Service.",
        |service, out| {
            let spec = &service.body.spec;
            out.info(&[
                ("cluster_ip", &spec.cluster_ip),
                ("external_name", &spec.external_name),
                ("load_balancer_ip", &spec.load_balancer_ip),
                ("external_traffic_policy", &spec.external_traffic_policy),
            ]);
        },
    ),
    Row::stable("kube_service_created", CREATED, created),
    Row::stable(
        "kube_service_spec_type",
        "Type of the Service.",
        |service, out| {
            out.info(&[("type", &service.body.spec.kind)]);
        },
    ),
    Row::labels("kube_service_labels", Stability::Stable),
    Row::annotations("kube_service_annotations"),
    Row::stable(
        "kube_service_spec_external_ip",
        "Addresses from outside that lead to the Service.",
        |service, out| {
            for ip in &service.body.spec.external_ips {
                out.info(&[("external_ip", ip)]);
            }
        },
    ),
    Row::stable(
        "kube_service_status_load_balancer_ingress",
        "Where the load balancer of the Service takes traffic.",
        |service, out| {
            for ingress in &service.body.status.load_balancer.ingress {
                out.info(&[("ip", &ingress.ip), ("hostname", &ingress.hostname)]);
            }
        },
    ),
];

pub(in crate::state) const ENDPOINTS: &[Row<Endpoints>] = &[
    Row::stable("kube_endpoint_info", "There is such an Endpoints.", exists),
    Row::stable("kube_endpoint_created", CREATED, created),
    Row::labels("kube_endpoint_labels", Stability::Stable),
    Row::annotations("kube_endpoint_annotations"),
    Row::stable(
        "kube_endpoint_address",
        "Addresses behind the Service, and whether they take traffic.",
        addresses,
    ),
    Row::stable(
        "kube_endpoint_ports",
        "Ports behind the Service.",
        |endpoints, out| {
            for port in endpoints.body.subsets.iter().flat_map(|subset| &subset.ports) {
                let number = port.port.unwrap_or(0).to_string();
                out.info(&[
                    ("port_name", &port.name),
                    ("port_protocol", &port.protocol),
                    ("port_number", &number),
                ]);
            }
        },
    ),
];

pub(in crate::state) const ENDPOINT_SLICES: &[Row<EndpointSlice>] = &[
    Row::experimental(
        "kube_endpointslice_info",
        "Kind of addresses of the EndpointSlice.",
        |slice, out| {
            out.info(&[("addresstype", &slice.body.address_type)]);
        },
    ),
    Row::experimental("kube_endpointslice_created", CREATED, created),
    Row::experimental(
        "kube_endpointslice_endpoints",
        "Addresses of the EndpointSlice.",
        |slice, out| {
            for endpoint in &slice.body.endpoints {
                endpoint_addresses(endpoint, out);
            }
        },
    ),
    Row::experimental(
        "kube_endpointslice_endpoints_hints",
        "Who should use an address.",
        |slice, out| {
            for endpoint in &slice.body.endpoints {
                let Some(address) = endpoint.addresses.first() else {
                    continue;
                };
                for zone in &endpoint.hints.for_zones {
                    out.info(&[("address", address), ("for_zone", &zone.name)]);
                }
            }
        },
    ),
    Row::experimental(
        "kube_endpointslice_ports",
        "Ports of the EndpointSlice.",
        |slice, out| {
            for port in &slice.body.ports {
                let number = port.port.unwrap_or(0).to_string();
                out.info(&[
                    ("port_name", &port.name),
                    ("port_protocol", &port.protocol),
                    ("port_number", &number),
                ]);
            }
        },
    ),
    Row::labels("kube_endpointslice_labels", Stability::Experimental),
    Row::annotations("kube_endpointslice_annotations"),
];

pub(in crate::state) const INGRESSES: &[Row<Ingress>] = &[
    Row::stable("kube_ingress_info", "Class of the Ingress.", |ingress, out| {
        let annotated = ingress.meta.annotation("kubernetes.io/ingress.class");
        let class = annotated.or(ingress.body.spec.ingress_class_name.as_deref());
        out.info(&[("ingressclass", class.unwrap_or("_default"))]);
    }),
    Row::stable("kube_ingress_created", CREATED, created),
    Row::experimental(
        "kube_ingress_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::labels("kube_ingress_labels", Stability::Stable),
    Row::annotations("kube_ingress_annotations"),
    Row::stable("kube_ingress_path", "Where the traffic of a path goes.", paths),
    Row::stable(
        "kube_ingress_tls",
        "Secrets of the hosts that speak TLS.",
        |ingress, out| {
            for tls in &ingress.body.spec.tls {
                for host in &tls.hosts {
                    out.info(&[("tls_host", host), ("secret", &tls.secret_name)]);
                }
            }
        },
    ),
];

pub(in crate::state) const INGRESS_CLASSES: &[Row<IngressClass>] = &[
    Row::experimental(
        "kube_ingressclass_info",
        "Controller of the IngressClass.",
        |class, out| {
            out.info(&[("controller", &class.body.spec.controller)]);
        },
    ),
    Row::experimental("kube_ingressclass_created", CREATED, created),
    Row::labels("kube_ingressclass_labels", Stability::Experimental),
    Row::annotations("kube_ingressclass_annotations"),
];

pub(in crate::state) const NETWORK_POLICIES: &[Row<NetworkPolicy>] = &[
    Row::experimental("kube_networkpolicy_created", CREATED, created),
    Row::labels("kube_networkpolicy_labels", Stability::Experimental),
    Row::annotations("kube_networkpolicy_annotations"),
    Row::experimental(
        "kube_networkpolicy_spec_ingress_rules",
        "Rules that let traffic in.",
        |policy, out| {
            out.value(policy.body.spec.ingress.0);
        },
    ),
    Row::experimental(
        "kube_networkpolicy_spec_egress_rules",
        "Rules that let traffic out.",
        |policy, out| {
            out.value(policy.body.spec.egress.0);
        },
    ),
];

fn addresses(endpoints: &Of<'_, Endpoints>, out: &mut Out<'_>) {
    for subset in &endpoints.body.subsets {
        for port in &subset.ports {
            let number = port.port.unwrap_or(0).to_string();
            let ready = subset.addresses.iter().map(|one| (one, "true"));
            let others = subset.not_ready_addresses.iter().map(|one| (one, "false"));
            for (address, is_ready) in ready.chain(others) {
                out.info(&[
                    ("port_protocol", &port.protocol),
                    ("port_number", &number),
                    ("port_name", &port.name),
                    ("ip", &address.ip),
                    ("ready", is_ready),
                ]);
            }
        }
    }
}

fn endpoint_addresses(endpoint: &Endpoint, out: &mut Out<'_>) {
    let said = |status: Option<bool>| status.map_or("", word);
    let conditions = endpoint.conditions;
    let target = endpoint.target_ref.as_ref();
    for address in &endpoint.addresses {
        out.info(&[
            ("ready", said(conditions.ready)),
            ("serving", said(conditions.serving)),
            ("terminating", said(conditions.terminating)),
            ("hostname", &endpoint.hostname),
            ("targetref_kind", target.map_or("", |one| &one.kind)),
            ("targetref_name", target.map_or("", |one| &one.name)),
            ("targetref_namespace", target.map_or("", |one| &one.namespace)),
            ("endpoint_nodename", &endpoint.node_name),
            ("endpoint_zone", &endpoint.zone),
            ("address", address),
        ]);
    }
}

fn paths(ingress: &Of<'_, Ingress>, out: &mut Out<'_>) {
    for rule in &ingress.body.spec.rules {
        for path in &rule.http.paths {
            let (host, at) = (("host", &*rule.host), ("path", &*path.path));
            if let Some(service) = &path.backend.service {
                let port = service.port.number.to_string();
                out.info(&[host, at, ("service_name", &service.name), ("service_port", &port)]);
            } else if let Some(resource) = &path.backend.resource {
                out.info(&[
                    host,
                    at,
                    ("resource_api_group", &resource.api_group),
                    ("resource_kind", &resource.kind),
                    ("resource_name", &resource.name),
                ]);
            }
        }
    }
}
