//! Collector `pressure`: time lost to contention (PSI), from `/proc/pressure`.
//!
//! Every file has a line `some` (at least one task waits) or `full` (all tasks that are not idle wait) or both,
//! each with a total in microseconds. The line `full` of `cpu` has no meaning for a whole machine and is left out.
//! Format: kernel documentation, `accounting/psi`.

use std::io;

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

/// A resource with the lines to read.
struct Resource {
    path: &'static str,
    totals: &'static [(&'static [u8], Family<'static>)],
}

const RESOURCES: [Resource; 4] = [
    Resource {
        path: "proc/pressure/cpu",
        totals: &[(
            b"some",
            Family::counter(
                "node_pressure_cpu_waiting_seconds_total",
                "Time in which at least one task waited for a CPU, in seconds.",
            ),
        )],
    },
    Resource {
        path: "proc/pressure/io",
        totals: &[
            (
                b"some",
                Family::counter(
                    "node_pressure_io_waiting_seconds_total",
                    "Time in which at least one task waited for I/O, in seconds.",
                ),
            ),
            (
                b"full",
                Family::counter(
                    "node_pressure_io_stalled_seconds_total",
                    "Time in which no task went on because of I/O, in seconds.",
                ),
            ),
        ],
    },
    Resource {
        path: "proc/pressure/memory",
        totals: &[
            (
                b"some",
                Family::counter(
                    "node_pressure_memory_waiting_seconds_total",
                    "Time in which at least one task waited for memory, in seconds.",
                ),
            ),
            (
                b"full",
                Family::counter(
                    "node_pressure_memory_stalled_seconds_total",
                    "Time in which no task went on because of lack of memory, in seconds.",
                ),
            ),
        ],
    },
    Resource {
        path: "proc/pressure/irq",
        totals: &[(
            b"full",
            Family::counter(
                "node_pressure_irq_stalled_seconds_total",
                "Time in which no task went on because of interrupts, in seconds.",
            ),
        )],
    },
];
const MICROSECONDS: f64 = 1e6;

/// Collects `node_pressure_*`.
#[derive(Default)]
pub(crate) struct Pressure {
    buffer: Vec<u8>,
}

impl Collector for Pressure {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        let mut found = false;
        for resource in &RESOURCES {
            match root.read(resource.path, &mut self.buffer) {
                Ok(bytes) => {
                    found = true;
                    report(resource, bytes, out, &mut problems);
                }
                // Interrupts came with Linux 6.1 and need a build option of their own.
                Err(CollectError::Absent { .. }) => {}
                // The files are there but the kernel was told not to account.
                Err(CollectError::Read { source, .. }) if source.kind() == io::ErrorKind::Unsupported => {
                    return Err(CollectError::Absent {
                        what: "accounting of pressure (boot with psi=1)".to_owned(),
                    });
                }
                Err(error) => problems.add_error(&error),
            }
        }
        if !found && problems.count() == 0 {
            return Err(CollectError::Absent {
                what: "/proc/pressure".to_owned(),
            });
        }
        problems.into_result()
    }
}

fn report(resource: &Resource, bytes: &[u8], out: &mut dyn Sink, problems: &mut Problems) {
    for (kind, family) in resource.totals {
        match total(bytes, kind) {
            Some(microseconds) => out.sample(family, &[], microseconds as f64 / MICROSECONDS),
            None => problems.add(format_args!(
                "no total of {} in /{}",
                parse::text(kind),
                resource.path
            )),
        }
    }
}

fn total(bytes: &[u8], kind: &[u8]) -> Option<u64> {
    let line = parse::lines(bytes).find(|line| parse::words(line).next() == Some(kind))?;
    let digits = parse::words(line).find_map(|word| word.strip_prefix(b"total="))?;
    parse::unsigned(digits)
}

#[cfg(test)]
mod tests;
