//! Collector `softirqs`: software interrupts by CPU and kind, from `/proc/softirqs`.
//!
//! Opt-in: there are ten series a CPU.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const SOFTIRQS: Family<'_> = Family::counter(
    "node_softirqs_functions_total",
    "Software interrupts since boot by CPU and kind.",
);

/// Collects `node_softirqs_functions_total`.
#[derive(Default)]
pub(crate) struct Softirqs {
    buffer: Vec<u8>,
}

impl Collector for Softirqs {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/softirqs", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut lines = parse::lines(bytes);
        let header = lines.next().unwrap_or_default();
        for line in lines {
            let mut words = parse::words(line);
            let Some(kind) = words.next().and_then(|word| word.strip_suffix(b":")) else {
                problems.add(format_args!(
                    "no kind in line of /proc/softirqs: {}",
                    parse::excerpt(line)
                ));
                continue;
            };
            for (cpu, word) in parse::words(header).zip(words) {
                let Some(count) = parse::unsigned(word) else {
                    problems.add(format_args!(
                        "cannot parse {} of /proc/softirqs",
                        parse::text(kind)
                    ));
                    continue;
                };
                let cpu = parse::text(cpu.strip_prefix(b"CPU").unwrap_or(cpu));
                out.sample(
                    &SOFTIRQS,
                    &[("cpu", cpu), ("type", parse::text(kind))],
                    count as f64,
                );
            }
        }
        problems.into_result()
    }
}

#[cfg(test)]
mod tests;
