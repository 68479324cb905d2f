//! Files of cgroup v1. Source: kernel, Documentation/admin-guide/cgroup-v1.

use crate::parse;

use super::{Bandwidth, CpuTime, Device, Faults, Memory, limit};
use crate::container::files::{Files, keyed};

/// Reads the controller `cpuacct`.
pub(super) fn cpu_time(files: &mut Files<'_>, folder: &str, ticks_per_second: u64) -> CpuTime {
    let Some(total) = files.number(folder, "cpuacct.usage") else {
        return CpuTime::default();
    };
    let stat = files.read(folder, "cpuacct.stat").unwrap_or(b"");
    let seconds = |key| keyed(stat, key).map(|ticks| ticks as f64 / ticks_per_second as f64);
    CpuTime {
        total: Some(total as f64 / 1e9),
        user: seconds("user"),
        system: seconds("system"),
    }
}

/// Reads the controller `cpu`.
pub(super) fn bandwidth(files: &mut Files<'_>, folder: &str) -> Bandwidth {
    let Some(shares) = files.number(folder, "cpu.shares") else {
        return Bandwidth::default();
    };
    let period = files.number(folder, "cpu.cfs_period_us");
    // Without a limit the file says -1, which is no unsigned number.
    let quota = files.number(folder, "cpu.cfs_quota_us");
    let stat = files.read(folder, "cpu.stat").unwrap_or(b"");
    Bandwidth {
        period,
        quota,
        shares: Some(shares),
        periods: keyed(stat, "nr_periods"),
        throttled_periods: keyed(stat, "nr_throttled"),
        throttled: keyed(stat, "throttled_time").map(|nanos| nanos as f64 / 1e9),
    }
}

/// Reads the controller `memory`, with the cgroups below.
pub(super) fn memory(files: &mut Files<'_>, folder: &str) -> Memory {
    let Some(usage) = files.number(folder, "memory.usage_in_bytes") else {
        return Memory::default();
    };
    let mut memory = Memory {
        usage: Some(usage),
        max_usage: files.number(folder, "memory.max_usage_in_bytes"),
        limit: limit(files.number(folder, "memory.limit_in_bytes")),
        reservation: limit(files.number(folder, "memory.soft_limit_in_bytes")),
        swap_limit: limit(files.number(folder, "memory.memsw.limit_in_bytes")),
        failures: files.number(folder, "memory.failcnt"),
        kernel: files.number(folder, "memory.kmem.usage_in_bytes"),
        ..Memory::default()
    };
    if let Some(stat) = files.read(folder, "memory.stat") {
        memory.rss = keyed(stat, "total_rss");
        memory.cache = keyed(stat, "total_cache");
        memory.swap = keyed(stat, "total_swap");
        memory.mapped_file = keyed(stat, "total_mapped_file");
        memory.active_file = keyed(stat, "total_active_file");
        memory.inactive_file = keyed(stat, "total_inactive_file");
        memory.own_faults = Faults {
            all: keyed(stat, "pgfault"),
            major: keyed(stat, "pgmajfault"),
        };
        memory.all_faults = Faults {
            all: keyed(stat, "total_pgfault"),
            major: keyed(stat, "total_pgmajfault"),
        };
    }
    if let Some(control) = files.read(folder, "memory.oom_control") {
        memory.oom_kills = keyed(control, "oom_kill");
    }
    memory
}

/// Reads the controller `blkio`: what passed its throttling layer, which every scheduler has, with the cgroups
/// below.
pub(super) fn devices(files: &mut Files<'_>, folder: &str) -> Vec<Device> {
    let mut devices = Vec::new();
    if let Some(bytes) = files.read(folder, "blkio.throttle.io_service_bytes_recursive") {
        add(bytes, &mut devices, |device| {
            (&mut device.read_bytes, &mut device.written_bytes)
        });
        if let Some(bytes) = files.read(folder, "blkio.throttle.io_serviced_recursive") {
            add(bytes, &mut devices, |device| {
                (&mut device.reads, &mut device.writes)
            });
        }
    }
    devices
}

/// Adds lines of the form `major:minor operation number`.
fn add(bytes: &[u8], devices: &mut Vec<Device>, fields: fn(&mut Device) -> (&mut u64, &mut u64)) {
    for line in parse::lines(bytes) {
        let mut words = parse::words(line);
        let (Some(device), Some(operation), Some(value)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let (Some(number), Some(value)) = (device_number(device), parse::unsigned(value)) else {
            continue;
        };
        let device = device_of(devices, number);
        match operation {
            b"Read" => *fields(device).0 = value,
            b"Write" => *fields(device).1 = value,
            _ => {}
        }
    }
}

/// Parses `major:minor`.
pub(super) fn device_number(word: &[u8]) -> Option<(u32, u32)> {
    let (major, minor) = parse::text(word).split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Returns the entry of a device, a new one if there is none.
pub(super) fn device_of(devices: &mut Vec<Device>, (major, minor): (u32, u32)) -> &mut Device {
    let same = |device: &Device| (device.major, device.minor) == (major, minor);
    let idx = devices.iter().position(same).unwrap_or_else(|| {
        devices.push(Device {
            major,
            minor,
            ..Device::default()
        });
        devices.len() - 1
    });
    &mut devices[idx]
}
