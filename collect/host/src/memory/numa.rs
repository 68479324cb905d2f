//! Collector `meminfo_numa`: memory of every NUMA node, from sysfs.
//!
//! Opt-in: about fifty series a node. A line `Node 0 Active(anon): 12 kB` of `meminfo` becomes
//! `node_memory_numa_Active_anon` in bytes; a line `numa_hit 7` of `numastat` becomes the counter
//! `node_memory_numa_numa_hit_total` in pages.
//! Source: kernel documentation, `ABI/stable/sysfs-devices-node` and `admin-guide/numastat`.

use model::{Family, Sink};

use super::meminfo::push_mangled;
use crate::{CollectError, Collector, Problems, Root, parse};

const NODE_DIR: &str = "sys/devices/system/node";
const PREFIX: &str = "node_memory_numa_";
const MEMINFO_HELP: &str = "Line of the node's meminfo; bytes, or pages for what has no unit there.";
const NUMASTAT_HELP: &str = "Line of the node's numastat; pages since boot.";
const BYTES_PER_KB: f64 = 1024.0;

/// Collects `node_memory_numa_*`.
#[derive(Default)]
pub(crate) struct Numa {
    buffer: Vec<u8>,
    name: String,
}

impl Collector for Numa {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        for dir in root.list(NODE_DIR)? {
            let Some(node) = dir.strip_prefix("node") else {
                continue;
            };
            if parse::unsigned(node.as_bytes()).is_none() {
                continue;
            }
            for file in ["meminfo", "numastat"] {
                let path = format!("{NODE_DIR}/{dir}/{file}");
                match root.read(&path, &mut self.buffer) {
                    Ok(bytes) => {
                        for line in parse::lines(bytes) {
                            if report(line, node, &mut self.name, out).is_none() {
                                problems.add(format_args!(
                                    "cannot parse line of /{path}: {}",
                                    parse::excerpt(line)
                                ));
                            }
                        }
                    }
                    Err(error) => problems.add_error(&error),
                }
            }
        }
        problems.into_result()
    }
}

/// Hands over a line of either file; `None` if it is neither's.
fn report(line: &[u8], node: &str, name: &mut String, out: &mut dyn Sink) -> Option<()> {
    let mut words = parse::words(line);
    name.clear();
    name.push_str(PREFIX);
    let labels = [("node", node)];
    match words.next()? {
        b"Node" => {
            let key = words.nth(1)?.strip_suffix(b":")?;
            let value = parse::unsigned(words.next()?)? as f64;
            let scale = match words.next() {
                None => 1.0,
                Some(b"kB") => BYTES_PER_KB,
                Some(_) => return None,
            };
            push_mangled(name, key);
            out.sample(&Family::gauge(name, MEMINFO_HELP), &labels, value * scale);
        }
        key => {
            let value = parse::unsigned(words.next()?)? as f64;
            push_mangled(name, key);
            name.push_str("_total");
            out.sample(&Family::counter(name, NUMASTAT_HELP), &labels, value);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
