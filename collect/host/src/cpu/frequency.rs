//! Collector `cpufreq`: how fast the CPUs run and who decides it, from sysfs.
//!
//! Which files there are is looked up once, and again when CPUs go on or off line.
//! Source: kernel documentation, `admin-guide/pm/cpufreq`; values in kHz.

use std::io;

use model::{Family, Sink};

use super::list::{CPU_DIR, CpuList, cpu_numbers};
use crate::{CollectError, Collector, Problems, Root, attribute, parse};

/// Files with their families.
const FILES: [(&str, Family<'_>); 7] = [
    (
        "cpuinfo_cur_freq",
        Family::gauge(
            "node_cpu_frequency_hertz",
            "Frequency of the CPU as the hardware tells it, in hertz.",
        ),
    ),
    (
        "cpuinfo_avg_freq",
        Family::gauge(
            "node_cpu_frequency_avg_hertz",
            "Average frequency of the CPU as the hardware tells it, in hertz.",
        ),
    ),
    (
        "cpuinfo_min_freq",
        Family::gauge(
            "node_cpu_frequency_min_hertz",
            "Lowest frequency of the CPU, in hertz.",
        ),
    ),
    (
        "cpuinfo_max_freq",
        Family::gauge(
            "node_cpu_frequency_max_hertz",
            "Highest frequency of the CPU, in hertz.",
        ),
    ),
    (
        "scaling_cur_freq",
        Family::gauge(
            "node_cpu_scaling_frequency_hertz",
            "Frequency that the kernel has asked for, in hertz.",
        ),
    ),
    (
        "scaling_min_freq",
        Family::gauge(
            "node_cpu_scaling_frequency_min_hertz",
            "Lowest frequency that the kernel may ask for, in hertz.",
        ),
    ),
    (
        "scaling_max_freq",
        Family::gauge(
            "node_cpu_scaling_frequency_max_hertz",
            "Highest frequency that the kernel may ask for, in hertz.",
        ),
    ),
];
const GOVERNOR: Family<'_> = Family::gauge(
    "node_cpu_scaling_governor",
    "1 for the governor that decides the CPU's frequency, 0 for the others available.",
);
const HERTZ_PER_KHZ: f64 = 1000.0;
/// What the kernel writes where the hardware does not tell.
const UNKNOWN: &[u8] = b"<unknown>";
/// Where no CPU had the files, they are looked for again after so many collections: a driver may come later.
const LOOK_AGAIN_AFTER: u32 = 16;

/// One CPU with the files it has.
struct Cpu {
    label: String,
    frequencies: Vec<(String, &'static Family<'static>)>,
    governor: String,
    governors: Vec<String>,
}

/// Collects `node_cpu_frequency_*` and `node_cpu_scaling_*`.
#[derive(Default)]
pub(crate) struct Frequency {
    buffer: Vec<u8>,
    offline: Option<CpuList>,
    cpus: Vec<Cpu>,
    stale: bool,
    rounds_without: u32,
}

impl Collector for Frequency {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let offline = match root.read(format!("{CPU_DIR}/offline"), &mut self.buffer) {
            Ok(bytes) => CpuList::parse(bytes).unwrap_or_default(),
            Err(_) => CpuList::default(),
        };
        let changed = self.offline.as_ref() != Some(&offline);
        if changed || self.stale || (self.cpus.is_empty() && self.rounds_without >= LOOK_AGAIN_AFTER) {
            self.scan(root, offline)?;
        }
        if self.cpus.is_empty() {
            self.rounds_without += 1;
            return Err(CollectError::Absent {
                what: format!("/{CPU_DIR}/cpu0/cpufreq"),
            });
        }
        let mut problems = Problems::default();
        for cpu in &self.cpus {
            self.stale |= cpu.report(root, out, (&mut self.buffer, &mut problems));
        }
        problems.into_result()
    }
}

impl Frequency {
    fn scan(&mut self, root: &Root, offline: CpuList) -> Result<(), CollectError> {
        self.cpus.clear();
        self.stale = false;
        self.rounds_without = 0;
        for number in cpu_numbers(root)? {
            if !offline.contains(number) {
                self.cpus.extend(Cpu::find(root, number, &mut self.buffer));
            }
        }
        self.offline = Some(offline);
        Ok(())
    }
}

impl Cpu {
    fn find(root: &Root, number: u64, buffer: &mut Vec<u8>) -> Option<Self> {
        let dir = format!("{CPU_DIR}/cpu{number}/cpufreq");
        let mut frequencies = Vec::new();
        for (file, family) in &FILES {
            let path = format!("{dir}/{file}");
            let read = root.read(&path, buffer);
            if !matches!(
                read,
                Err(CollectError::Absent { .. } | CollectError::Denied { .. })
            ) {
                frequencies.push((path, family));
            }
        }
        let available = attribute::text(root, format!("{dir}/scaling_available_governors"), buffer);
        let governors: Vec<String> = available
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect();
        (!frequencies.is_empty() || !governors.is_empty()).then(|| Self {
            label: number.to_string(),
            frequencies,
            governor: format!("{dir}/scaling_governor"),
            governors,
        })
    }

    /// Tells whether the files have changed under us.
    fn report(
        &self,
        root: &Root,
        out: &mut dyn Sink,
        (buffer, problems): (&mut Vec<u8>, &mut Problems),
    ) -> bool {
        let mut stale = false;
        for (path, family) in &self.frequencies {
            match root.read(path, buffer).map(<[u8]>::trim_ascii) {
                Ok(UNKNOWN) => {}
                Ok(bytes) => match parse::unsigned(bytes) {
                    Some(khz) => out.sample(family, &[("cpu", &self.label)], khz as f64 * HERTZ_PER_KHZ),
                    None => problems.add(format_args!("cannot parse /{path}")),
                },
                Err(CollectError::Absent { .. }) => stale = true,
                Err(CollectError::Read { source, .. }) if is_silent(&source) => {}
                Err(error) => problems.add_error(&error),
            }
        }
        if self.governors.is_empty() {
            return stale;
        }
        match root.read(&self.governor, buffer).map(<[u8]>::trim_ascii) {
            Ok(current) => {
                for governor in &self.governors {
                    let value = f64::from(u8::from(governor.as_bytes() == current));
                    let labels = [("cpu", self.label.as_str()), ("governor", governor)];
                    out.sample(&GOVERNOR, &labels, value);
                }
                // Another driver has other governors.
                stale |= !self.governors.iter().any(|known| known.as_bytes() == current);
            }
            Err(CollectError::Absent { .. }) => stale = true,
            Err(error) => problems.add_error(&error),
        }
        stale
    }
}

/// Tells whether the hardware has no answer now: an idle CPU has no average, a busy one may not be asked.
fn is_silent(error: &io::Error) -> bool {
    use io::ErrorKind::{ResourceBusy, Unsupported, WouldBlock};
    matches!(error.kind(), WouldBlock | ResourceBusy | Unsupported)
}

#[cfg(test)]
mod tests;
