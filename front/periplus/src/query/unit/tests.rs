use super::{Units, of_expression};
use crate::units::Unit;

#[test]
fn units_follow_the_expression() {
    for (expr, expected) in [
        ("sum by (instance) (node_memory_MemFree_bytes)", Unit::Bytes),
        ("rate(node_network_receive_bytes_total[5m])", Unit::BytesPerSecond),
        (
            "topk(3, sum(irate(node_disk_read_bytes_total[1m])) by (device))",
            Unit::BytesPerSecond,
        ),
        ("rate(node_context_switches_total[5m])", Unit::PerSecond),
        ("rate(node_cpu_seconds_total[5m])", Unit::Number),
        (
            "node_memory_MemFree_bytes / node_memory_MemTotal_bytes",
            Unit::Number,
        ),
        (
            "node_memory_MemTotal_bytes - node_memory_MemFree_bytes",
            Unit::Bytes,
        ),
        ("node_memory_MemFree_bytes * 2", Unit::Number),
        ("time() - node_boot_time_seconds", Unit::Seconds),
        ("count(node_memory_MemFree_bytes)", Unit::Number),
        (
            "quantile_over_time(0.9, node_memory_MemFree_bytes[1h])",
            Unit::Bytes,
        ),
        (
            "max_over_time(rate(node_disk_read_bytes_total[1m])[1h:1m])",
            Unit::BytesPerSecond,
        ),
        ("sum(", Unit::Number),
    ] {
        assert_eq!(of_expression(expr), Units::All(expected), "{expr}");
    }
}

#[test]
fn samples_that_are_only_chosen_keep_the_unit_of_their_name() {
    for expr in [
        "node_memory_MemFree_bytes",
        "{job=\"x\"}",
        "topk(3, (node_filesystem_avail_bytes > 1e9))",
        "sort_desc(node_load1) and on (instance) node_boot_time_seconds",
        "node_load1 or node_load5",
    ] {
        assert_eq!(of_expression(expr), Units::ByName, "{expr}");
    }
    for expr in ["count by (__name__) ({job=\"x\"})", "node_load1 > bool 1"] {
        assert_eq!(of_expression(expr), Units::All(Unit::Number), "{expr}");
    }
}
