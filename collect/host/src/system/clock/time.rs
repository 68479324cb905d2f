//! Collector `time`: what the clock shows, in which time zone, and what drives it.
//!
//! The time zone is the machine's (`/etc/localtime`, UTC without one), not the process's.

use model::{Family, Sink};

use super::zone;
use crate::{CollectError, Collector, Problems, Root, attribute, parse};

const SECONDS: Family<'_> = Family::gauge("node_time_seconds", "The machine's time, in seconds since 1970.");
const ZONE_OFFSET: Family<'_> = Family::gauge(
    "node_time_zone_offset_seconds",
    "Local time less UTC in the machine's time zone, in seconds.",
);
const AVAILABLE: Family<'_> = Family::gauge(
    "node_time_clocksource_available_info",
    "1 for every clock source that the kernel could use.",
);
const CURRENT: Family<'_> = Family::gauge(
    "node_time_clocksource_current_info",
    "1 for the clock source that the kernel uses.",
);
const SOURCE_DIR: &str = "sys/devices/system/clocksource";
const NANOSECONDS: i64 = 1_000_000_000;

/// Collects `node_time_*`.
pub(crate) struct Time {
    now_ns: fn() -> i64,
    buffer: Vec<u8>,
}

impl Default for Time {
    fn default() -> Self {
        Self {
            now_ns: kernel_now_ns,
            buffer: Vec::new(),
        }
    }
}

impl Collector for Time {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        let now_ns = (self.now_ns)();
        out.sample(&SECONDS, &[], now_ns as f64 / NANOSECONDS as f64);
        let zone = match zone::read(root, &mut self.buffer) {
            Ok(bytes) => zone::at(bytes, now_ns.div_euclid(NANOSECONDS)).unwrap_or_else(|| {
                problems.add("cannot parse /etc/localtime");
                zone::UTC
            }),
            Err(CollectError::Absent { .. }) => zone::UTC,
            Err(error) => {
                problems.add_error(&error);
                zone::UTC
            }
        };
        out.sample(&ZONE_OFFSET, &[("time_zone", zone.name)], f64::from(zone.offset));
        self.collect_sources(root, out, &mut problems);
        problems.into_result()
    }
}

impl Time {
    fn collect_sources(&mut self, root: &Root, out: &mut dyn Sink, problems: &mut Problems) {
        let names = match root.list(SOURCE_DIR) {
            Ok(names) => names,
            Err(CollectError::Absent { .. }) => return,
            Err(error) => return problems.add_error(&error),
        };
        for name in &names {
            let Some(device) = name.strip_prefix("clocksource") else {
                continue;
            };
            match root.read(
                format!("{SOURCE_DIR}/{name}/available_clocksource"),
                &mut self.buffer,
            ) {
                Ok(bytes) => {
                    for source in parse::words(bytes) {
                        let labels = [("device", device), ("clocksource", parse::text(source))];
                        out.sample(&AVAILABLE, &labels, 1.0);
                    }
                }
                Err(error) => problems.add_error(&error),
            }
            let path = format!("{SOURCE_DIR}/{name}/current_clocksource");
            match attribute::text(root, path, &mut self.buffer) {
                Ok(source) => {
                    out.sample(&CURRENT, &[("device", device), ("clocksource", &source)], 1.0);
                }
                Err(error) => problems.add_error(&error),
            }
        }
    }
}

fn kernel_now_ns() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec.saturating_mul(NANOSECONDS).saturating_add(now.tv_nsec)
}

#[cfg(test)]
mod tests;
