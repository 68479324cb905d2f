//! Monitors as kube-prometheus brings them lead to what every cluster has; others do not.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::book::{Monitor, MonitorKind};
use super::super::overlaps;
use crate::objects::{Interner, Kind, Object, decode};

fn service(namespace: &str, name: &str, labels: Value, selector: Value) -> Arc<Object> {
    let json = json!({
        "metadata": {"namespace": namespace, "name": name, "uid": name, "labels": labels},
        "spec": {"selector": selector},
    });
    let object = decode(&Kind::Service, json.to_string().as_bytes(), &Interner::default());
    Arc::new(object.expect("the service can be read"))
}

fn services() -> Vec<Arc<Object>> {
    let none = json!({});
    vec![
        service(
            "default",
            "kubernetes",
            json!({"component": "apiserver", "provider": "kubernetes"}),
            none.clone(),
        ),
        service(
            "kube-system",
            "kubelet",
            json!({"app.kubernetes.io/name": "kubelet"}),
            none.clone(),
        ),
        service(
            "kube-system",
            "prom-kube-scheduler",
            json!({"app": "prom-kube-scheduler"}),
            json!({"component": "kube-scheduler"}),
        ),
        service(
            "kube-system",
            "kube-dns",
            json!({"k8s-app": "kube-dns"}),
            json!({"k8s-app": "kube-dns"}),
        ),
        service(
            "state",
            "ksm",
            json!({"app.kubernetes.io/name": "kube-state-metrics"}),
            none.clone(),
        ),
        service(
            "shop",
            "cart",
            json!({"k8s-app": "kubelet"}),
            json!({"component": "etcd"}),
        ),
    ]
}

fn overlapping(namespace: &str, spec: Value) -> Vec<(usize, String)> {
    let monitor = Monitor {
        kind: MonitorKind::ServiceMonitor,
        namespace: namespace.to_owned(),
        name: "m".to_owned(),
        spec,
    };
    let found = overlaps(&monitor, &services()).into_iter();
    found.map(|one| (one.endpoint, one.job)).collect()
}

#[test]
fn monitors_of_the_control_plane_are_known() {
    let kubelet = json!({
        "namespaceSelector": {"matchNames": ["kube-system"]},
        "selector": {"matchLabels": {"app.kubernetes.io/name": "kubelet"}},
        "endpoints": [{"port": "https-metrics"}, {"port": "https-metrics", "path": "/metrics/cadvisor"}],
    });
    let expected = [
        (0, "kubelet".to_owned()),
        (1, "kubelet/metrics/cadvisor".to_owned()),
    ];
    assert_eq!(overlapping("monitoring", kubelet), expected);

    let any = |labels: Value| {
        let found = overlapping(
            "monitoring",
            json!({
                "namespaceSelector": {"any": true},
                "selector": {"matchLabels": labels},
                "endpoints": [{"port": "metrics"}],
            }),
        );
        found.into_iter().map(|(_, job)| job).collect::<Vec<_>>()
    };
    assert_eq!(any(json!({"provider": "kubernetes"})), ["apiserver"]);
    assert_eq!(any(json!({"app": "prom-kube-scheduler"})), ["kube-scheduler"]);
    assert_eq!(any(json!({"k8s-app": "kube-dns"})), ["kube-dns"]);
    assert_eq!(
        any(json!({"app.kubernetes.io/name": "kube-state-metrics"})),
        ["kube-state-metrics"]
    );
    assert!(
        any(json!({"k8s-app": "kubelet"})).is_empty(),
        "it is a service of somebody else"
    );
    let nearby = json!({"selector": {}, "endpoints": [{"port": "metrics"}]});
    assert!(
        overlapping("monitoring", nearby).is_empty(),
        "its own namespace has no such services"
    );
}
