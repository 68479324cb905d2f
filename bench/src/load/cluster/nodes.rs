//! What is scraped on every node: node_exporter, kubelet, kube-proxy; and what rules record of nodes.

use super::super::series::Target;
use super::super::shape::Shape;
use super::{Builder, PAGES, SLOW, events, node_address, node_name};

const CORES: u32 = 8;
const DISKS: [&str; 2] = ["nvme0n1", "nvme1n1"];
const GIB: f64 = (1_u64 << 30) as f64;

pub(super) fn node_exporter(builder: &mut Builder, node: u32) {
    let instance = node_address(node, 9100);
    let target = builder.target(&[
        ("job", "node-exporter"),
        ("instance", &instance),
        ("namespace", "monitoring"),
        ("pod", &format!("node-exporter-{node:05}")),
        ("container", "kube-rbac-proxy"),
        ("endpoint", "https"),
        ("service", "node-exporter"),
    ]);
    for cpu in 0..CORES {
        let modes = [
            ("idle", 0.7),
            ("iowait", 0.01),
            ("irq", 0.0),
            ("nice", 0.0),
            ("softirq", 0.01),
            ("steal", 0.001),
            ("system", 0.08),
            ("user", 0.2),
        ];
        for (mode, cores) in modes {
            let shape = builder.of(&target).cpu(cores);
            let own = [("cpu", cpu.to_string()), ("mode", mode.to_owned())];
            let own = own.each_ref().map(|(key, value)| (*key, value.as_str()));
            builder.of(&target).add("node_cpu_seconds_total", &own, shape);
        }
    }
    let memory = Shape::Pages { max: 3_000_000 };
    let families = [
        ("node_load1", Shape::Ratio { centre: 3.0 }),
        ("node_load5", Shape::Ratio { centre: 3.0 }),
        ("node_load15", Shape::Ratio { centre: 3.0 }),
        ("node_memory_MemTotal_bytes", Shape::Constant(64.0 * GIB)),
        ("node_memory_MemAvailable_bytes", memory),
        ("node_memory_MemFree_bytes", memory),
        ("node_memory_Buffers_bytes", PAGES),
        ("node_memory_Cached_bytes", memory),
        ("node_netstat_Tcp_OutSegs", events(90_000.0)),
        ("node_netstat_Tcp_RetransSegs", events(40.0)),
        ("node_netstat_TcpExt_TCPSynRetrans", events(3.0)),
        ("up", Shape::Constant(1.0)),
    ];
    builder.of(&target).add_all(&[], &families);
    for disk in DISKS {
        let busy = builder.of(&target).cpu(0.1);
        let families = [
            ("node_disk_io_time_seconds_total", busy),
            ("node_disk_read_bytes_total", Shape::Bytes { mean: 4_000_000 }),
            ("node_disk_written_bytes_total", Shape::Bytes { mean: 9_000_000 }),
        ];
        builder.of(&target).add_all(&[("device", disk)], &families);
    }
    for device in ["ens5", "cilium_host", "lo"] {
        let families = [
            (
                "node_network_receive_bytes_total",
                Shape::Bytes { mean: 70_000_000 },
            ),
            (
                "node_network_transmit_bytes_total",
                Shape::Bytes { mean: 50_000_000 },
            ),
        ];
        builder.of(&target).add_all(&[("device", device)], &families);
    }
    for (mountpoint, device, fstype) in [
        ("/", "/dev/nvme0n1p1", "ext4"),
        ("/var/lib/containerd", "/dev/nvme1n1", "xfs"),
        ("/run", "tmpfs", "tmpfs"),
    ] {
        let own = [("mountpoint", mountpoint), ("device", device), ("fstype", fstype)];
        let families = [
            ("node_filesystem_size_bytes", Shape::Constant(200.0 * GIB)),
            ("node_filesystem_avail_bytes", Shape::Pages { max: 20_000_000 }),
        ];
        builder.of(&target).add_all(&own, &families);
    }
}

pub(super) fn kubelet(builder: &mut Builder, node: u32) {
    let target = builder.target(&[
        ("job", "kubelet"),
        ("metrics_path", "/metrics"),
        ("instance", &node_address(node, 10250)),
        ("node", &node_name(node)),
        ("namespace", "kube-system"),
        ("endpoint", "https-metrics"),
        ("service", "kubelet"),
    ]);
    builder.of(&target).process();
    builder.of(&target).rest_client();
    builder.of(&target).add_all(
        &[],
        &[
            ("kubelet_running_pods", SLOW),
            ("kubelet_node_config_error", Shape::Constant(0.0)),
        ],
    );
    builder.of(&target).add(
        "kubelet_node_name",
        &[("node", &node_name(node))],
        Shape::Constant(1.0),
    );
    for state in ["running", "exited", "created"] {
        builder
            .of(&target)
            .add("kubelet_running_containers", &[("container_state", state)], SLOW);
    }
    for state in ["actual_state_of_world", "desired_state_of_world"] {
        for plugin in [
            "kubernetes.io/configmap",
            "kubernetes.io/csi",
            "kubernetes.io/projected",
        ] {
            let own = [("state", state), ("plugin_name", plugin)];
            builder
                .of(&target)
                .add("volume_manager_total_volumes", &own, SLOW);
        }
    }
    for operation in [
        "container_status",
        "create_container",
        "exec_sync",
        "list_podsandbox",
        "remove_container",
    ] {
        let own = [("operation_type", operation)];
        builder
            .of(&target)
            .add("kubelet_runtime_operations_total", &own, events(30.0));
        builder
            .of(&target)
            .add("kubelet_runtime_operations_errors_total", &own, events(0.02));
        builder
            .of(&target)
            .histogram("kubelet_runtime_operations_duration_seconds", &own, 30.0);
    }
    for operation in ["create", "update"] {
        let own = [("operation_type", operation)];
        builder
            .of(&target)
            .histogram("kubelet_cgroup_manager_duration_seconds", &own, 4.0);
        builder
            .of(&target)
            .histogram("kubelet_pod_worker_duration_seconds", &own, 8.0);
    }
    for name in [
        "kubelet_pleg_relist_duration_seconds",
        "kubelet_pleg_relist_interval_seconds",
        "kubelet_pod_start_duration_seconds",
    ] {
        builder.of(&target).histogram(name, &[], 50.0);
    }
    for operation in ["volume_mount", "volume_unmount"] {
        let own = [
            ("operation_name", operation),
            ("volume_plugin", "kubernetes.io/csi"),
            ("status", "success"),
            ("migrated", "false"),
        ];
        builder
            .of(&target)
            .histogram("storage_operation_duration_seconds", &own, 1.0);
        builder
            .of(&target)
            .add("storage_operation_errors_total", &own, events(0.01));
    }
    volume(builder, &target, node);
}

/// One claim a node, spread over the namespaces.
fn volume(builder: &mut Builder, target: &Target<'_>, node: u32) {
    let namespace = format!("team-{:02}", node % super::NAMESPACES);
    let claim = format!("data-{}", node / super::NAMESPACES);
    let own = [
        ("namespace", namespace.as_str()),
        ("persistentvolumeclaim", &claim),
    ];
    let families = [
        ("kubelet_volume_stats_capacity_bytes", Shape::Constant(50.0 * GIB)),
        (
            "kubelet_volume_stats_available_bytes",
            Shape::Pages { max: 6_000_000 },
        ),
        ("kubelet_volume_stats_inodes", Shape::Constant(3_276_800.0)),
        ("kubelet_volume_stats_inodes_used", SLOW),
    ];
    builder.of(target).add_all(&own, &families);
}

pub(super) fn kube_proxy(builder: &mut Builder, node: u32) {
    let target = builder.target(&[
        ("job", "kube-proxy"),
        ("instance", &node_address(node, 10249)),
        ("namespace", "kube-system"),
        ("pod", &format!("kube-proxy-{node:05}")),
        ("endpoint", "metrics"),
    ]);
    builder.of(&target).process();
    builder.of(&target).rest_client();
    builder
        .of(&target)
        .histogram("kubeproxy_sync_proxy_rules_duration_seconds", &[], 2.0);
    builder
        .of(&target)
        .histogram("kubeproxy_network_programming_duration_seconds", &[], 2.0);
}

pub(super) fn recorded(builder: &mut Builder) {
    for node in 0..builder.size.nodes {
        let target = builder.target(&[
            ("job", "node-exporter"),
            ("instance", &node_address(node, 9100)),
            ("namespace", "monitoring"),
            ("pod", &format!("node-exporter-{node:05}")),
            ("container", "kube-rbac-proxy"),
            ("endpoint", "https"),
            ("service", "node-exporter"),
        ]);
        let ratio = Shape::Ratio { centre: 0.4 };
        let rate = Shape::Ratio { centre: 1_200_000.0 };
        let drops = Shape::Ratio { centre: 0.1 };
        let families = [
            ("instance:node_cpu_utilisation:rate5m", ratio),
            ("instance:node_load1_per_cpu:ratio", ratio),
            ("instance:node_memory_utilisation:ratio", ratio),
            ("instance:node_num_cpu:sum", Shape::Constant(f64::from(CORES))),
            ("instance:node_vmstat_pgmajfault:rate5m", ratio),
            ("instance:node_network_receive_bytes_excluding_lo:rate5m", rate),
            ("instance:node_network_receive_bytes_physical:rate5m", rate),
            ("instance:node_network_receive_drop_excluding_lo:rate5m", drops),
            ("instance:node_network_receive_drop_physical:rate5m", drops),
            ("instance:node_network_transmit_bytes_excluding_lo:rate5m", rate),
            ("instance:node_network_transmit_bytes_physical:rate5m", rate),
            ("instance:node_network_transmit_drop_excluding_lo:rate5m", drops),
            ("instance:node_network_transmit_drop_physical:rate5m", drops),
        ];
        builder.of(&target).add_all(&[], &families);
        for disk in DISKS {
            let families = [
                ("instance_device:node_disk_io_time_seconds:rate5m", ratio),
                ("instance_device:node_disk_io_time_weighted_seconds:rate5m", ratio),
            ];
            builder.of(&target).add_all(&[("device", disk)], &families);
        }
    }
    let target = builder.target(&[]);
    let families = [
        (
            ":node_memory_MemAvailable_bytes:sum",
            Shape::Ratio { centre: 3e12 },
        ),
        ("cluster:node_cpu:ratio_rate5m", Shape::Ratio { centre: 0.3 }),
    ];
    builder.of(&target).add_all(&[], &families);
}
