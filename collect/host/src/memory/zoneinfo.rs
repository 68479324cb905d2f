//! Collector `zoneinfo`: pages of every zone of every NUMA node, from `/proc/zoneinfo`.
//!
//! Opt-in: up to forty series a zone. A zone begins with `Node 0, zone DMA`; what holds for the whole node stands
//! under its first zone that has pages. `protection: (0, 2937)` becomes a family for each place.
//! Format: kernel documentation, `admin-guide/sysctl/vm`, and proc(5).

use model::MetricType::{Counter, Gauge};
use model::{Family, MetricType, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const PREFIX: &str = "node_zoneinfo_";
const HELP: &str = "Line of /proc/zoneinfo; pages, but for kernel stacks and counts of allocations.";
const PROTECTION_HELP: &str = "Pages kept free for requests that could be served by the zone of this place.";

/// Keys of the file with what stands after the prefix in the family's name.
const KEYS: [(&[u8], &str, MetricType); 34] = [
    (b"high", "high_pages", Gauge),
    (b"low", "low_pages", Gauge),
    (b"managed", "managed_pages", Gauge),
    (b"min", "min_pages", Gauge),
    (b"nr_active_anon", "nr_active_anon_pages", Gauge),
    (b"nr_active_file", "nr_active_file_pages", Gauge),
    (b"nr_anon_pages", "nr_anon_pages", Gauge),
    (
        b"nr_anon_transparent_hugepages",
        "nr_anon_transparent_hugepages",
        Gauge,
    ),
    (b"nr_dirtied", "nr_dirtied_total", Counter),
    (b"nr_dirty", "nr_dirty_pages", Gauge),
    (b"nr_file_pages", "nr_file_pages", Gauge),
    (b"nr_free_pages", "nr_free_pages", Gauge),
    (b"nr_inactive_anon", "nr_inactive_anon_pages", Gauge),
    (b"nr_inactive_file", "nr_inactive_file_pages", Gauge),
    (b"nr_isolated_anon", "nr_isolated_anon_pages", Gauge),
    (b"nr_isolated_file", "nr_isolated_file_pages", Gauge),
    (b"nr_kernel_stack", "nr_kernel_stacks", Gauge),
    (b"nr_mapped", "nr_mapped_pages", Gauge),
    (b"nr_mlock_stack", "nr_mlock_stack_pages", Gauge),
    (b"nr_shmem", "nr_shmem_pages", Gauge),
    (b"nr_slab_reclaimable", "nr_slab_reclaimable_pages", Gauge),
    (b"nr_slab_unreclaimable", "nr_slab_unreclaimable_pages", Gauge),
    (b"nr_unevictable", "nr_unevictable_pages", Gauge),
    (b"nr_writeback", "nr_writeback_pages", Gauge),
    (b"nr_written", "nr_written_total", Counter),
    (b"numa_foreign", "numa_foreign_total", Counter),
    (b"numa_hit", "numa_hit_total", Counter),
    (b"numa_interleave", "numa_interleave_total", Counter),
    (b"numa_local", "numa_local_total", Counter),
    (b"numa_miss", "numa_miss_total", Counter),
    (b"numa_other", "numa_other_total", Counter),
    (b"present", "present_pages", Gauge),
    (b"scanned", "scanned_pages", Gauge),
    (b"spanned", "spanned_pages", Gauge),
];

/// Collects `node_zoneinfo_*`.
#[derive(Default)]
pub(crate) struct Zoneinfo {
    buffer: Vec<u8>,
    name: String,
}

impl Collector for Zoneinfo {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/zoneinfo", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut place = None;
        // A key that came before in this zone is a line of another section.
        let mut seen = [false; KEYS.len()];
        for line in parse::lines(bytes) {
            let mut words = parse::words(line);
            let Some(key) = words.next() else { continue };
            if key == b"Node" {
                place = parse_place(words);
                seen = [false; KEYS.len()];
                if place.is_none() {
                    problems.add(format_args!(
                        "cannot parse line of /proc/zoneinfo: {}",
                        parse::excerpt(line)
                    ));
                }
                continue;
            }
            let Some((node, zone)) = place else { continue };
            let labels = [("node", node), ("zone", zone)];
            let parsed = if key == b"protection:" {
                report_protection(words, &labels, (&mut self.name, out))
            } else {
                let Some(idx) = KEYS.iter().position(|(known, ..)| *known == key) else {
                    continue;
                };
                if std::mem::replace(&mut seen[idx], true) {
                    continue;
                }
                let (_, suffix, metric_type) = KEYS[idx];
                words.next().and_then(parse::unsigned).map(|value| {
                    let name = named(&mut self.name, suffix);
                    let family = Family {
                        name,
                        metric_type,
                        help: HELP,
                    };
                    out.sample(&family, &labels, value as f64);
                })
            };
            if parsed.is_none() {
                problems.add(format_args!(
                    "cannot parse line of /proc/zoneinfo: {}",
                    parse::excerpt(line)
                ));
            }
        }
        problems.into_result()
    }
}

/// Parses `0, zone DMA` as node and zone.
fn parse_place<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<(&'a str, &'a str)> {
    let node = words.next()?.strip_suffix(b",")?;
    parse::unsigned(node)?;
    let zone = words.nth(1)?;
    Some((parse::text(node), parse::text(zone)))
}

/// Hands over `(0, 2937, 3929)`; `None` if it is something else.
fn report_protection<'a>(
    words: impl Iterator<Item = &'a [u8]>,
    labels: &[(&str, &str)],
    (name, out): (&mut String, &mut dyn Sink),
) -> Option<()> {
    for (place, word) in words.enumerate() {
        let digits = word.strip_prefix(b"(").unwrap_or(word);
        let digits = digits.strip_suffix(b",").or(digits.strip_suffix(b")"));
        let value = parse::unsigned(digits.unwrap_or(word))?;
        let name = named(name, &format!("protection_{place}"));
        out.sample(&Family::gauge(name, PROTECTION_HELP), labels, value as f64);
    }
    Some(())
}

fn named<'a>(name: &'a mut String, suffix: &str) -> &'a str {
    name.clear();
    name.push_str(PREFIX);
    name.push_str(suffix);
    name
}

#[cfg(test)]
mod tests;
