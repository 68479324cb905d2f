//! Files of cgroup v2. Source: kernel, Documentation/admin-guide/cgroup-v2.rst and accounting/psi.rst.

use crate::parse;

use super::v1::{device_number, device_of};
use super::{Bandwidth, CpuTime, Device, Faults, Memory, Pressure, limit};
use crate::container::files::{Files, keyed};

/// Bounds of weights and of shares, between which cAdvisor maps the one to the other.
const WEIGHT: (u64, u64) = (1, 10_000);
const SHARES: (u64, u64) = (2, 262_144);

/// Reads the controller `cpu`. Time is there without the controller, the rest goes to `bandwidth` if it is there.
pub(super) fn cpu(files: &mut Files<'_>, folder: &str, bandwidth: &mut Bandwidth) -> CpuTime {
    let Some(stat) = files.read(folder, "cpu.stat") else {
        return CpuTime::default();
    };
    let seconds = |key| keyed(stat, key).map(|micros| micros as f64 / 1e6);
    let time = CpuTime {
        total: seconds("usage_usec"),
        user: seconds("user_usec"),
        system: seconds("system_usec"),
    };
    let throttled = Bandwidth {
        periods: keyed(stat, "nr_periods"),
        throttled_periods: keyed(stat, "nr_throttled"),
        throttled: seconds("throttled_usec"),
        ..Bandwidth::default()
    };
    let (quota, period) = {
        let mut words = parse::words(files.read(folder, "cpu.max").unwrap_or(b""));
        let quota = words.next().and_then(parse::unsigned);
        (quota, words.next().and_then(parse::unsigned))
    };
    if period.is_some() {
        *bandwidth = Bandwidth {
            period,
            quota,
            shares: files.number(folder, "cpu.weight").map(shares),
            ..throttled
        };
    }
    time
}

/// Returns the v1 shares of a v2 weight. Source: cAdvisor, `convertCPUWeightToCPULimit`.
fn shares(weight: u64) -> u64 {
    let weight = weight.clamp(WEIGHT.0, WEIGHT.1);
    SHARES.0 + (weight - WEIGHT.0) * (SHARES.1 - SHARES.0) / (WEIGHT.1 - WEIGHT.0)
}

/// Reads the controller `memory`.
pub(super) fn memory(files: &mut Files<'_>, folder: &str) -> Memory {
    let Some(usage) = files.number(folder, "memory.current") else {
        return Memory::default();
    };
    let mut memory = Memory {
        usage: Some(usage),
        max_usage: files.number(folder, "memory.peak"),
        limit: limit(files.number(folder, "memory.max")),
        reservation: limit(files.number(folder, "memory.min")),
        swap_limit: limit(files.number(folder, "memory.swap.max")),
        swap: files.number(folder, "memory.swap.current"),
        ..Memory::default()
    };
    if let Some(stat) = files.read(folder, "memory.stat") {
        memory.rss = keyed(stat, "anon");
        memory.cache = keyed(stat, "file");
        memory.mapped_file = keyed(stat, "file_mapped");
        memory.kernel = keyed(stat, "kernel");
        memory.active_file = keyed(stat, "active_file");
        memory.inactive_file = keyed(stat, "inactive_file");
        let faults = || Faults {
            all: keyed(stat, "pgfault"),
            major: keyed(stat, "pgmajfault"),
        };
        // The file counts the cgroups below; what is the cgroup's own is not told.
        memory.own_faults = faults();
        memory.all_faults = faults();
    }
    if let Some(events) = files.read(folder, "memory.events") {
        memory.failures = keyed(events, "max");
        memory.oom_kills = keyed(events, "oom_kill");
    }
    memory
}

/// Reads the controller `io`: lines of the form `major:minor key=number …`.
pub(super) fn devices(files: &mut Files<'_>, folder: &str) -> Vec<Device> {
    let mut devices = Vec::new();
    for line in parse::lines(files.read(folder, "io.stat").unwrap_or(b"")) {
        let mut words = parse::words(line);
        let Some(number) = words.next().and_then(device_number) else {
            continue;
        };
        let device = device_of(&mut devices, number);
        for word in words {
            let Some((key, value)) = parse::text(word).split_once('=') else {
                continue;
            };
            let value = parse::unsigned(value.as_bytes()).unwrap_or(0);
            match key {
                "rbytes" => device.read_bytes = value,
                "wbytes" => device.written_bytes = value,
                "rios" => device.reads = value,
                "wios" => device.writes = value,
                _ => {}
            }
        }
    }
    devices
}

/// Reads how long tasks waited for CPU, memory and block devices.
pub(super) fn pressures(files: &mut Files<'_>, folder: &str) -> [Pressure; 3] {
    ["cpu.pressure", "memory.pressure", "io.pressure"].map(|file| {
        let bytes = files.read(folder, file).unwrap_or(b"");
        let total = |kind: &[u8]| {
            let line = parse::lines(bytes).find(|line| line.starts_with(kind))?;
            let total = parse::words(line).find_map(|word| word.strip_prefix(b"total="))?;
            Some(parse::unsigned(total)? as f64 / 1e6)
        };
        Pressure {
            some: total(b"some"),
            full: total(b"full"),
        }
    })
}
