//! Metric families of containers, with cAdvisor's names and types.

use model::Family;

pub(in crate::container) const CPU_USAGE: Family<'_> =
    Family::counter("container_cpu_usage_seconds_total", "CPU time used, in seconds.");
pub(in crate::container) const CPU_USER: Family<'_> = Family::counter(
    "container_cpu_user_seconds_total",
    "CPU time used in user mode, in seconds.",
);
pub(in crate::container) const CPU_SYSTEM: Family<'_> = Family::counter(
    "container_cpu_system_seconds_total",
    "CPU time used in kernel mode, in seconds.",
);
pub(in crate::container) const CFS_PERIODS: Family<'_> = Family::counter(
    "container_cpu_cfs_periods_total",
    "Periods in which the CPU limit was enforced.",
);
pub(in crate::container) const CFS_THROTTLED_PERIODS: Family<'_> = Family::counter(
    "container_cpu_cfs_throttled_periods_total",
    "Periods in which the CPU limit was reached.",
);
pub(in crate::container) const CFS_THROTTLED: Family<'_> = Family::counter(
    "container_cpu_cfs_throttled_seconds_total",
    "Time that tasks were held back by the CPU limit, in seconds.",
);
pub(in crate::container) const SPEC_CPU_PERIOD: Family<'_> = Family::gauge(
    "container_spec_cpu_period",
    "Period of the CPU limit in microseconds.",
);
pub(in crate::container) const SPEC_CPU_QUOTA: Family<'_> = Family::gauge(
    "container_spec_cpu_quota",
    "CPU time allowed in a period, in microseconds.",
);
pub(in crate::container) const SPEC_CPU_SHARES: Family<'_> = Family::gauge(
    "container_spec_cpu_shares",
    "Weight for CPU time, as cgroup v1 shares.",
);
pub(in crate::container) const MEMORY_USAGE: Family<'_> = Family::gauge(
    "container_memory_usage_bytes",
    "Memory charged, page cache included.",
);
pub(in crate::container) const MEMORY_MAX_USAGE: Family<'_> =
    Family::gauge("container_memory_max_usage_bytes", "Most memory charged so far.");
pub(in crate::container) const MEMORY_WORKING_SET: Family<'_> = Family::gauge(
    "container_memory_working_set_bytes",
    "Memory charged without inactive page cache.",
);
pub(in crate::container) const MEMORY_RSS: Family<'_> =
    Family::gauge("container_memory_rss", "Anonymous memory in bytes, without swap.");
pub(in crate::container) const MEMORY_CACHE: Family<'_> =
    Family::gauge("container_memory_cache", "Page cache in bytes.");
pub(in crate::container) const MEMORY_SWAP: Family<'_> =
    Family::gauge("container_memory_swap", "Swap used, in bytes.");
pub(in crate::container) const MEMORY_MAPPED_FILE: Family<'_> = Family::gauge(
    "container_memory_mapped_file",
    "Page cache mapped by processes, in bytes.",
);
pub(in crate::container) const MEMORY_KERNEL: Family<'_> = Family::gauge(
    "container_memory_kernel_usage",
    "Memory that the kernel allocated for the container, in bytes.",
);
pub(in crate::container) const MEMORY_ACTIVE_FILE: Family<'_> = Family::gauge(
    "container_memory_total_active_file_bytes",
    "Page cache in active use.",
);
pub(in crate::container) const MEMORY_INACTIVE_FILE: Family<'_> = Family::gauge(
    "container_memory_total_inactive_file_bytes",
    "Page cache not used of late.",
);
pub(in crate::container) const MEMORY_FAILCNT: Family<'_> = Family::counter(
    "container_memory_failcnt",
    "Times that the memory limit was reached.",
);
pub(in crate::container) const MEMORY_FAILURES: Family<'_> = Family::counter(
    "container_memory_failures_total",
    "Page faults by kind and scope.",
);
pub(in crate::container) const OOM_EVENTS: Family<'_> = Family::counter(
    "container_oom_events_total",
    "Processes killed because memory ran out.",
);
pub(in crate::container) const SPEC_MEMORY_LIMIT: Family<'_> =
    Family::gauge("container_spec_memory_limit_bytes", "Memory limit, 0 for none.");
pub(in crate::container) const SPEC_MEMORY_RESERVATION: Family<'_> = Family::gauge(
    "container_spec_memory_reservation_limit_bytes",
    "Memory protected from reclaim, 0 for none.",
);
pub(in crate::container) const SPEC_MEMORY_SWAP_LIMIT: Family<'_> = Family::gauge(
    "container_spec_memory_swap_limit_bytes",
    "Swap limit, 0 for none; on cgroup v1 of memory and swap together.",
);
pub(in crate::container) const FS_READS_BYTES: Family<'_> = Family::counter(
    "container_fs_reads_bytes_total",
    "Bytes read from a block device.",
);
pub(in crate::container) const FS_WRITES_BYTES: Family<'_> = Family::counter(
    "container_fs_writes_bytes_total",
    "Bytes written to a block device.",
);
pub(in crate::container) const FS_READS: Family<'_> =
    Family::counter("container_fs_reads_total", "Reads from a block device.");
pub(in crate::container) const FS_WRITES: Family<'_> =
    Family::counter("container_fs_writes_total", "Writes to a block device.");
pub(in crate::container) const BLKIO_USAGE: Family<'_> = Family::counter(
    "container_blkio_device_usage_total",
    "Bytes moved from and to a block device, by operation.",
);
pub(in crate::container) const RECEIVE_BYTES: Family<'_> =
    Family::counter("container_network_receive_bytes_total", "Bytes received.");
pub(in crate::container) const RECEIVE_PACKETS: Family<'_> =
    Family::counter("container_network_receive_packets_total", "Packets received.");
pub(in crate::container) const RECEIVE_ERRORS: Family<'_> = Family::counter(
    "container_network_receive_errors_total",
    "Errors while receiving.",
);
pub(in crate::container) const RECEIVE_DROPPED: Family<'_> = Family::counter(
    "container_network_receive_packets_dropped_total",
    "Packets dropped while receiving.",
);
pub(in crate::container) const TRANSMIT_BYTES: Family<'_> =
    Family::counter("container_network_transmit_bytes_total", "Bytes sent.");
pub(in crate::container) const TRANSMIT_PACKETS: Family<'_> =
    Family::counter("container_network_transmit_packets_total", "Packets sent.");
pub(in crate::container) const TRANSMIT_ERRORS: Family<'_> =
    Family::counter("container_network_transmit_errors_total", "Errors while sending.");
pub(in crate::container) const TRANSMIT_DROPPED: Family<'_> = Family::counter(
    "container_network_transmit_packets_dropped_total",
    "Packets dropped while sending.",
);
pub(in crate::container) const PROCESSES: Family<'_> = Family::gauge("container_processes", "Processes.");
pub(in crate::container) const THREADS: Family<'_> = Family::gauge("container_threads", "Threads.");
pub(in crate::container) const THREADS_MAX: Family<'_> =
    Family::gauge("container_threads_max", "Most threads allowed, 0 for no limit.");
pub(in crate::container) const FILE_DESCRIPTORS: Family<'_> =
    Family::gauge("container_file_descriptors", "Open file descriptors.");
pub(in crate::container) const START_TIME: Family<'_> = Family::gauge(
    "container_start_time_seconds",
    "Start of the oldest process when the container was first seen, in seconds since the epoch.",
);
pub(in crate::container) const LAST_SEEN: Family<'_> = Family::gauge(
    "container_last_seen",
    "Last time that the container was seen, in seconds since the epoch.",
);

/// Seconds in which some and in which all tasks waited: for CPU, memory and block devices.
pub(in crate::container) const PRESSURE: [(Family<'_>, Family<'_>); 3] = [
    (
        Family::counter(
            "container_pressure_cpu_waiting_seconds_total",
            "Time in which tasks waited for CPU, in seconds.",
        ),
        Family::counter(
            "container_pressure_cpu_stalled_seconds_total",
            "Time in which all tasks waited for CPU, in seconds.",
        ),
    ),
    (
        Family::counter(
            "container_pressure_memory_waiting_seconds_total",
            "Time in which tasks waited for memory, in seconds.",
        ),
        Family::counter(
            "container_pressure_memory_stalled_seconds_total",
            "Time in which all tasks waited for memory, in seconds.",
        ),
    ),
    (
        Family::counter(
            "container_pressure_io_waiting_seconds_total",
            "Time in which tasks waited for block devices, in seconds.",
        ),
        Family::counter(
            "container_pressure_io_stalled_seconds_total",
            "Time in which all tasks waited for block devices, in seconds.",
        ),
    ),
];
pub(in crate::container) const INFO: Family<'_> = Family::gauge(
    "periplus_container_info",
    "What a container is known by: its id in Kubernetes, the uid of its pod, the file it logs to; always 1.",
);
pub(in crate::container) const LOG_BYTES: Family<'_> = Family::gauge(
    "periplus_container_log_bytes",
    "Bytes of the container's log files, those of earlier runs and those put aside included.",
);
pub(in crate::container) const LOG_ROTATED: Family<'_> = Family::gauge(
    "periplus_container_log_rotated_files",
    "Log files that were put aside when they had grown large.",
);
pub(in crate::container) const LOG_WRITTEN: Family<'_> = Family::gauge(
    "periplus_container_log_written_timestamp_seconds",
    "When the container's log was last written, in seconds since the epoch.",
);
