//! Objects as an API server writes them in, labels as Prometheus 3.10 makes them out.

use std::collections::BTreeMap;

use scrape::config::{KubernetesApi, KubernetesConfig, KubernetesRole};
use serde_json::{Value, json};

use super::group;
use crate::discovery::search::Scope;
use crate::objects::Kind;

fn config(role: KubernetesRole) -> KubernetesConfig {
    KubernetesConfig {
        role,
        api: KubernetesApi::OfPod,
        namespaces: Vec::new(),
        own_namespace: false,
        selectors: Vec::new(),
        attach_node: false,
        attach_namespace: false,
        annotation: None,
        labels: Vec::new(),
    }
}

/// Returns the labels of each target: those of its group under its own; without prefix, empty ones left out.
fn targets(
    config: &KubernetesConfig,
    kind: &Kind,
    objects: &[(Kind, Value)],
) -> Vec<BTreeMap<String, String>> {
    let scope = Scope::of(kind, objects);
    let mut all = Vec::new();
    for object in scope.main_objects() {
        let Some(group) = group(config, &scope, &object) else {
            continue;
        };
        for target in group.targets {
            let mut labels: BTreeMap<String, String> = group.labels.iter().cloned().collect();
            labels.extend(target);
            labels.retain(|_, value| !value.is_empty());
            let short = |name: String| name.strip_prefix(super::PREFIX).unwrap_or(&name).to_owned();
            all.push(
                labels
                    .into_iter()
                    .map(|(name, value)| (short(name), value))
                    .collect(),
            );
        }
    }
    all.sort();
    all
}

fn check(
    config: &KubernetesConfig,
    (kind, objects): (Kind, Vec<(Kind, Value)>),
    expected: &[&[(&str, &str)]],
) {
    let mut expected: Vec<BTreeMap<String, String>> = expected
        .iter()
        .map(|target| {
            target
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect()
        })
        .collect();
    expected.sort();
    assert_eq!(targets(config, &kind, &objects), expected);
}

fn node() -> Value {
    json!({
        "metadata": {"name": "n1", "labels": {"kubernetes.io/os": "linux"}, "annotations": {"a/b": "c"}},
        "spec": {"providerID": "cloud://1"},
        "status": {
            "addresses": [
                {"type": "Hostname", "address": "host1"},
                {"type": "InternalIP", "address": "10.0.0.1"},
                {"type": "InternalIP", "address": "fd00::1"},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

fn pod() -> Value {
    json!({
        "metadata": {
            "name": "web-1", "namespace": "shop", "uid": "u-1",
            "labels": {"app": "web"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "ownerReferences": [
                {"kind": "Other", "name": "no"},
                {"kind": "ReplicaSet", "name": "web", "controller": true},
            ],
        },
        "spec": {
            "nodeName": "n1",
            "containers": [
                {"name": "web", "image": "web:1", "ports": [
                    {"name": "http", "containerPort": 8080, "protocol": "TCP"},
                    {"name": "metrics", "containerPort": 9000, "protocol": "TCP"},
                ]},
                {"name": "side", "image": "side:1"},
            ],
            "initContainers": [{"name": "first", "image": "first:1"}],
        },
        "status": {
            "podIP": "10.1.0.7", "hostIP": "10.0.0.1", "phase": "Running",
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "web", "containerID": "containerd://w"}],
            "initContainerStatuses": [{"name": "first", "containerID": "containerd://f"}],
        },
    })
}

const OF_POD: [(&str, &str); 13] = [
    (
        "pod_annotation_kubectl_kubernetes_io_last_applied_configuration",
        "{}",
    ),
    (
        "pod_annotationpresent_kubectl_kubernetes_io_last_applied_configuration",
        "true",
    ),
    ("pod_controller_kind", "ReplicaSet"),
    ("pod_controller_name", "web"),
    ("pod_host_ip", "10.0.0.1"),
    ("pod_ip", "10.1.0.7"),
    ("pod_label_app", "web"),
    ("pod_labelpresent_app", "true"),
    ("pod_name", "web-1"),
    ("pod_node_name", "n1"),
    ("pod_phase", "Running"),
    ("pod_ready", "true"),
    ("pod_uid", "u-1"),
];

fn with_pod<'a>(own: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    OF_POD.into_iter().chain(own.iter().copied()).collect()
}

fn service() -> Value {
    json!({
        "metadata": {"name": "web", "namespace": "shop", "labels": {"team": "a"}},
        "spec": {
            "type": "ClusterIP", "clusterIP": "10.2.0.9",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        },
    })
}

#[test]
fn a_node_is_reached_at_its_kubelet() {
    check(
        &config(KubernetesRole::Node),
        (Kind::Node, vec![(Kind::Node, node())]),
        &[&[
            ("__address__", "10.0.0.1:10250"),
            ("instance", "n1"),
            ("node_address_Hostname", "host1"),
            ("node_address_InternalIP", "10.0.0.1"),
            ("node_annotation_a_b", "c"),
            ("node_annotationpresent_a_b", "true"),
            ("node_label_kubernetes_io_os", "linux"),
            ("node_labelpresent_kubernetes_io_os", "true"),
            ("node_name", "n1"),
            ("node_provider_id", "cloud://1"),
        ]],
    );
}

#[test]
fn a_node_without_address_says_nothing() {
    let bare = json!({"metadata": {"name": "n2"}});
    check(
        &config(KubernetesRole::Node),
        (Kind::Node, vec![(Kind::Node, bare)]),
        &[],
    );
}

#[test]
fn a_pod_has_a_target_for_each_port_and_each_container_without() {
    let web = |address, name, number| {
        with_pod(&[
            ("__address__", address),
            ("namespace", "shop"),
            ("pod_container_id", "containerd://w"),
            ("pod_container_image", "web:1"),
            ("pod_container_init", "false"),
            ("pod_container_name", "web"),
            ("pod_container_port_name", name),
            ("pod_container_port_number", number),
            ("pod_container_port_protocol", "TCP"),
        ])
    };
    check(
        &config(KubernetesRole::Pod),
        (Kind::Pod, vec![(Kind::Pod, pod())]),
        &[
            &web("10.1.0.7:8080", "http", "8080"),
            &web("10.1.0.7:9000", "metrics", "9000"),
            &with_pod(&[
                ("__address__", "10.1.0.7"),
                ("namespace", "shop"),
                ("pod_container_image", "side:1"),
                ("pod_container_init", "false"),
                ("pod_container_name", "side"),
            ]),
            &with_pod(&[
                ("__address__", "10.1.0.7"),
                ("namespace", "shop"),
                ("pod_container_id", "containerd://f"),
                ("pod_container_image", "first:1"),
                ("pod_container_init", "true"),
                ("pod_container_name", "first"),
            ]),
        ],
    );
}

#[test]
fn a_pod_waits_for_its_address_and_for_its_node() {
    let mut waiting = pod();
    waiting["status"]["podIP"] = json!("");
    check(
        &config(KubernetesRole::Pod),
        (Kind::Pod, vec![(Kind::Pod, waiting)]),
        &[],
    );
    let mut attached = config(KubernetesRole::Pod);
    attached.attach_node = true;
    let mut other = node();
    other["metadata"]["name"] = json!("n9");
    check(
        &attached,
        (Kind::Pod, vec![(Kind::Pod, pod()), (Kind::Node, other)]),
        &[],
    );
}

#[test]
fn an_address_of_version_six_stands_in_brackets() {
    let mut six = pod();
    six["status"]["podIP"] = json!("fd00::7");
    let found = targets(&config(KubernetesRole::Pod), &Kind::Pod, &[(Kind::Pod, six)]);
    let addresses: Vec<_> = found
        .iter()
        .map(|target| target["__address__"].as_str())
        .collect();
    assert_eq!(
        addresses,
        ["[fd00::7]:8080", "[fd00::7]:9000", "fd00::7", "fd00::7"]
    );
}

#[test]
fn a_service_is_reached_by_its_name() {
    let mut outside = service();
    outside["metadata"]["name"] = json!("db");
    outside["spec"] = json!({
        "type": "ExternalName", "externalName": "db.example.org",
        "ports": [{"port": 5432, "protocol": "TCP"}],
    });
    check(
        &config(KubernetesRole::Service),
        (
            Kind::Service,
            vec![(Kind::Service, service()), (Kind::Service, outside)],
        ),
        &[
            &[
                ("__address__", "web.shop.svc:80"),
                ("namespace", "shop"),
                ("service_cluster_ip", "10.2.0.9"),
                ("service_label_team", "a"),
                ("service_labelpresent_team", "true"),
                ("service_name", "web"),
                ("service_port_name", "http"),
                ("service_port_number", "80"),
                ("service_port_protocol", "TCP"),
                ("service_type", "ClusterIP"),
            ],
            &[
                ("__address__", "db.shop.svc:5432"),
                ("namespace", "shop"),
                ("service_external_name", "db.example.org"),
                ("service_label_team", "a"),
                ("service_labelpresent_team", "true"),
                ("service_name", "db"),
                ("service_port_number", "5432"),
                ("service_port_protocol", "TCP"),
                ("service_type", "ExternalName"),
            ],
        ],
    );
}

fn service_and_pod(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let service = [
        ("namespace", "shop"),
        ("service_label_team", "a"),
        ("service_labelpresent_team", "true"),
        ("service_name", "web"),
    ];
    with_pod(&[&service, more].concat())
}

/// The port that the container declares and the service does not lead to.
const REST: [(&str, &str); 7] = [
    ("__address__", "10.1.0.7:9000"),
    ("pod_container_image", "web:1"),
    ("pod_container_init", "false"),
    ("pod_container_name", "web"),
    ("pod_container_port_name", "metrics"),
    ("pod_container_port_number", "9000"),
    ("pod_container_port_protocol", "TCP"),
];
/// The port that the service leads to.
const LED: [(&str, &str); 7] = [
    ("__address__", "10.1.0.7:8080"),
    ("pod_container_image", "web:1"),
    ("pod_container_init", "false"),
    ("pod_container_name", "web"),
    ("pod_container_port_name", "http"),
    ("pod_container_port_number", "8080"),
    ("pod_container_port_protocol", "TCP"),
];

#[test]
fn endpoints_lead_to_pods_and_to_their_other_ports() {
    let endpoints = json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "subsets": [{
            "addresses": [{
                "ip": "10.1.0.7", "nodeName": "n1",
                "targetRef": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
            }],
            "notReadyAddresses": [{"ip": "10.9.9.9", "hostname": "old"}],
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        }],
    });
    let objects = vec![
        (Kind::Endpoints, endpoints),
        (Kind::Service, service()),
        (Kind::Pod, pod()),
    ];
    let own = [
        ("endpoint_address_target_kind", "Pod"),
        ("endpoint_address_target_name", "web-1"),
        ("endpoint_node_name", "n1"),
        ("endpoint_port_name", "http"),
        ("endpoint_port_protocol", "TCP"),
        ("endpoint_ready", "true"),
        ("endpoints_name", "web"),
    ];
    check(
        &config(KubernetesRole::Endpoints),
        (Kind::Endpoints, objects),
        &[
            &service_and_pod(&[&LED[..], &own].concat()),
            &service_and_pod(&[&REST[..], &[("endpoints_name", "web")]].concat()),
            &[
                ("__address__", "10.9.9.9:8080"),
                ("endpoint_hostname", "old"),
                ("endpoint_port_name", "http"),
                ("endpoint_port_protocol", "TCP"),
                ("endpoint_ready", "false"),
                ("endpoints_name", "web"),
                ("namespace", "shop"),
                ("service_label_team", "a"),
                ("service_labelpresent_team", "true"),
                ("service_name", "web"),
            ],
        ],
    );
}

fn slice() -> Value {
    json!({
        "metadata": {
            "name": "web-x", "namespace": "shop",
            "labels": {"kubernetes.io/service-name": "web"},
        },
        "addressType": "IPv4",
        "endpoints": [{
            "addresses": ["10.1.0.7"],
            "conditions": {"ready": true, "serving": true, "terminating": false},
            "nodeName": "n1", "zone": "z",
            "targetRef": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
        }],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c"}],
    })
}

#[test]
fn slices_lead_to_pods_and_to_their_other_ports() {
    let objects = vec![
        (Kind::EndpointSlice, slice()),
        (Kind::Service, service()),
        (Kind::Pod, pod()),
        (
            Kind::Namespace,
            json!({"metadata": {"name": "shop", "labels": {"env": "x"}}}),
        ),
    ];
    let of_slice = [
        ("endpointslice_address_type", "IPv4"),
        ("endpointslice_label_kubernetes_io_service_name", "web"),
        ("endpointslice_labelpresent_kubernetes_io_service_name", "true"),
        ("endpointslice_name", "web-x"),
        ("namespace_label_env", "x"),
        ("namespace_labelpresent_env", "true"),
    ];
    let own = [
        ("endpointslice_address_target_kind", "Pod"),
        ("endpointslice_address_target_name", "web-1"),
        ("endpointslice_endpoint_conditions_ready", "true"),
        ("endpointslice_endpoint_conditions_serving", "true"),
        ("endpointslice_endpoint_conditions_terminating", "false"),
        ("endpointslice_endpoint_node_name", "n1"),
        ("endpointslice_endpoint_zone", "z"),
        ("endpointslice_port", "8080"),
        ("endpointslice_port_app_protocol", "h2c"),
        ("endpointslice_port_name", "http"),
        ("endpointslice_port_protocol", "TCP"),
    ];
    check(
        &config(KubernetesRole::EndpointSlice),
        (Kind::EndpointSlice, objects),
        &[
            &service_and_pod(&[&LED[..], &of_slice, &own].concat()),
            &service_and_pod(&[&REST[..], &of_slice].concat()),
        ],
    );
}

#[test]
fn an_ingress_has_a_target_for_each_path() {
    let ingress = json!({
        "metadata": {"name": "i", "namespace": "shop"},
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.example.org"]}],
            "rules": [
                {"host": "a.example.org", "http": {"paths": [{"path": "/x"}, {"path": ""}]}},
                {"host": "a.b.example.org"},
                {"host": "none.example.org", "http": {"paths": []}},
            ],
        },
    });
    let all = |address, scheme, path| {
        vec![
            ("__address__", address),
            ("ingress_class_name", "nginx"),
            ("ingress_host", address),
            ("ingress_name", "i"),
            ("ingress_path", path),
            ("ingress_scheme", scheme),
            ("namespace", "shop"),
        ]
    };
    check(
        &config(KubernetesRole::Ingress),
        (Kind::Ingress, vec![(Kind::Ingress, ingress)]),
        &[
            &all("a.example.org", "https", "/x"),
            &all("a.example.org", "https", "/"),
            &all("a.b.example.org", "http", "/"),
        ],
    );
}

#[test]
fn only_what_is_annotated_is_taken_if_that_is_asked_for() {
    let mut only = config(KubernetesRole::EndpointSlice);
    only.annotation = Some(("prometheus.io/scrape".to_owned(), "true".to_owned()));
    let objects = |service| {
        vec![
            (Kind::EndpointSlice, slice()),
            (Kind::Service, service),
            (Kind::Pod, pod()),
        ]
    };
    assert!(targets(&only, &Kind::EndpointSlice, &objects(service())).is_empty());
    let mut annotated = service();
    annotated["metadata"]["annotations"] = json!({"prometheus.io/scrape": "true"});
    assert_eq!(targets(&only, &Kind::EndpointSlice, &objects(annotated)).len(), 2);
}
