//! Collector `cpu.info`: what the CPUs are, from `/proc/cpuinfo`.
//!
//! Opt-in: the kernel composes about 1.5 KB of text for every CPU.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const INFO: Family<'_> = Family::gauge("node_cpu_info", "1 for every CPU; the labels say what it is.");
const FREQUENCY: Family<'_> = Family::gauge(
    "node_cpu_frequency_hertz",
    "Frequency of the CPU as the hardware tells it, in hertz.",
);
const HERTZ_PER_MHZ: f64 = 1e6;

/// Keys of the file, in the order of [`Cpu::values`], with the labels they become.
const KEYS: [(&[u8], &str); 10] = [
    (b"processor", "cpu"),
    (b"physical id", "package"),
    (b"core id", "core"),
    (b"vendor_id", "vendor"),
    (b"cpu family", "family"),
    (b"model", "model"),
    (b"model name", "model_name"),
    (b"microcode", "microcode"),
    (b"stepping", "stepping"),
    (b"cache size", "cachesize"),
];
/// The first of [`KEYS`] say which CPU it is.
const PLACE_KEYS: usize = 3;

/// The lines of one CPU.
#[derive(Default)]
struct Cpu<'a> {
    values: [&'a str; KEYS.len()],
    mhz: Option<f64>,
}

/// Collects `node_cpu_info`.
#[derive(Default)]
pub(crate) struct Info {
    buffer: Vec<u8>,
}

impl Collector for Info {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/cpuinfo", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut cpu: Option<Cpu<'_>> = None;
        let mut found = false;
        for line in parse::lines(bytes) {
            let Some((key, value)) = split_line(line) else {
                continue;
            };
            if key == b"processor" {
                if let Some(done) = cpu.take() {
                    done.report(out);
                }
                found = true;
                cpu = parse::unsigned(value).map(|_| Cpu::default());
                if cpu.is_none() {
                    problems.add(format_args!(
                        "cannot parse processor of /proc/cpuinfo: {}",
                        parse::text(value)
                    ));
                }
            }
            if let Some(cpu) = &mut cpu {
                cpu.take_line(key, value);
            }
        }
        if let Some(done) = cpu {
            done.report(out);
        }
        if !found {
            problems.add("no processor in /proc/cpuinfo");
        }
        problems.into_result()
    }
}

impl<'a> Cpu<'a> {
    fn take_line(&mut self, key: &[u8], value: &'a [u8]) {
        // LoongArch and others leave the underscore out.
        let key = if key == b"vendor" { b"vendor_id" } else { key };
        if key == b"cpu MHz" {
            self.mhz = parse::number(value);
        } else if let Some(idx) = KEYS.iter().position(|(known, _)| *known == key) {
            self.values[idx] = parse::text(value);
        }
    }

    fn report(&self, out: &mut dyn Sink) {
        let mut labels = [("", ""); KEYS.len()];
        for ((label, (_, name)), value) in labels.iter_mut().zip(&KEYS).zip(self.values) {
            *label = (name, value);
        }
        out.sample(&INFO, &labels, 1.0);
        if let (Some(mhz), Some(place)) = (self.mhz, labels.get(..PLACE_KEYS)) {
            out.sample(&FREQUENCY, place, mhz * HERTZ_PER_MHZ);
        }
    }
}

/// Splits `key<tabs>: value`.
fn split_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (key, value) = line.split_at(colon);
    Some((key.trim_ascii(), value.get(1..)?.trim_ascii()))
}

#[cfg(test)]
mod tests;
