//! The control plane, and the monitoring that watches everything.

use super::super::shape::Shape;
use super::{Builder, PAGES, SLOW, events};

/// Instances of each part of the control plane.
const INSTANCES: u32 = 3;

pub(super) fn control_plane(builder: &mut Builder) {
    for (job, port) in [
        ("apiserver", 6443),
        ("kube-controller-manager", 10257),
        ("kube-scheduler", 10259),
    ] {
        for instance in 0..INSTANCES {
            let target = builder.target(&[
                ("job", job),
                ("instance", &format!("10.0.255.{instance}:{port}")),
                ("namespace", "kube-system"),
                ("endpoint", "https"),
            ]);
            builder.of(&target).process();
            builder.of(&target).rest_client();
            match job {
                "kube-scheduler" => {
                    for name in [
                        "scheduler_pod_scheduling_sli_duration_seconds",
                        "scheduler_scheduling_algorithm_duration_seconds",
                        "scheduler_scheduling_attempt_duration_seconds",
                        "scheduler_volume_scheduling_duration_seconds",
                    ] {
                        builder.of(&target).histogram(name, &[], 3.0);
                    }
                }
                _ => {
                    for name in 0..20 {
                        let name = format!("controller-{name}");
                        let own = [("name", name.as_str())];
                        builder
                            .of(&target)
                            .add("workqueue_adds_total", &own, events(12.0));
                        builder.of(&target).add("workqueue_depth", &own, SLOW);
                        builder
                            .of(&target)
                            .histogram("workqueue_queue_duration_seconds", &own, 12.0);
                    }
                }
            }
        }
    }
    let target = builder.target(&[]);
    for verb in ["all", "read", "write"] {
        let own = [("verb", verb)];
        builder.of(&target).add(
            "apiserver_request:availability30d",
            &own,
            Shape::Ratio { centre: 0.999 },
        );
    }
    for resource in [
        "configmaps",
        "events",
        "leases",
        "nodes",
        "pods",
        "secrets",
        "services",
    ] {
        for verb in ["read", "write"] {
            for code in ["200", "201", "404", "409", "500", "504"] {
                let own = [("verb", verb), ("resource", resource), ("code", code)];
                let shape = Shape::Ratio { centre: 4.0 };
                builder
                    .of(&target)
                    .add("code_resource:apiserver_request_total:rate5m", &own, shape);
            }
            let name = "cluster_quantile:apiserver_request_sli_duration_seconds:histogram_quantile";
            let own = [("verb", verb), ("resource", resource), ("quantile", "0.99")];
            builder.of(&target).add(name, &own, Shape::Ratio { centre: 0.08 });
        }
    }
}

pub(super) fn monitoring(builder: &mut Builder) {
    for instance in 0..INSTANCES {
        let target = builder.target(&[
            ("job", "alertmanager-main"),
            ("instance", &format!("10.244.9.{instance}:9093")),
            ("namespace", "monitoring"),
            ("pod", &format!("alertmanager-main-{instance}")),
            ("service", "alertmanager-main"),
        ]);
        for state in ["active", "suppressed"] {
            builder
                .of(&target)
                .add("alertmanager_alerts", &[("state", state)], SLOW);
        }
        for status in ["firing", "resolved"] {
            let own = [("status", status), ("version", "v2")];
            builder
                .of(&target)
                .add("alertmanager_alerts_received_total", &own, events(2.0));
            builder
                .of(&target)
                .add("alertmanager_alerts_invalid_total", &own, events(0.01));
        }
        for integration in ["email", "pagerduty", "slack"] {
            let own = [("integration", integration)];
            builder
                .of(&target)
                .add("alertmanager_notifications_total", &own, events(1.0));
            builder
                .of(&target)
                .add("alertmanager_notifications_failed_total", &own, events(0.01));
            builder
                .of(&target)
                .histogram("alertmanager_notification_latency_seconds", &own, 1.0);
        }
    }
    for instance in 0..2 {
        let target = builder.target(&[
            ("job", "prometheus-k8s"),
            ("instance", &format!("10.244.8.{instance}:9090")),
            ("namespace", "monitoring"),
            ("pod", &format!("prometheus-k8s-{instance}")),
            ("service", "prometheus-k8s"),
        ]);
        builder.of(&target).process();
        prometheus(builder, &target);
    }
}

fn prometheus(builder: &mut Builder, target: &super::Target<'_>) {
    let remote = [
        ("remote_name", "central"),
        ("url", "https://metrics.example.com/api/v1/write"),
    ];
    let clock = builder.of(target).cpu(1.0);
    for (name, shape) in [
        ("samples_total", events(90_000.0)),
        ("samples_dropped_total", events(0.1)),
        ("samples_failed_total", events(0.1)),
        ("samples_retried_total", events(1.0)),
        ("enqueue_retries_total", events(1.0)),
        ("samples_pending", SLOW),
        ("queue_highest_timestamp_seconds", clock),
        ("queue_highest_sent_timestamp_seconds", clock),
        ("shards", SLOW),
        ("shards_desired", Shape::Ratio { centre: 3.0 }),
        ("shards_max", Shape::Constant(50.0)),
        ("shards_min", Shape::Constant(1.0)),
        ("shard_capacity", Shape::Constant(10_000.0)),
    ] {
        builder
            .of(target)
            .add(&format!("prometheus_remote_storage_{name}"), &remote, shape);
    }
    let families = [
        ("prometheus_remote_storage_samples_in_total", events(90_000.0)),
        (
            "prometheus_target_scrapes_exceeded_body_size_limit_total",
            Shape::Constant(0.0),
        ),
        (
            "prometheus_target_scrapes_exceeded_sample_limit_total",
            Shape::Constant(0.0),
        ),
        (
            "prometheus_target_scrapes_sample_duplicate_timestamp_total",
            events(0.1),
        ),
        (
            "prometheus_target_scrapes_sample_out_of_bounds_total",
            events(0.01),
        ),
        ("prometheus_target_scrapes_sample_out_of_order_total", events(0.1)),
        ("prometheus_tsdb_head_chunks", PAGES),
        ("prometheus_tsdb_head_samples_appended_total", events(90_000.0)),
        ("prometheus_tsdb_head_series", PAGES),
        ("prometheus_tsdb_wal_segment_current", SLOW),
    ];
    builder.of(target).add_all(&[], &families);
    builder.of(target).add(
        "prometheus_build_info",
        &[("version", "3.10.0")],
        Shape::Constant(1.0),
    );
    builder.of(target).add(
        "prometheus_wal_watcher_current_segment",
        &[("consumer", "central")],
        SLOW,
    );
    for job in ["apiserver", "kubelet", "node-exporter"] {
        let own = [("scrape_job", job)];
        builder.of(target).add(
            "prometheus_sd_discovered_targets",
            &[("config", job), ("name", "scrape")],
            SLOW,
        );
        builder
            .of(target)
            .add("prometheus_target_sync_length_seconds_sum", &own, clock);
        let own = [("interval", "30s"), ("scrape_job", job)];
        builder
            .of(target)
            .add("prometheus_target_interval_length_seconds_sum", &own, clock);
        builder.of(target).add(
            "prometheus_target_interval_length_seconds_count",
            &own,
            events(30.0),
        );
    }
    for slice in ["inner_eval", "prepare_time", "queue_time", "result_sort"] {
        for quantile in ["0.5", "0.9", "0.99"] {
            let own = [("slice", slice), ("quantile", quantile)];
            let name = "prometheus_engine_query_duration_seconds";
            builder.of(target).add(name, &own, Shape::Ratio { centre: 0.01 });
        }
        let name = "prometheus_engine_query_duration_seconds_count";
        builder.of(target).add(name, &[("slice", slice)], events(20.0));
    }
}
