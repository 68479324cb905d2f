//! What a cgroup uses and may use, whichever version of cgroups says it. `None`: the kernel does not say.

mod unified;
mod v1;

use super::files::Files;
use super::hierarchy::{Controller, Hierarchies};

/// Memory limits above this are no limits: the kernel rounds "none" down to a page. Source: cAdvisor.
const NO_LIMIT: u64 = 1 << 62;

/// Everything read of one cgroup.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) cpu: CpuTime,
    pub(super) bandwidth: Bandwidth,
    pub(super) memory: Memory,
    pub(super) devices: Vec<Device>,
    pub(super) threads: Option<u64>,
    /// 0: no limit.
    pub(super) threads_max: Option<u64>,
    pub(super) pressure: [Pressure; 3],
}

/// CPU time in seconds.
#[derive(Debug, Default)]
pub(super) struct CpuTime {
    pub(super) total: Option<f64>,
    pub(super) user: Option<f64>,
    pub(super) system: Option<f64>,
}

/// Limits of CPU time and what they did.
#[derive(Debug, Default)]
pub(super) struct Bandwidth {
    /// Microseconds.
    pub(super) period: Option<u64>,
    /// Microseconds a period; `None` without a limit.
    pub(super) quota: Option<u64>,
    pub(super) shares: Option<u64>,
    pub(super) periods: Option<u64>,
    pub(super) throttled_periods: Option<u64>,
    /// Seconds.
    pub(super) throttled: Option<f64>,
}

/// Memory in bytes.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) usage: Option<u64>,
    pub(super) max_usage: Option<u64>,
    pub(super) limit: Option<u64>,
    pub(super) reservation: Option<u64>,
    pub(super) swap_limit: Option<u64>,
    pub(super) failures: Option<u64>,
    pub(super) rss: Option<u64>,
    pub(super) cache: Option<u64>,
    pub(super) swap: Option<u64>,
    pub(super) mapped_file: Option<u64>,
    pub(super) kernel: Option<u64>,
    pub(super) active_file: Option<u64>,
    pub(super) inactive_file: Option<u64>,
    pub(super) own_faults: Faults,
    /// With the cgroups below.
    pub(super) all_faults: Faults,
    pub(super) oom_kills: Option<u64>,
}

/// Page faults.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) all: Option<u64>,
    pub(super) major: Option<u64>,
}

impl Memory {
    /// Returns the working set, which is what can not be given up at once. Source: cAdvisor, `setMemoryStats`.
    pub(super) fn working_set(&self) -> Option<u64> {
        Some(self.usage?.saturating_sub(self.inactive_file.unwrap_or(0)))
    }
}

/// Use of a block device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) read_bytes: u64,
    pub(super) written_bytes: u64,
    pub(super) reads: u64,
    pub(super) writes: u64,
}

/// Seconds in which some or all tasks waited for a resource.
#[derive(Debug, Default)]
pub(super) struct Pressure {
    pub(super) some: Option<f64>,
    pub(super) full: Option<f64>,
}

/// Reads a cgroup: by v1 where a controller is mounted so, else, or where v1 lacks the cgroup, by v2.
pub(super) fn read(
    files: &mut Files<'_>,
    hierarchies: &Hierarchies,
    path: &str,
    ticks_per_second: u64,
) -> Usage {
    let mut usage = Usage::default();
    let folder = |controller| hierarchies.v1(controller).map(|mount| format!("{mount}{path}"));
    if let Some(folder) = folder(Controller::Cpuacct) {
        usage.cpu = v1::cpu_time(files, &folder, ticks_per_second);
    }
    if let Some(folder) = folder(Controller::Cpu) {
        usage.bandwidth = v1::bandwidth(files, &folder);
    }
    if let Some(folder) = folder(Controller::Memory) {
        usage.memory = v1::memory(files, &folder);
    }
    if let Some(folder) = folder(Controller::Blkio) {
        usage.devices = v1::devices(files, &folder);
    }
    if let Some(folder) = folder(Controller::Pids) {
        (usage.threads, usage.threads_max) = threads(files, &folder);
    }
    if let Some(mount) = hierarchies.unified() {
        let folder = format!("{mount}{path}");
        if usage.cpu.total.is_none() {
            usage.cpu = unified::cpu(files, &folder, &mut usage.bandwidth);
        }
        if usage.memory.usage.is_none() {
            usage.memory = unified::memory(files, &folder);
        }
        if folder_lacks(hierarchies, Controller::Blkio) {
            usage.devices = unified::devices(files, &folder);
        }
        if usage.threads.is_none() {
            (usage.threads, usage.threads_max) = threads(files, &folder);
        }
        usage.pressure = unified::pressures(files, &folder);
    }
    usage
}

fn folder_lacks(hierarchies: &Hierarchies, controller: Controller) -> bool {
    hierarchies.v1(controller).is_none()
}

/// The files of the `pids` controller are the same in both versions.
fn threads(files: &mut Files<'_>, folder: &str) -> (Option<u64>, Option<u64>) {
    let Some(current) = files.number(folder, "pids.current") else {
        return (None, None);
    };
    let max = files.number(folder, "pids.max");
    (
        Some(current),
        max.map(|max| if max == u64::MAX { 0 } else { max }),
    )
}

/// Returns a limit in bytes, 0 for none, as cAdvisor has it.
pub(super) fn limit(bytes: Option<u64>) -> Option<u64> {
    bytes.map(|bytes| if bytes > NO_LIMIT { 0 } else { bytes })
}
