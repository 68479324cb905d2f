//! Collector `loadavg`: the load averages of `/proc/loadavg`.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const LOADS: [Family<'_>; 3] = [
    Family::gauge(
        "node_load1",
        "Threads that run or wait for CPU or disk, average of 1 minute.",
    ),
    Family::gauge(
        "node_load5",
        "Threads that run or wait for CPU or disk, average of 5 minutes.",
    ),
    Family::gauge(
        "node_load15",
        "Threads that run or wait for CPU or disk, average of 15 minutes.",
    ),
];

/// Collects the load averages.
#[derive(Default)]
pub(crate) struct Load {
    buffer: Vec<u8>,
}

impl Collector for Load {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/loadavg", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut words = parse::words(bytes);
        for family in &LOADS {
            match words.next().and_then(parse::number) {
                Some(load) => out.sample(family, &[], load),
                None => problems.add(format_args!("cannot parse /proc/loadavg for {}", family.name)),
            }
        }
        problems.into_result()
    }
}

#[cfg(test)]
mod tests;
