//! Collector `meminfo`: all lines of `/proc/meminfo`.
//!
//! `Active(anon):  12 kB` becomes `node_memory_Active_anon_bytes`; a line without unit keeps its bare name
//! (`node_memory_HugePages_Total`). Lines of newer kernels come along by the same rule.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const PREFIX: &str = "node_memory_";
const HELP: &str = "Line of /proc/meminfo; bytes where the name ends so, else pages.";
const BYTES_PER_KB: f64 = 1024.0;

/// Collects `node_memory_*`.
#[derive(Default)]
pub(crate) struct Meminfo {
    buffer: Vec<u8>,
    name: String,
}

impl Collector for Meminfo {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/meminfo", &mut self.buffer)?;
        let mut problems = Problems::default();
        for line in parse::lines(bytes) {
            let mut words = parse::words(line);
            let key = words.next().and_then(|word| word.strip_suffix(b":"));
            let value = words.next().and_then(parse::unsigned);
            let scale = match words.next() {
                None => Some(1.0),
                Some(b"kB") => Some(BYTES_PER_KB),
                Some(_) => None,
            };
            let (Some(key), Some(value), Some(scale)) = (key, value, scale) else {
                problems.add(format_args!(
                    "cannot parse line of /proc/meminfo: {}",
                    parse::excerpt(line)
                ));
                continue;
            };
            self.name.clear();
            self.name.push_str(PREFIX);
            push_mangled(&mut self.name, key);
            if scale > 1.0 {
                self.name.push_str("_bytes");
            }
            out.sample(&Family::gauge(&self.name, HELP), &[], value as f64 * scale);
        }
        problems.into_result()
    }
}

/// Appends `Active(anon)` as `Active_anon`; what may not stand in a metric's name becomes `_`.
pub(super) fn push_mangled(name: &mut String, key: &[u8]) {
    for byte in key.strip_suffix(b")").unwrap_or(key) {
        let allowed = byte.is_ascii_alphanumeric();
        name.push(if allowed { char::from(*byte) } else { '_' });
    }
}

#[cfg(test)]
mod tests;
