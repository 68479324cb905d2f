//! Collector `cpu`: time spent by every CPU in every mode, from `/proc/stat`, and what sysfs says of the CPUs.
//!
//! The kernel computes idle and I/O wait times anew on every read, so they can step back by a few ticks. A step
//! back is held at the highest value seen, until idle falls by three seconds: then the CPU was unplugged and
//! plugged in again, and its counters start anew.
//! Format: proc(5), `/proc/stat`; times in ticks of 1/100 s.

use model::{Family, Sink};

use super::topology::Topology;
use crate::{CollectError, Collector, Problems, Root, parse};

/// The kernel's `USER_HZ`: ticks a second in its text interfaces, 100 on every architecture supported.
const TICKS_PER_SECOND: f64 = 100.0;
/// Idle ticks by which a fall means that the CPU was plugged in anew.
const HOTPLUG_TICKS: u64 = 300;
/// Columns in the order of the file.
const MODES: [&str; 8] = [
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
];
const IDLE: usize = 3;
/// Columns after [`MODES`]. This time is also in `user` and `nice`.
const GUEST_MODES: [&str; 2] = ["user", "nice"];
const COLUMNS: usize = MODES.len() + GUEST_MODES.len();

const SECONDS: Family<'_> = Family::counter(
    "node_cpu_seconds_total",
    "Time every CPU has spent in every mode since boot, in seconds.",
);
const GUEST_SECONDS: Family<'_> = Family::counter(
    "node_cpu_guest_seconds_total",
    "Time every CPU has spent running virtual machines since boot, in seconds; also counted in user and nice.",
);

/// One CPU and the highest values seen of it.
struct Cpu {
    number: u64,
    label: String,
    ticks: [u64; COLUMNS],
    seen: bool,
}

/// Collects `node_cpu_*`.
#[derive(Default)]
pub(crate) struct Usage {
    buffer: Vec<u8>,
    /// In order of numbers.
    cpus: Vec<Cpu>,
    topology: Topology,
}

impl Collector for Usage {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = root.read("proc/stat", &mut buffer);
        let changed = read.map(|bytes| self.update(bytes, &mut problems));
        self.buffer = buffer;
        if changed? {
            self.topology.forget();
        }
        for cpu in &self.cpus {
            cpu.report(out);
        }
        self.topology.collect(root, out, &mut problems);
        problems.into_result()
    }
}

impl Usage {
    /// Takes the lines of the CPUs; tells whether CPUs came or went.
    fn update(&mut self, stat: &[u8], problems: &mut Problems) -> bool {
        let mut changed = false;
        for line in parse::lines(stat) {
            let mut words = parse::words(line);
            let Some(name) = words.next().and_then(|word| word.strip_prefix(b"cpu")) else {
                // The CPUs are the first lines; the others are long.
                break;
            };
            if name.is_empty() {
                continue;
            }
            let (Some(number), Some(ticks)) = (parse::unsigned(name), parse_ticks(words)) else {
                problems.add(format_args!(
                    "cannot parse line of /proc/stat: {}",
                    parse::excerpt(line)
                ));
                continue;
            };
            let found = self.cpus.binary_search_by_key(&number, |cpu| cpu.number);
            let idx = found.unwrap_or_else(|idx| {
                changed = true;
                self.cpus.insert(idx, Cpu::new(number));
                idx
            });
            if let Some(cpu) = self.cpus.get_mut(idx) {
                cpu.advance(&ticks);
            }
        }
        let known = self.cpus.len();
        self.cpus.retain_mut(|cpu| std::mem::take(&mut cpu.seen));
        if self.cpus.is_empty() {
            problems.add("no cpu in /proc/stat");
        }
        changed || self.cpus.len() != known
    }
}

impl Cpu {
    fn new(number: u64) -> Self {
        Self {
            number,
            label: number.to_string(),
            ticks: [0; COLUMNS],
            seen: false,
        }
    }

    fn advance(&mut self, ticks: &[u64; COLUMNS]) {
        self.seen = true;
        if self.ticks[IDLE].saturating_sub(ticks[IDLE]) >= HOTPLUG_TICKS {
            self.ticks = [0; COLUMNS];
        }
        for (highest, now) in self.ticks.iter_mut().zip(ticks) {
            *highest = (*highest).max(*now);
        }
    }

    fn report(&self, out: &mut dyn Sink) {
        let seconds = |ticks: &u64| *ticks as f64 / TICKS_PER_SECOND;
        let (modes, guest_modes) = self.ticks.split_at(MODES.len());
        for (mode, ticks) in MODES.iter().zip(modes) {
            out.sample(&SECONDS, &[("cpu", &self.label), ("mode", mode)], seconds(ticks));
        }
        for (mode, ticks) in GUEST_MODES.iter().zip(guest_modes) {
            let labels = [("cpu", self.label.as_str()), ("mode", mode)];
            out.sample(&GUEST_SECONDS, &labels, seconds(ticks));
        }
    }
}

/// Parses the columns there are; old kernels have fewer, which count as zero, newer ones may have more.
fn parse_ticks<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<[u64; COLUMNS]> {
    let mut ticks = [0; COLUMNS];
    for (idx, column) in ticks.iter_mut().enumerate() {
        match words.next() {
            Some(word) => *column = parse::unsigned(word)?,
            None if idx == 0 => return None,
            None => break,
        }
    }
    Some(ticks)
}

#[cfg(test)]
mod tests;
