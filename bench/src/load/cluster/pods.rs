//! Pods: what cAdvisor measures of them, what kube-state-metrics says of them, what rules record of them.

use super::super::series::Target;
use super::super::shape::{Random, Shape};
use super::{Builder, NAMESPACES, PAGES, SLOW, Size, events, node_address, node_name};

/// One in so many pods comes or goes within the span.
const CHURN: u32 = 12;
const GIB: f64 = (1_u64 << 30) as f64;

/// A pod.
#[derive(Debug)]
pub(super) struct Pod {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) workload: String,
    pub(super) kind: &'static str,
    pub(super) node: u32,
    pub(super) containers: Vec<&'static str>,
    pub(super) life: (u32, u32),
    uid: u64,
}

/// Makes all pods. Some end in the middle of the span, and others take their place.
pub(super) fn pods(size: Size) -> Vec<Pod> {
    let mut pods = Vec::new();
    for idx in 0..size.nodes * size.pods_per_node {
        let mut random = Random::of(&(idx + 7).to_be_bytes());
        let turn = 1 + random.below(u64::from(size.rounds.max(2)) - 1) as u32;
        let (node, slot) = (idx % size.nodes, idx / size.nodes);
        // The pods of a stateful set keep their names: no other series take their place.
        let lives = match idx % CHURN {
            5 if slot != 1 => vec![(0, turn), (turn, u32::MAX)],
            _ => vec![(0, u32::MAX)],
        };
        for life in lives {
            let uid = random.bits();
            let (kind, workload, name) = match slot {
                0 => (
                    "daemonset",
                    "cilium".to_owned(),
                    format!("cilium-{:05x}", uid >> 44),
                ),
                1 => {
                    let set = format!("database-{}", node / 10);
                    let name = format!("{set}-{}", node % 10);
                    ("statefulset", set, name)
                }
                _ => {
                    let deployment = format!("service-{}", idx / 8 % 40);
                    let name = format!("{deployment}-{:08x}-{:05x}", idx / 8, uid >> 44);
                    ("deployment", deployment, name)
                }
            };
            let namespace = match kind {
                "daemonset" => "kube-system".to_owned(),
                _ => format!("team-{:02}", idx / 8 % NAMESPACES),
            };
            let containers = match idx % 3 {
                0 => vec!["application", "proxy"],
                _ => vec!["application"],
            };
            pods.push(Pod {
                namespace,
                name,
                workload,
                kind,
                node,
                containers,
                life,
                uid,
            });
        }
    }
    pods
}

pub(super) fn cadvisor(builder: &mut Builder, node: u32, pods: &[Pod]) {
    let target = builder.target(&[
        ("job", "kubelet"),
        ("metrics_path", "/metrics/cadvisor"),
        ("instance", &node_address(node, 10250)),
        ("node", &node_name(node)),
        ("endpoint", "https-metrics"),
        ("service", "kubelet"),
    ]);
    for pod in pods.iter().filter(|pod| pod.node == node) {
        let target = of_pod(&target, pod);
        let id = format!("/kubepods.slice/kubepods-pod{:016x}.slice", pod.uid);
        let sandbox = format!("{:032x}", u128::from(pod.uid) * 3);
        let network = [
            ("id", id.as_str()),
            ("image", "registry.k8s.io/pause:3.10"),
            ("name", &sandbox),
            ("interface", "eth0"),
        ];
        let size = pod.uid % 1_000;
        let families = [
            (
                "container_network_receive_bytes_total",
                Shape::Bytes {
                    mean: 9_000 * (1 + size),
                },
            ),
            (
                "container_network_receive_packets_total",
                events(20.0 + size as f64),
            ),
            ("container_network_receive_packets_dropped_total", events(0.02)),
            (
                "container_network_transmit_bytes_total",
                Shape::Bytes {
                    mean: 7_000 * (1 + size),
                },
            ),
            (
                "container_network_transmit_packets_total",
                events(18.0 + size as f64),
            ),
            (
                "container_network_transmit_packets_dropped_total",
                Shape::Constant(0.0),
            ),
        ];
        builder.of(&target).add_all(&network, &families);
        // The cgroup of the whole pod has no container and no image.
        builder.of(&target).add_all(&[("id", &id)], &MEMORY);
        for container in &pod.containers {
            let id = format!("{id}/cri-containerd-{container}-{:08x}.scope", pod.uid >> 32);
            let image = format!("registry.example.com/team/{}:{:x}", pod.workload, pod.uid % 97);
            let name = format!("{:032x}", u128::from(pod.uid) * 5);
            let own = [
                ("container", *container),
                ("id", &id),
                ("image", &image),
                ("name", &name),
            ];
            builder.of(&target).add_all(&own, &MEMORY);
            let families = [
                ("container_cpu_cfs_periods_total", events(300.0)),
                ("container_cpu_cfs_throttled_periods_total", events(2.0)),
            ];
            builder.of(&target).add_all(&own, &families);
            let own: Vec<_> = own.into_iter().chain([("device", "/dev/nvme0n1")]).collect();
            let families = [
                ("container_fs_reads_bytes_total", Shape::Bytes { mean: 8_192 }),
                ("container_fs_reads_total", events(2.0)),
                ("container_fs_writes_bytes_total", Shape::Bytes { mean: 65_536 }),
                ("container_fs_writes_total", events(12.0)),
            ];
            builder.of(&target).add_all(&own, &families);
        }
    }
}

const MEMORY: [(&str, Shape); 4] = [
    ("container_memory_cache", PAGES),
    ("container_memory_rss", PAGES),
    ("container_memory_swap", Shape::Constant(0.0)),
    ("container_memory_working_set_bytes", PAGES),
];

pub(super) fn state(builder: &mut Builder, pods: &[Pod]) {
    let target = builder.target(&[
        ("job", "kube-state-metrics"),
        ("instance", "10.244.3.17:8443"),
        ("endpoint", "https-main"),
        ("service", "kube-state-metrics"),
    ]);
    for pod in pods {
        let target = of_pod(&target, pod);
        let node = node_name(pod.node);
        let uid = format!("{:016x}", pod.uid);
        let host_network = if pod.kind == "daemonset" { "true" } else { "false" };
        let owner = match pod.kind {
            "deployment" => ("ReplicaSet", format!("{}-{:08x}", pod.workload, pod.uid >> 32)),
            "statefulset" => ("StatefulSet", pod.workload.clone()),
            _ => ("DaemonSet", pod.workload.clone()),
        };
        let one = Shape::Constant(1.0);
        let own = [
            ("uid", uid.as_str()),
            ("node", &node),
            ("host_network", host_network),
            ("created_by_kind", owner.0),
            ("created_by_name", &owner.1),
        ];
        builder.of(&target).add("kube_pod_info", &own, one);
        let own = [
            ("uid", uid.as_str()),
            ("owner_kind", owner.0),
            ("owner_name", &owner.1),
            ("owner_is_controller", "true"),
        ];
        builder.of(&target).add("kube_pod_owner", &own, one);
        for container in &pod.containers {
            for (resource, unit, request) in RESOURCES {
                let own = [
                    ("container", *container),
                    ("uid", &uid),
                    ("node", &node),
                    ("resource", resource),
                    ("unit", unit),
                ];
                let families = [
                    ("kube_pod_container_resource_requests", Shape::Constant(request)),
                    (
                        "kube_pod_container_resource_limits",
                        Shape::Constant(request * 2.0),
                    ),
                ];
                builder.of(&target).add_all(&own, &families);
            }
        }
    }
    for node in 0..builder.size.nodes {
        let name = node_name(node);
        let info = [
            ("node", name.as_str()),
            ("kernel_version", "6.18.5"),
            ("kubelet_version", "v1.36.3"),
        ];
        builder
            .of(&target)
            .add("kube_node_info", &info, Shape::Constant(1.0));
        for (resource, unit, amount) in [("cpu", "core", 8.0), ("memory", "byte", 64.0 * GIB)] {
            let own = [("node", name.as_str()), ("resource", resource), ("unit", unit)];
            let families = [
                ("kube_node_status_allocatable", Shape::Constant(amount * 0.95)),
                ("kube_node_status_capacity", Shape::Constant(amount)),
            ];
            builder.of(&target).add_all(&own, &families);
        }
    }
    for namespace in 0..NAMESPACES {
        let namespace = format!("team-{namespace:02}");
        for resource in ["requests.cpu", "limits.cpu", "requests.memory", "limits.memory"] {
            let scale = if resource.ends_with("cpu") {
                100.0
            } else {
                100.0 * GIB
            };
            for (kind, shape) in [
                ("hard", Shape::Constant(scale)),
                ("used", Shape::Ratio { centre: scale / 2.0 }),
            ] {
                let own = [
                    ("namespace", namespace.as_str()),
                    ("resourcequota", "team"),
                    ("resource", resource),
                    ("type", kind),
                ];
                builder.of(&target).add("kube_resourcequota", &own, shape);
            }
        }
    }
}

const RESOURCES: [(&str, &str, f64); 2] = [("cpu", "core", 0.25), ("memory", "byte", GIB / 4.0)];

pub(super) fn recorded(builder: &mut Builder, pods: &[Pod]) {
    let cadvisor = builder.target(&[
        ("job", "kubelet"),
        ("metrics_path", "/metrics/cadvisor"),
        ("endpoint", "https-metrics"),
        ("service", "kubelet"),
    ]);
    let bare = builder.target(&[]);
    let state = builder.target(&[("job", "kube-state-metrics"), ("instance", "10.244.3.17:8443")]);
    for pod in pods {
        let node = node_name(pod.node);
        let own = [("workload", pod.workload.as_str()), ("workload_type", pod.kind)];
        let name = "namespace_workload_pod:kube_pod_owner:relabel";
        builder
            .of(&of_pod(&bare, pod))
            .add(name, &own, Shape::Constant(1.0));
        for container in &pod.containers {
            let own = [("container", *container), ("node", &node)];
            let name = "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m";
            builder
                .of(&of_pod(&bare, pod))
                .add(name, &own, Shape::Ratio { centre: 0.1 });
            let instance = node_address(pod.node, 10250);
            let own = [
                ("container", *container),
                ("node", &node),
                ("instance", &instance),
                ("image", &pod.workload),
            ];
            let families = [
                ("node_namespace_pod_container:container_memory_cache", PAGES),
                ("node_namespace_pod_container:container_memory_rss", PAGES),
                (
                    "node_namespace_pod_container:container_memory_swap",
                    Shape::Constant(0.0),
                ),
                (
                    "node_namespace_pod_container:container_memory_working_set_bytes",
                    PAGES,
                ),
            ];
            builder.of(&of_pod(&cadvisor, pod)).add_all(&own, &families);
            for (resource, unit, request) in RESOURCES {
                let own = [
                    ("container", *container),
                    ("node", &node),
                    ("resource", resource),
                    ("unit", unit),
                ];
                let requests =
                    format!("cluster:namespace:pod_{resource}:active:kube_pod_container_resource_requests");
                let limits =
                    format!("cluster:namespace:pod_{resource}:active:kube_pod_container_resource_limits");
                let families = [
                    (requests.as_str(), Shape::Constant(request)),
                    (&limits, Shape::Constant(request * 2.0)),
                ];
                builder.of(&of_pod(&state, pod)).add_all(&own, &families);
            }
        }
    }
    for namespace in 0..NAMESPACES {
        let namespace = format!("team-{namespace:02}");
        let families = [
            ("namespace_cpu:kube_pod_container_resource_limits:sum", SLOW),
            ("namespace_cpu:kube_pod_container_resource_requests:sum", SLOW),
            ("namespace_memory:kube_pod_container_resource_limits:sum", PAGES),
            ("namespace_memory:kube_pod_container_resource_requests:sum", PAGES),
        ];
        builder.of(&bare).add_all(&[("namespace", &namespace)], &families);
    }
}

/// The target as far as one pod is concerned.
fn of_pod<'a>(target: &Target<'a>, pod: &Pod) -> Target<'a> {
    let mut labels = target.labels.clone();
    labels.push(("namespace", pod.namespace.clone()));
    labels.push(("pod", pod.name.clone()));
    Target {
        number: target.number,
        labels,
        life: pod.life,
    }
}
