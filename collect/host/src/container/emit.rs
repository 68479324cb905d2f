//! Says what was read of one cgroup.

pub(super) mod families;

use model::{Family, Sink};

use crate::Root;
use crate::process::descriptors::Descriptors;

use self::families as f;
use super::MAX_PIDS;
use super::block::Devices;
use super::identity::Identity;
use super::kubelet::Logs;
use super::usage::{Bandwidth, Device, Memory, Usage};

/// Labels of a cgroup, and of a sample at most.
const BASE: usize = 6;
const MAX_LABELS: usize = 10;

/// The sink with the labels of one cgroup.
pub(super) struct Emit<'a> {
    labels: [(&'a str, &'a str); BASE],
    identity: &'a Identity,
    out: &'a mut dyn Sink,
}

impl<'a> Emit<'a> {
    pub(super) fn new(path: &'a str, identity: &'a Identity, out: &'a mut dyn Sink) -> Self {
        let labels = [
            ("id", path),
            ("name", &identity.name),
            ("image", &identity.image),
            ("container", &identity.container),
            ("pod", &identity.pod),
            ("namespace", &identity.namespace),
        ];
        Self {
            labels,
            identity,
            out,
        }
    }

    /// Says a value with labels beside those of the cgroup, if there is one.
    pub(super) fn labelled(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: Option<f64>) {
        let Some(value) = value else {
            return;
        };
        let mut all = [("", ""); MAX_LABELS];
        let mut count = 0;
        for (to, from) in all.iter_mut().zip(self.labels.iter().chain(labels)) {
            *to = *from;
            count += 1;
        }
        self.out.sample(family, all.get(..count).unwrap_or(&all), value);
    }

    fn value(&mut self, family: &Family<'_>, value: Option<f64>) {
        self.labelled(family, &[], value);
    }

    fn count(&mut self, family: &Family<'_>, value: Option<u64>) {
        self.value(family, value.map(|value| value as f64));
    }

    /// Says what the cgroup uses.
    pub(super) fn usage(&mut self, usage: &Usage, devices: &mut Devices, root: &Root) {
        self.labelled(&f::CPU_USAGE, &[("cpu", "total")], usage.cpu.total);
        self.value(&f::CPU_USER, usage.cpu.user);
        self.value(&f::CPU_SYSTEM, usage.cpu.system);
        self.bandwidth(&usage.bandwidth);
        self.memory(&usage.memory);
        for device in &usage.devices {
            self.device(device, devices.path(root, device.major, device.minor));
        }
        self.count(&f::THREADS, usage.threads);
        self.count(&f::THREADS_MAX, usage.threads_max);
        for ((waiting, stalled), pressure) in f::PRESSURE.iter().zip(&usage.pressure) {
            self.value(waiting, pressure.some);
            self.value(stalled, pressure.full);
        }
    }

    fn bandwidth(&mut self, bandwidth: &Bandwidth) {
        self.count(&f::SPEC_CPU_PERIOD, bandwidth.period);
        self.count(&f::SPEC_CPU_QUOTA, bandwidth.quota);
        self.count(&f::SPEC_CPU_SHARES, bandwidth.shares);
        // As cAdvisor: without a limit nothing can be throttled and the counters are left out.
        if bandwidth.quota.is_some() {
            self.count(&f::CFS_PERIODS, bandwidth.periods);
            self.count(&f::CFS_THROTTLED_PERIODS, bandwidth.throttled_periods);
            self.value(&f::CFS_THROTTLED, bandwidth.throttled);
        }
    }

    fn memory(&mut self, memory: &Memory) {
        let rows = [
            (&f::MEMORY_USAGE, memory.usage),
            (&f::MEMORY_MAX_USAGE, memory.max_usage),
            (&f::MEMORY_WORKING_SET, memory.working_set()),
            (&f::MEMORY_RSS, memory.rss),
            (&f::MEMORY_CACHE, memory.cache),
            (&f::MEMORY_SWAP, memory.swap),
            (&f::MEMORY_MAPPED_FILE, memory.mapped_file),
            (&f::MEMORY_KERNEL, memory.kernel),
            (&f::MEMORY_ACTIVE_FILE, memory.active_file),
            (&f::MEMORY_INACTIVE_FILE, memory.inactive_file),
            (&f::MEMORY_FAILCNT, memory.failures),
            (&f::OOM_EVENTS, memory.oom_kills),
            (&f::SPEC_MEMORY_LIMIT, memory.limit),
            (&f::SPEC_MEMORY_RESERVATION, memory.reservation),
            (&f::SPEC_MEMORY_SWAP_LIMIT, memory.swap_limit),
        ];
        for (family, value) in rows {
            self.count(family, value);
        }
        for (scope, faults) in [
            ("container", &memory.own_faults),
            ("hierarchy", &memory.all_faults),
        ] {
            for (kind, value) in [("pgfault", faults.all), ("pgmajfault", faults.major)] {
                let labels = [("failure_type", kind), ("scope", scope)];
                self.labelled(&f::MEMORY_FAILURES, &labels, value.map(|value| value as f64));
            }
        }
    }

    fn device(&mut self, device: &Device, path: &str) {
        let rows = [
            (&f::FS_READS_BYTES, device.read_bytes),
            (&f::FS_WRITES_BYTES, device.written_bytes),
            (&f::FS_READS, device.reads),
            (&f::FS_WRITES, device.writes),
        ];
        let (major, minor) = (device.major.to_string(), device.minor.to_string());
        if !path.is_empty() {
            for (family, value) in rows {
                self.labelled(family, &[("device", path)], Some(value as f64));
            }
        }
        for (operation, value) in [("Read", device.read_bytes), ("Write", device.written_bytes)] {
            let labels = [
                ("device", path),
                ("major", major.as_str()),
                ("minor", minor.as_str()),
                ("operation", operation),
            ];
            self.labelled(&f::BLKIO_USAGE, &labels, Some(value as f64));
        }
    }

    /// Says how many processes there are and what they hold open.
    pub(super) fn processes(&mut self, root: &Root, pids: &[u32], descriptors: &mut Descriptors) {
        self.count(&f::PROCESSES, Some(pids.len() as u64));
        let counts = pids
            .iter()
            .take(MAX_PIDS)
            .map(|pid| descriptors.count(root, *pid));
        // Not told where it can not be told of every process.
        let sum = counts.filter_map(Result::transpose).sum::<Result<u64, _>>();
        self.count(&f::FILE_DESCRIPTORS, sum.ok().filter(|_| pids.len() <= MAX_PIDS));
    }

    /// Says what else a container is known by, and where it logs to.
    pub(super) fn names(&mut self, logs: Option<&Logs>) {
        let labels = [
            ("container_id", self.identity.container_id.as_str()),
            ("uid", self.identity.uid.as_str()),
            ("log", logs.map_or("", |logs| &logs.current)),
        ];
        self.labelled(&f::INFO, &labels, Some(1.0));
        if let Some(logs) = logs {
            self.count(&f::LOG_BYTES, Some(logs.bytes));
            self.count(&f::LOG_ROTATED, Some(logs.rotated));
            self.value(&f::LOG_WRITTEN, Some(logs.written));
        }
    }

    /// Says when the cgroup started and was seen, in seconds since the epoch.
    pub(super) fn times(&mut self, start: Option<f64>, now: f64) {
        self.value(&f::START_TIME, start);
        self.value(&f::LAST_SEEN, Some(now));
    }
}
