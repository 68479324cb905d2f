//! Collectors `stat` and `stat.softirq`: what `/proc/stat` counts for the whole machine.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

/// Keys of the file with their families.
const FIELDS: [(&[u8], Family<'_>); 6] = [
    (
        b"intr",
        Family::counter("node_intr_total", "Interrupts serviced since boot."),
    ),
    (
        b"ctxt",
        Family::counter("node_context_switches_total", "Context switches since boot."),
    ),
    (
        b"btime",
        Family::gauge("node_boot_time_seconds", "Time of boot, in seconds since 1970."),
    ),
    (
        b"processes",
        Family::counter("node_forks_total", "Processes and threads started since boot."),
    ),
    (
        b"procs_running",
        Family::gauge("node_procs_running", "Threads that run or are ready to run."),
    ),
    (
        b"procs_blocked",
        Family::gauge("node_procs_blocked", "Threads that wait for I/O to complete."),
    ),
];

/// Columns of the line `softirq` after its sum.
const VECTORS: [&str; 10] = [
    "hi",
    "timer",
    "net_tx",
    "net_rx",
    "block",
    "block_iopoll",
    "tasklet",
    "sched",
    "hrtimer",
    "rcu",
];
const SOFTIRQS: Family<'_> = Family::counter(
    "node_softirqs_total",
    "Software interrupts since boot, by vector.",
);

/// Collects the machine's counters.
#[derive(Default)]
pub(crate) struct Stat {
    buffer: Vec<u8>,
}

impl Collector for Stat {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/stat", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut missing = FIELDS.map(|(key, _)| Some(key));
        for line in parse::lines(bytes) {
            let mut words = parse::words(line);
            let Some(key) = words.next() else { continue };
            let Some(idx) = FIELDS.iter().position(|(known, _)| *known == key) else {
                continue;
            };
            missing[idx] = None;
            match words.next().and_then(parse::unsigned) {
                Some(value) => out.sample(&FIELDS[idx].1, &[], value as f64),
                None => problems.add(format_args!("cannot parse {} of /proc/stat", parse::text(key))),
            }
        }
        for key in missing.into_iter().flatten() {
            problems.add(format_args!("no {} in /proc/stat", parse::text(key)));
        }
        problems.into_result()
    }
}

/// Collects the machine's software interrupts.
#[derive(Default)]
pub(crate) struct SoftirqTotals {
    buffer: Vec<u8>,
}

impl Collector for SoftirqTotals {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/stat", &mut self.buffer)?;
        let mut problems = Problems::default();
        let line = parse::lines(bytes).find_map(|line| line.strip_prefix(b"softirq "));
        let Some(line) = line else {
            problems.add("no softirq in /proc/stat");
            return problems.into_result();
        };
        let mut counts = parse::words(line).skip(1);
        for vector in VECTORS {
            match counts.next().and_then(parse::unsigned) {
                Some(count) => out.sample(&SOFTIRQS, &[("vector", vector)], count as f64),
                None => problems.add(format_args!("cannot parse softirq {vector} of /proc/stat")),
            }
        }
        problems.into_result()
    }
}

#[cfg(test)]
mod tests;
