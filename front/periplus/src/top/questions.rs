//! What the view asks, one row a question.

use std::fmt::Write as _;

use super::snapshot::{Builder, Snapshot};
use crate::client::{Client, ClientError, Data, Series};
use crate::query::failure;
use crate::report::Failure;

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Time,
    Identity,
    Uptime,
    Load,
    Cpu,
    Pressure,
    Memory,
    DiskRead,
    DiskWrite,
    DiskBusy,
    FilesystemSize,
    FilesystemFree,
    NetworkReceive,
    NetworkTransmit,
    NetworkDrop,
    ProcessMemory,
    ProcessCpu,
    ProcessDisk,
    ProcessFiles,
    ProcessThreads,
    ContainerMemory,
    ContainerLimit,
    ContainerCpu,
    ContainerThrottled,
    ContainerReceive,
    ContainerTransmit,
    ContainerDisk,
}

/// All questions. `$` stands for the matcher of the machine. Rates look at the last two samples within two
/// minutes: as fresh as the collection is, for every interval up to a minute.
pub(super) const QUESTIONS: &[(Topic, &str)] = &[
    (Topic::Time, "max(timestamp(node_boot_time_seconds{$}))"),
    (Topic::Identity, "node_uname_info{$}"),
    (Topic::Uptime, "time() - node_boot_time_seconds{$}"),
    (
        Topic::Load,
        r#"{__name__=~"node_load1|node_load5|node_load15",$}"#,
    ),
    (Topic::Cpu, "sum by (mode) (irate(node_cpu_seconds_total{$}[2m]))"),
    (
        Topic::Pressure,
        r#"label_replace(irate(node_pressure_cpu_waiting_seconds_total{$}[2m]), "what", "cpu some", "", "")
           or label_replace(irate(node_pressure_memory_waiting_seconds_total{$}[2m]), "what", "memory some", "", "")
           or label_replace(irate(node_pressure_memory_stalled_seconds_total{$}[2m]), "what", "memory full", "", "")
           or label_replace(irate(node_pressure_io_waiting_seconds_total{$}[2m]), "what", "io some", "", "")
           or label_replace(irate(node_pressure_io_stalled_seconds_total{$}[2m]), "what", "io full", "", "")"#,
    ),
    (
        Topic::Memory,
        r#"{__name__=~"node_memory_(MemTotal|MemFree|MemAvailable|Buffers|Cached|SReclaimable|SwapTotal|SwapFree|Dirty)_bytes",$}"#,
    ),
    (Topic::DiskRead, "irate(node_disk_read_bytes_total{$}[2m])"),
    (Topic::DiskWrite, "irate(node_disk_written_bytes_total{$}[2m])"),
    (Topic::DiskBusy, "irate(node_disk_io_time_seconds_total{$}[2m])"),
    (
        Topic::FilesystemSize,
        r#"node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay",$}"#,
    ),
    (
        Topic::FilesystemFree,
        r#"node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay",$}"#,
    ),
    (
        Topic::NetworkReceive,
        r#"irate(node_network_receive_bytes_total{device!="lo",$}[2m]) and node_network_receive_bytes_total"#,
    ),
    (
        Topic::NetworkTransmit,
        r#"irate(node_network_transmit_bytes_total{device!="lo",$}[2m])"#,
    ),
    (
        Topic::NetworkDrop,
        r#"irate(node_network_receive_drop_total{device!="lo",$}[2m])
           + irate(node_network_transmit_drop_total{device!="lo",$}[2m])"#,
    ),
    (
        Topic::ProcessMemory,
        "sum by (pid, comm, user, unit) (process_memory_usage_bytes{$})",
    ),
    (
        Topic::ProcessCpu,
        "sum by (pid) (irate(process_cpu_time_seconds_total{$}[2m]))",
    ),
    (
        Topic::ProcessDisk,
        "sum by (pid) (irate(process_disk_io_bytes_total{$}[2m]))",
    ),
    (
        Topic::ProcessFiles,
        "sum by (pid) (process_open_file_descriptor_count{$})",
    ),
    (Topic::ProcessThreads, "sum by (pid) (process_thread_count{$})"),
    (
        Topic::ContainerMemory,
        r#"sum by (id, name, image) (container_memory_working_set_bytes{id!~".*[.]service",$})"#,
    ),
    (
        Topic::ContainerLimit,
        r#"max by (id) (container_spec_memory_limit_bytes{id!~".*[.]service",$})"#,
    ),
    (
        Topic::ContainerCpu,
        r#"sum by (id) (irate(container_cpu_usage_seconds_total{id!~".*[.]service",$}[2m]))"#,
    ),
    (
        Topic::ContainerThrottled,
        r#"sum by (id) (irate(container_cpu_cfs_throttled_periods_total{id!~".*[.]service",$}[2m]))
           / sum by (id) (irate(container_cpu_cfs_periods_total{id!~".*[.]service",$}[2m]))"#,
    ),
    (
        Topic::ContainerReceive,
        r#"sum by (id) (irate(container_network_receive_bytes_total{id!~".*[.]service",$}[2m]))"#,
    ),
    (
        Topic::ContainerTransmit,
        r#"sum by (id) (irate(container_network_transmit_bytes_total{id!~".*[.]service",$}[2m]))"#,
    ),
    (
        Topic::ContainerDisk,
        r#"sum by (id) (irate(container_fs_reads_bytes_total{id!~".*[.]service",$}[2m]))
           + sum by (id) (irate(container_fs_writes_bytes_total{id!~".*[.]service",$}[2m]))"#,
    ),
];

/// Finds the machine to watch: the one asked for, else the first the server knows.
///
/// # Errors
/// The server cannot be asked, or does not know such a machine.
pub(super) async fn find_instance(client: &mut Client, wanted: Option<&str>) -> Result<String, Failure> {
    let answer = client
        .query("group by (instance) (node_boot_time_seconds)", None)
        .await
        .map_err(failure)?;
    let series = vector(answer.data);
    let mut known: Vec<&str> = series.iter().map(|one| one.label("instance")).collect();
    known.sort_unstable();
    let found = match wanted {
        Some(wanted) => known.iter().find(|name| **name == wanted),
        None => known.first(),
    };
    let Some(found) = found else {
        let failure = match wanted {
            Some(wanted) => {
                Failure::message(format!("{} knows no machine named {wanted:?}", client.server()))
            }
            None => Failure::message(format!("{} has no series of any machine yet", client.server())),
        };
        return Err(if known.is_empty() {
            failure.hint("wait for the first collection, or check that the collectors stat and netdev run")
        } else {
            failure.hint(format!("known are {}", known.join(", ")))
        });
    };
    Ok((*found).to_owned())
}

/// Asks everything about a machine.
///
/// # Errors
/// The server cannot be asked. A question it refuses leaves its part of the picture empty: servers differ in
/// what they have and allow.
pub(super) async fn ask(client: &mut Client, instance: &str) -> Result<Snapshot, ClientError> {
    let mut builder = Builder::new(instance);
    for (topic, template) in QUESTIONS {
        match client.query(&expression(template, instance), None).await {
            Ok(answer) => builder.take(*topic, &vector(answer.data)),
            Err(ClientError::Refused { message, .. }) => {
                tracing::debug!(?topic, message, "question was refused");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(builder.finish())
}

fn vector(data: Data) -> Vec<Series> {
    match data {
        Data::Vector(series) | Data::Matrix(series) => series,
        Data::Scalar(_) | Data::Text(..) => Vec::new(),
    }
}

/// Puts the matcher of a machine into a question.
pub(super) fn expression(template: &str, instance: &str) -> String {
    let mut matcher = String::from("instance=\"");
    for c in instance.chars() {
        match c {
            '"' | '\\' => matcher.extend(['\\', c]),
            '\n' => matcher.push_str("\\n"),
            // Writing to a String cannot fail.
            c if c.is_control() => _ = write!(matcher, "\\u{:04x}", u32::from(c)),
            c => matcher.push(c),
        }
    }
    matcher.push('"');
    template.replace('$', &matcher)
}

#[cfg(test)]
mod tests;
