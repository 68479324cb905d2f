//! Metric families of processes. Source of names and attributes: OpenTelemetry, semantic conventions for process
//! metrics, in their Prometheus form.

use model::Family;

pub(super) const CPU: Family<'_> = Family::counter(
    "process_cpu_time_seconds_total",
    "CPU time used, by mode, in seconds.",
);
pub(super) const MEMORY: Family<'_> = Family::gauge("process_memory_usage_bytes", "Memory that is resident.");
pub(super) const VIRTUAL: Family<'_> = Family::gauge("process_memory_virtual_bytes", "Address space.");
pub(super) const IO: Family<'_> = Family::counter(
    "process_disk_io_bytes_total",
    "Bytes read from and written to block devices.",
);
pub(super) const DESCRIPTORS: Family<'_> =
    Family::gauge("process_open_file_descriptor_count", "Open file descriptors.");
pub(super) const THREADS: Family<'_> = Family::gauge("process_thread_count", "Threads.");
pub(super) const START: Family<'_> = Family::gauge(
    "process_start_time_seconds",
    "Start of the process in seconds since the epoch.",
);
