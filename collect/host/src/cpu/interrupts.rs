//! Collector `interrupts`: interrupts by CPU and line, from `/proc/interrupts`.
//!
//! Opt-in: there are as many series as CPUs times interrupt lines.
//! The header names the online CPUs, one a column. A line is `name: count… info`; a numbered line has the
//! controller first in its info and then the devices. Lines without a count for every CPU (`ERR`, `MIS`) are
//! left out.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const INTERRUPTS: Family<'_> = Family::counter(
    "node_interrupts_total",
    "Interrupts since boot by CPU and interrupt line.",
);

/// Collects `node_interrupts_total`.
#[derive(Default)]
pub(crate) struct Interrupts {
    buffer: Vec<u8>,
    counts: Vec<f64>,
    info: String,
    devices: String,
}

impl Collector for Interrupts {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = root.read("proc/interrupts", &mut buffer).and_then(|bytes| {
            let mut problems = Problems::default();
            let mut lines = parse::lines(bytes);
            let header = lines.next().unwrap_or_default();
            for line in lines {
                if let Err(problem) = self.report(header, line, out) {
                    problems.add(format_args!("{problem}: {}", parse::excerpt(line)));
                }
            }
            problems.into_result()
        });
        self.buffer = buffer;
        result
    }
}

impl Interrupts {
    fn report(&mut self, header: &[u8], line: &[u8], out: &mut dyn Sink) -> Result<(), &'static str> {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, rest) = line.split_at(colon.ok_or("no name in line of /proc/interrupts")?);
        let name = name.trim_ascii();
        let cpus = || parse::words(header);
        let mut words = parse::words(rest.get(1..).unwrap_or_default());
        self.counts.clear();
        let mut garbage = false;
        for word in words.by_ref().take(cpus().count()) {
            let count = parse::unsigned(word);
            garbage |= count.is_none();
            self.counts.push(count.unwrap_or_default() as f64);
        }
        let mut words = words.peekable();
        if words.peek().is_none() {
            return Ok(());
        }
        if garbage {
            return Err("cannot parse line of /proc/interrupts");
        }
        self.info.clear();
        self.devices.clear();
        let numbered = parse::unsigned(name).is_some();
        for word in words {
            let text = if numbered && !self.info.is_empty() {
                &mut self.devices
            } else {
                &mut self.info
            };
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(parse::text(word));
        }
        for (cpu, count) in cpus().zip(&self.counts) {
            let labels = [
                ("cpu", parse::text(cpu.strip_prefix(b"CPU").unwrap_or(cpu))),
                ("type", parse::text(name)),
                ("info", &self.info),
                ("devices", &self.devices),
            ];
            out.sample(&INTERRUPTS, &labels, *count);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
