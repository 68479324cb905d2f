//! Connection tracking: how full the table is, and what happened to packets on their way through it.
//!
//! The statistics are sums over the CPUs of `/proc/net/stat/nf_conntrack`, whose title line names the columns.

use model::{Family, Sink};

use crate::folder::parse_hex;
use crate::{CollectError, Collector, Problems, Root, attribute, parse};

const COUNT_FILE: &str = "proc/sys/net/netfilter/nf_conntrack_count";
const LIMIT_FILE: &str = "proc/sys/net/netfilter/nf_conntrack_max";

const ENTRIES: Family<'_> = Family::gauge("node_nf_conntrack_entries", "Connections in the tracking table.");
const LIMIT: Family<'_> = Family::gauge(
    "node_nf_conntrack_entries_limit",
    "Connections the tracking table can hold.",
);

const COLUMNS: usize = 8;

/// Columns by their place in a line. The kernel keeps the places of columns it no longer uses.
/// Source: `ct_cpu_seq_show` of the kernel's `net/netfilter/nf_conntrack_standalone.c`.
const STATISTICS: [(usize, Family<'_>); COLUMNS] = [
    (
        2,
        Family::gauge("node_nf_conntrack_stat_found", "Lookups that found an entry."),
    ),
    (
        4,
        Family::gauge(
            "node_nf_conntrack_stat_invalid",
            "Packets that cannot be tracked.",
        ),
    ),
    (
        5,
        Family::gauge(
            "node_nf_conntrack_stat_ignore",
            "Packets that belonged to an entry already.",
        ),
    ),
    (
        8,
        Family::gauge("node_nf_conntrack_stat_insert", "Entries inserted."),
    ),
    (
        9,
        Family::gauge(
            "node_nf_conntrack_stat_insert_failed",
            "Entries that could not be inserted.",
        ),
    ),
    (
        10,
        Family::gauge(
            "node_nf_conntrack_stat_drop",
            "Packets dropped because tracking failed.",
        ),
    ),
    (
        11,
        Family::gauge(
            "node_nf_conntrack_stat_early_drop",
            "Entries dropped to make room in a full table.",
        ),
    ),
    (
        16,
        Family::gauge(
            "node_nf_conntrack_stat_search_restart",
            "Lookups started again because the table was resized.",
        ),
    ),
];

/// Collector `conntrack`.
#[derive(Default)]
pub(crate) struct Conntrack {
    buffer: Vec<u8>,
}

impl Collector for Conntrack {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let entries = attribute::number(root, COUNT_FILE, &mut self.buffer)?;
        out.sample(&ENTRIES, &[], entries);
        // A network namespace other than the first shows no limit.
        match attribute::number(root, LIMIT_FILE, &mut self.buffer) {
            Ok(limit) => out.sample(&LIMIT, &[], limit),
            Err(CollectError::Absent { .. }) => {}
            Err(error) => return Err(error),
        }
        let bytes = match root.read("proc/net/stat/nf_conntrack", &mut self.buffer) {
            Ok(bytes) => bytes,
            Err(CollectError::Absent { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut problems = Problems::default();
        let mut sums = [0_u64; COLUMNS];
        for line in parse::lines(bytes).skip(1) {
            if add_cpu(line, &mut sums).is_none() {
                problems.add(format_args!(
                    "cannot read a line of /proc/net/stat/nf_conntrack: {:?}",
                    parse::excerpt(line)
                ));
            }
        }
        for ((_, family), sum) in STATISTICS.iter().zip(sums) {
            out.sample(family, &[], sum as f64);
        }
        problems.into_result()
    }
}

/// Adds the line of a CPU; a line that is short or does not parse adds nothing.
fn add_cpu(line: &[u8], sums: &mut [u64; COLUMNS]) -> Option<()> {
    let mut cpu = [0_u64; COLUMNS];
    let mut words = 0;
    for (place, word) in parse::words(line).enumerate() {
        let value = parse_hex(word)?;
        words = place + 1;
        if let Some(column) = STATISTICS.iter().position(|(wanted, _)| *wanted == place) {
            cpu[column] = value;
        }
    }
    // Kernels before 2.6.35 have no `search_restart`, the last column.
    if words < 16 {
        return None;
    }
    for (sum, value) in sums.iter_mut().zip(cpu) {
        *sum = sum.wrapping_add(value);
    }
    Some(())
}

#[cfg(test)]
mod tests;
