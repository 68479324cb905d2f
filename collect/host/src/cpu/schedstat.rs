//! Collector `schedstat`: how long tasks ran on and waited for every CPU, from `/proc/schedstat`.
//!
//! Columns 7 to 9 of a line `cpu<N>`: nanoseconds run, nanoseconds waited, time slices.
//! Format: kernel documentation, `scheduler/sched-stats`.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const RUNNING: Family<'_> = Family::counter(
    "node_schedstat_running_seconds_total",
    "Time tasks ran on this CPU, in seconds.",
);
const WAITING: Family<'_> = Family::counter(
    "node_schedstat_waiting_seconds_total",
    "Time tasks were ready and waited for this CPU, in seconds.",
);
const TIMESLICES: Family<'_> = Family::counter(
    "node_schedstat_timeslices_total",
    "Time slices given out on this CPU.",
);
const NANOSECONDS: f64 = 1e9;

/// Collects `node_schedstat_*`.
#[derive(Default)]
pub(crate) struct Schedstat {
    buffer: Vec<u8>,
}

impl Collector for Schedstat {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/schedstat", &mut self.buffer)?;
        let mut problems = Problems::default();
        for line in parse::lines(bytes) {
            let mut words = parse::words(line);
            let Some(cpu) = words.next().and_then(|word| word.strip_prefix(b"cpu")) else {
                continue;
            };
            let mut columns = words.skip(6).map(parse::unsigned);
            let mut next = || columns.next().flatten();
            let (Some(_), Some(running), Some(waiting), Some(timeslices)) =
                (parse::unsigned(cpu), next(), next(), next())
            else {
                problems.add(format_args!(
                    "cannot parse line of /proc/schedstat: {}",
                    parse::excerpt(line)
                ));
                continue;
            };
            let labels = [("cpu", parse::text(cpu))];
            out.sample(&RUNNING, &labels, running as f64 / NANOSECONDS);
            out.sample(&WAITING, &labels, waiting as f64 / NANOSECONDS);
            out.sample(&TIMESLICES, &labels, timeslices as f64);
        }
        problems.into_result()
    }
}

#[cfg(test)]
mod tests;
