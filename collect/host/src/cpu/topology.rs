//! What sysfs says of the CPUs: how often heat slowed them, which are online, which are isolated.
//!
//! Which files there are is looked up once, and again when the set of running CPUs changes.
//! Source: kernel documentation, `ABI/testing/sysfs-devices-system-cpu`.

use model::{Family, Sink};

use super::list::{CPU_DIR, CpuList, cpu_numbers};
use crate::{Problems, Root, attribute};

const CORE_THROTTLES: Family<'_> = Family::counter(
    "node_cpu_core_throttles_total",
    "Times that this core was slowed because of heat.",
);
const PACKAGE_THROTTLES: Family<'_> = Family::counter(
    "node_cpu_package_throttles_total",
    "Times that this package was slowed because of heat.",
);
const ISOLATED: Family<'_> = Family::gauge(
    "node_cpu_isolated",
    "1 for every CPU that the scheduler leaves alone (isolcpus).",
);
const ONLINE: Family<'_> = Family::gauge("node_cpu_online", "1 if the CPU is online, 0 if not.");

/// Folders, files and labels of the CPUs.
#[derive(Default)]
pub(super) struct Topology {
    known: bool,
    buffer: Vec<u8>,
    cores: Vec<Throttle>,
    packages: Vec<Throttle>,
    isolated: Vec<String>,
    /// Every CPU with its label; empty where CPUs cannot be switched off.
    switchable: Vec<(u64, String)>,
}

/// A counter of throttling.
struct Throttle {
    package: String,
    /// Empty for a package.
    core: String,
    file: String,
}

impl Topology {
    /// Lets the next collection look up the files again.
    pub(super) fn forget(&mut self) {
        self.known = false;
    }

    pub(super) fn collect(&mut self, root: &Root, out: &mut dyn Sink, problems: &mut Problems) {
        if !self.known {
            self.scan(root, problems);
        }
        for cpu in &self.isolated {
            out.sample(&ISOLATED, &[("cpu", cpu)], 1.0);
        }
        for (family, throttles) in [
            (&CORE_THROTTLES, &self.cores),
            (&PACKAGE_THROTTLES, &self.packages),
        ] {
            for throttle in throttles {
                // A CPU can go offline between the scan and this read; then the file is gone and so is its count.
                let Ok(count) = attribute::number(root, &throttle.file, &mut self.buffer) else {
                    self.known = false;
                    continue;
                };
                let labels = [
                    ("package", throttle.package.as_str()),
                    ("core", throttle.core.as_str()),
                ];
                out.sample(family, &labels, count);
            }
        }
        self.collect_online(root, out, problems);
    }

    fn collect_online(&mut self, root: &Root, out: &mut dyn Sink, problems: &mut Problems) {
        if self.switchable.is_empty() {
            return;
        }
        // One file says it for all CPUs.
        let online = match root.read(format!("{CPU_DIR}/online"), &mut self.buffer) {
            Ok(bytes) => CpuList::parse(bytes),
            Err(error) => return problems.add_error(&error),
        };
        let Some(online) = online else {
            return problems.add(format_args!("cannot parse /{CPU_DIR}/online"));
        };
        for (cpu, label) in &self.switchable {
            let value = f64::from(u8::from(online.contains(*cpu)));
            out.sample(&ONLINE, &[("cpu", label)], value);
        }
    }

    fn scan(&mut self, root: &Root, problems: &mut Problems) {
        *self = Self {
            known: true,
            buffer: std::mem::take(&mut self.buffer),
            ..Self::default()
        };
        if let Ok(bytes) = root.read(format!("{CPU_DIR}/isolated"), &mut self.buffer) {
            match CpuList::parse(bytes) {
                Some(list) => self.isolated.extend(list.iter().map(|cpu| cpu.to_string())),
                None => problems.add(format_args!("cannot parse /{CPU_DIR}/isolated")),
            }
        }
        let Ok(cpus) = cpu_numbers(root) else {
            // No sysfs: there is nothing to say beyond /proc/stat.
            return;
        };
        for cpu in &cpus {
            self.scan_throttles(root, *cpu);
        }
        // The boot CPU tells: where it has no switch, the others' state is not published either.
        let switchable = cpus.first().is_some_and(|first| {
            root.read(format!("{CPU_DIR}/cpu{first}/online"), &mut self.buffer)
                .is_ok()
        });
        if switchable {
            self.switchable = cpus.iter().map(|cpu| (*cpu, cpu.to_string())).collect();
        }
    }

    fn scan_throttles(&mut self, root: &Root, cpu: u64) {
        let dir = format!("{CPU_DIR}/cpu{cpu}");
        let mut id = |file: &str| {
            let bytes = root
                .read(format!("{dir}/topology/{file}"), &mut self.buffer)
                .ok()?;
            Some(crate::parse::unsigned(bytes.trim_ascii())?.to_string())
        };
        let (Some(package), Some(core)) = (id("physical_package_id"), id("core_id")) else {
            return;
        };
        let is_core = |known: &Throttle| known.package == package && known.core == core;
        if !self.cores.iter().any(is_core) {
            let file = format!("{dir}/thermal_throttle/core_throttle_count");
            if attribute::number(root, &file, &mut self.buffer).is_ok() {
                self.cores.push(Throttle {
                    package: package.clone(),
                    core,
                    file,
                });
            }
        }
        if !self.packages.iter().any(|known| known.package == package) {
            let file = format!("{dir}/thermal_throttle/package_throttle_count");
            if attribute::number(root, &file, &mut self.buffer).is_ok() {
                let core = String::new();
                self.packages.push(Throttle { package, core, file });
            }
        }
    }
}
