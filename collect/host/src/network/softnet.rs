//! Packet processing of every CPU: `/proc/net/softnet_stat`.
//!
//! Source: `softnet_seq_show` of the kernel's `net/core/net-procfs.c`. Columns are hexadecimal numbers of 32 bits.

use model::{Family, Sink};

use crate::folder::parse_hex;
use crate::{CollectError, Collector, Problems, Root, parse};

const FAMILIES: usize = 7;

/// Columns with their families, in the order of columns.
const COLUMNS: [(usize, Family<'_>); FAMILIES] = [
    (
        0,
        Family::counter("node_softnet_processed_total", "Packets processed."),
    ),
    (
        1,
        Family::counter(
            "node_softnet_dropped_total",
            "Packets dropped because the backlog was full.",
        ),
    ),
    (
        2,
        Family::counter(
            "node_softnet_times_squeezed_total",
            "Times packets were left when budget or time ran out.",
        ),
    ),
    (
        8,
        Family::counter(
            "node_softnet_cpu_collision_total",
            "Collisions on the lock of a device on transmit.",
        ),
    ),
    (
        9,
        Family::counter(
            "node_softnet_received_rps_total",
            "Times another CPU asked this one to process packets.",
        ),
    ),
    (
        10,
        Family::counter(
            "node_softnet_flow_limit_count_total",
            "Packets dropped because their flow reached its limit.",
        ),
    ),
    (
        11,
        Family::gauge("node_softnet_backlog_len", "Packets in the backlog."),
    ),
];

/// Column with the CPU's number, since Linux 5.14; before, the line's number is the CPU's.
const CPU: usize = 12;

/// Columns of the oldest format.
const LEAST: usize = 9;

/// Collector `softnet`.
#[derive(Default)]
pub(crate) struct SoftNet {
    buffer: Vec<u8>,
    cpu: String,
}

impl Collector for SoftNet {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        use std::fmt::Write;

        let Self { buffer, cpu } = self;
        let bytes = root.read("proc/net/softnet_stat", buffer)?;
        let mut problems = Problems::default();
        for (place, line) in parse::lines(bytes).enumerate() {
            let Some((number, values)) = split(line) else {
                problems.add(format_args!(
                    "cannot read a line of /proc/net/softnet_stat: {:?}",
                    parse::excerpt(line)
                ));
                continue;
            };
            cpu.clear();
            if write!(cpu, "{}", number.unwrap_or(place as u64)).is_err() {
                continue;
            }
            for ((_, family), value) in COLUMNS.iter().zip(values) {
                out.sample(family, &[("cpu", cpu)], value as f64);
            }
        }
        problems.into_result()
    }
}

/// Takes a line apart: the number of the CPU if it is there, and the values of [`COLUMNS`], 0 where the kernel is
/// too old to have one.
fn split(line: &[u8]) -> Option<(Option<u64>, [u64; FAMILIES])> {
    let mut values = [0; FAMILIES];
    let mut cpu = None;
    let mut words = 0;
    for (place, word) in parse::words(line).enumerate() {
        let value = parse_hex(word)?;
        words = place + 1;
        if place == CPU {
            cpu = Some(value);
        }
        if let Some(column) = COLUMNS.iter().position(|(wanted, _)| *wanted == place) {
            values[column] = value;
        }
    }
    (words >= LEAST).then_some((cpu, values))
}

#[cfg(test)]
mod tests;
