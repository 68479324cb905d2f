//! The objects of a large cluster as they lie in etcd, drawn from their numbers.
//!
//! What stands in them is what real clusters have: three pods in five hundred words of `managedFields`, one container
//! in five with a sidecar, workloads with two ReplicaSets of the past, a Service with its slice, maps, secrets, a lease
//! a node. They are written in the JSON that the API server reads as well as its own binary form.

use serde_json::{Value, json};

/// Pods of one workload.
const REPLICAS: usize = 20;
/// Workloads of one namespace.
const WORKLOADS: usize = 20;
/// One pod in so many has an event.
const EVENT_EVERY: usize = 10;

/// How large the cluster is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Nodes.
    pub(crate) nodes: usize,
    /// Pods on each of them.
    pub(crate) pods_per_node: usize,
}

/// An object and the key it has in etcd.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The key, as in `/registry/pods/NAMESPACE/NAME`.
    pub(crate) key: String,
    /// The object.
    pub(crate) value: Value,
}

impl Size {
    /// Returns the number of pods.
    pub(crate) fn pods(self) -> usize {
        self.nodes * self.pods_per_node
    }

    fn workloads(self) -> usize {
        self.pods().div_ceil(REPLICAS)
    }

    /// Returns all objects, events last.
    pub(crate) fn objects(self) -> impl Iterator<Item = Stored> {
        let namespaces = (0..self.workloads().div_ceil(WORKLOADS)).map(namespace);
        let nodes = (0..self.nodes).flat_map(|n| [node(n), lease(n)]);
        let workloads = (0..self.workloads()).flat_map(workload);
        let pods = (0..self.pods()).map(move |n| pod(n, self, 0));
        let events = (0..self.pods()).step_by(EVENT_EVERY).map(event);
        namespaces.chain(nodes).chain(workloads).chain(pods).chain(events)
    }
}

/// An object of a resource, with what every object has.
fn stored(resource: &str, (namespace, name): (&str, &str), mut value: Value) -> Stored {
    let meta = &mut value["metadata"];
    meta["name"] = json!(name);
    if !namespace.is_empty() {
        meta["namespace"] = json!(namespace);
    }
    if meta["creationTimestamp"].is_null() {
        meta["creationTimestamp"] = json!("2026-01-02T15:04:05Z");
    }
    let key = match namespace {
        "" => format!("/registry/{resource}/{name}"),
        _ => format!("/registry/{resource}/{namespace}/{name}"),
    };
    if meta["uid"].is_null() {
        meta["uid"] = json!(uid(&key));
    }
    Stored { key, value }
}

/// An identity that follows from a key (FNV-1a in two halves).
fn uid(key: &str) -> String {
    let hash = |seed: u64| {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        key.bytes().fold(seed, step)
    };
    let (high, low) = (hash(0xcbf2_9ce4_8422_2325), hash(0x9e37_79b9_7f4a_7c15));
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
    format!(
        "{a:08x}-{b:04x}-4{c:03x}-{:04x}-{:012x}",
        0x8000 | (low >> 48 & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

fn team(workload: usize) -> String {
    format!("team-{:03}", workload / WORKLOADS)
}

fn app(workload: usize) -> String {
    format!("service-{workload:05}")
}

fn hash_of(workload: usize, generation: usize) -> String {
    format!(
        "{:08x}",
        (workload * 7 + generation + 1).wrapping_mul(0x9e37_79b1) as u32
    )
}

fn node_name(number: usize) -> String {
    format!(
        "ip-10-{}-{}-{}.internal",
        number >> 16,
        number >> 8 & 255,
        number & 255
    )
}

fn labels(workload: usize) -> Value {
    json!({
        "app.kubernetes.io/name": app(workload), "app.kubernetes.io/part-of": team(workload),
        "app.kubernetes.io/managed-by": "Helm", "version": format!("v1.{}.{}", workload % 9, workload % 5),
    })
}

/// What servers note about who set which field: as much as there usually is.
fn managed_fields(manager: &str, fields: usize) -> Value {
    let names = [
        "name",
        "image",
        "ports",
        "resources",
        "limits",
        "requests",
        "env",
        "value",
        "probe",
        "volumeMounts",
    ];
    let of = |prefix: usize| -> serde_json::Map<String, Value> {
        let field = |name: &&str| {
            (
                format!("f:{name}"),
                json!({".": {}, format!("f:part{prefix}"): {}}),
            )
        };
        names.iter().map(field).collect()
    };
    let all: serde_json::Map<_, _> = (0..fields)
        .map(|n| (format!("k:{{\"name\":\"main{n}\"}}"), Value::Object(of(n))))
        .collect();
    json!([{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": "2026-01-02T15:04:05Z",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {}}, "f:spec": all}}])
}

fn namespace(number: usize) -> Stored {
    let name = format!("team-{number:03}");
    let value = json!({"kind": "Namespace", "apiVersion": "v1",
        "metadata": {"labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
    stored("namespaces", ("", &name), value)
}

fn node(number: usize) -> Stored {
    let name = node_name(number);
    let condition = |(kind, status): (&str, &str)| {
        json!({"type": kind, "status": status, "lastHeartbeatTime": "2026-11-22T12:00:00Z",
            "lastTransitionTime": "2026-01-02T15:04:05Z", "reason": "KubeletReport", "message": "kubelet reports this"})
    };
    let conditions = [
        ("MemoryPressure", "False"),
        ("DiskPressure", "False"),
        ("PIDPressure", "False"),
        ("Ready", "True"),
    ];
    let image = |n: usize| {
        json!({"names": [format!("registry.example.com/shop/service-{n:05}@sha256:{n:064x}"),
            format!("registry.example.com/shop/service-{n:05}:v1")], "sizeBytes": 50_000_000 + n})
    };
    let amounts = json!({"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"});
    let value = json!({"kind": "Node", "apiVersion": "v1",
        "metadata": {"labels": {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
            "node.kubernetes.io/instance-type": "m6i.4xlarge", "topology.kubernetes.io/zone": format!("zone-{}", number % 3),
            "topology.kubernetes.io/region": "region-1"}, "managedFields": managed_fields("kubelet", 2)},
        "spec": {"podCIDR": format!("10.{}.{}.0/24", 64 + (number >> 8), number & 255),
            "providerID": format!("aws:///zone/i-{number:017x}")},
        "status": {"capacity": amounts, "allocatable": amounts,
            "conditions": conditions.map(condition), "images": (0..30).map(image).collect::<Vec<_>>(),
            "addresses": [{"type": "InternalIP", "address": format!("10.0.{}.{}", number >> 8, number & 255)}],
            "nodeInfo": {"machineID": format!("{number:032x}"), "systemUUID": format!("{number:032x}"),
                "bootID": format!("{number:032x}"), "kernelVersion": "6.12.0", "osImage": "Debian GNU/Linux 13",
                "containerRuntimeVersion": "containerd://2.4.2", "kubeletVersion": "v1.36.3", "kubeProxyVersion": "",
                "operatingSystem": "linux", "architecture": "amd64"}}});
    stored("minions", ("", &name), value)
}

fn lease(number: usize) -> Stored {
    let name = node_name(number);
    let value = json!({"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": "2026-11-22T12:00:00.000000Z"}});
    stored("leases", ("kube-node-lease", &name), value)
}

fn workload(number: usize) -> Vec<Stored> {
    let (team, app) = (team(number), app(number));
    let place = (team.as_str(), app.as_str());
    let selector = json!({"matchLabels": {"app.kubernetes.io/name": app}});
    let template = json!({"metadata": {"labels": labels(number)}, "spec": pod_spec(number, false)});
    let replicas = json!({"replicas": REPLICAS, "readyReplicas": REPLICAS, "availableReplicas": REPLICAS,
        "observedGeneration": 3});
    let deployment = json!({"kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": {"labels": labels(number), "generation": 3, "annotations": {"deployment.kubernetes.io/revision": "3"},
            "managedFields": managed_fields("helm", 3)},
        "spec": {"replicas": REPLICAS, "selector": selector, "template": template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}},
        "status": replicas});
    let mut all = vec![stored("deployments", place, deployment)];
    let owner = all
        .first()
        .map_or(Value::Null, |one| one.value["metadata"]["uid"].clone());
    for generation in 0..3 {
        let name = format!("{app}-{}", hash_of(number, generation));
        let n = if generation == 0 { REPLICAS } else { 0 };
        let set = json!({"kind": "ReplicaSet", "apiVersion": "apps/v1",
            "metadata": {"labels": labels(number), "generation": 1, "managedFields": managed_fields("kube-controller-manager", 2),
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": app, "uid": owner, "controller": true}]},
            "spec": {"replicas": n, "selector": selector, "template": template},
            "status": {"replicas": n, "readyReplicas": n, "availableReplicas": n, "observedGeneration": 1}});
        all.push(stored("replicasets", (&team, &name), set));
    }
    let port = json!([{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}]);
    let service = json!({"kind": "Service", "apiVersion": "v1", "metadata": {"labels": labels(number)},
        "spec": {"clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "type": "ClusterIP", "selector": {"app.kubernetes.io/name": app}, "ports": port}});
    all.push(stored("services/specs", place, service));
    let address = |n: usize| format!("10.{}.{}.{}", 128 + (n >> 16), n >> 8 & 255, n & 255);
    let pods = number * REPLICAS..(number + 1) * REPLICAS;
    let addresses: Vec<Value> = pods.clone().map(|n| json!({"ip": address(n)})).collect();
    let endpoints = json!({"kind": "Endpoints", "apiVersion": "v1", "metadata": {"labels": labels(number)},
        "subsets": [{"addresses": addresses, "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}]});
    all.push(stored("services/endpoints", place, endpoints));
    let each: Vec<Value> = pods
        .map(|n| json!({"addresses": [address(n)], "conditions": {"ready": true, "serving": true, "terminating": false}}))
        .collect();
    let slice = json!({"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
        "metadata": {"labels": {"kubernetes.io/service-name": app}}, "endpoints": each,
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]});
    all.push(stored("endpointslices", (&team, &format!("{app}-x7k2p")), slice));
    let data = "setting: value\n".repeat(40);
    for name in [format!("{app}-config"), format!("{app}-files")] {
        let map = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"labels": labels(number)},
            "data": {"config.yaml": data}});
        all.push(stored("configmaps", (&team, &name), map));
    }
    let secret = json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"labels": labels(number)}, "type": "Opaque",
        "data": {"password": "bm90IGEgc2VjcmV0IGF0IGFsbA=="}});
    all.push(stored("secrets", place, secret));
    let account =
        json!({"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"labels": labels(number)}});
    all.push(stored("serviceaccounts", place, account));
    all
}

fn pod_spec(workload: usize, sidecar: bool) -> Value {
    let container = |name: &str| {
        json!({"name": name, "image": format!("registry.example.com/shop/{}:v1.{}", app(workload), workload % 9),
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "env": [{"name": "DATABASE", "value": "postgres://orders@database.team.svc.cluster.local:5432/orders"},
                {"name": "LOG_LEVEL", "value": "info"}],
            "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
            "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/service"}]})
    };
    let mut containers = vec![container("main")];
    if sidecar {
        containers.push(container("proxy"));
    }
    json!({"containers": containers, "serviceAccountName": app(workload),
        "volumes": [{"name": "config", "configMap": {"name": format!("{}-config", app(workload))}}]})
}

fn pod_name(number: usize) -> String {
    let workload = number / REPLICAS;
    format!("{}-{}-{number:05x}", app(workload), hash_of(workload, 0))
}

/// A pod after so many restarts of its first container.
pub(crate) fn pod(number: usize, size: Size, restarts: u64) -> Stored {
    let workload = number / REPLICAS;
    let (team, name) = (team(workload), pod_name(number));
    let sidecar = number.is_multiple_of(5);
    let time = |n: usize| format!("2026-01-02T15:{:02}:{:02}Z", n / 60 % 60, n % 60);
    let set = format!("{}-{}", app(workload), hash_of(workload, 0));
    let mut spec = pod_spec(workload, sidecar);
    let more = json!({"nodeName": node_name(number % size.nodes), "restartPolicy": "Always",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
        "priority": 0, "preemptionPolicy": "PreemptLowerPriority"});
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    let kinds = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ];
    let conditions: Vec<Value> = kinds
        .iter()
        .enumerate()
        .map(|(n, kind)| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": time(number + n)}))
        .collect();
    let status = |container: &str, restarts: u64| {
        json!({"name": container, "ready": true, "started": true, "restartCount": restarts, "lastState": {},
            "state": {"running": {"startedAt": time(number + 9 + restarts as usize)}},
            "image": format!("registry.example.com/shop/{}:v1.{}", app(workload), workload % 9),
            "imageID": format!("registry.example.com/shop/{}@sha256:{workload:064x}", app(workload)),
            "containerID": format!("containerd://{:064x}", (number as u128 + 1) * 0x9e37_79b9_7f4a_7c15_f39c_c060 + u128::from(restarts))})
    };
    let mut statuses = vec![status("main", restarts)];
    if sidecar {
        statuses.push(status("proxy", 0));
    }
    let mut own_labels = labels(workload);
    own_labels["pod-template-hash"] = json!(hash_of(workload, 0));
    let ip = format!(
        "10.{}.{}.{}",
        128 + (number >> 16),
        number >> 8 & 255,
        number & 255
    );
    let at = number % size.nodes;
    let host = format!("10.0.{}.{}", at >> 8, at & 255);
    let value = json!({"kind": "Pod", "apiVersion": "v1",
        "metadata": {"generateName": format!("{set}-"), "labels": own_labels, "creationTimestamp": time(number),
            "annotations": {"checksum/config": format!("{workload:064x}")},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "controller": true,
                "blockOwnerDeletion": true, "uid": uid(&format!("/registry/replicasets/{team}/{set}"))}],
            "managedFields": managed_fields("kube-controller-manager", 3)},
        "spec": spec,
        "status": {"phase": "Running", "conditions": conditions, "hostIP": host, "hostIPs": [{"ip": host}], "podIP": ip,
            "podIPs": [{"ip": ip}], "startTime": time(number + 1), "containerStatuses": statuses, "qosClass": "Burstable"}});
    stored("pods", (&team, &name), value)
}

fn event(number: usize) -> Stored {
    let (team, name) = (team(number / REPLICAS), pod_name(number));
    let value = json!({"kind": "Event", "apiVersion": "v1", "metadata": {},
        "involvedObject": {"kind": "Pod", "namespace": team, "name": name, "apiVersion": "v1",
            "uid": uid(&format!("/registry/pods/{team}/{name}")), "fieldPath": "spec.containers{main}"},
        "reason": "Unhealthy", "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "source": {"component": "kubelet", "host": "node"}, "type": "Warning", "count": 3,
        "firstTimestamp": "2026-11-22T12:00:00Z", "lastTimestamp": "2026-11-22T12:10:00Z"});
    stored("events", (&team, &format!("{name}.17a0c0ffee")), value)
}
