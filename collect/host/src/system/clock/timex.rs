//! Collector `timex`: how well the clock is kept, from adjtimex(2).

use std::io;

use adjtimex::Timex as Reading;
use model::{Family, Sink};

use crate::{CollectError, Collector, Root};

/// Parts per million with 16 bits of fraction, as a ratio.
const SCALED_PPM: f64 = 65_536_000_000.0;
const MICROSECONDS: f64 = 1e6;
const NANOSECONDS: f64 = 1e9;

/// A family with the value it takes out of a reading.
type Field = (Family<'static>, fn(&Reading) -> f64);

const FIELDS: [Field; 17] = [
    (
        Family::gauge(
            "node_timex_sync_status",
            "1 if the clock is kept by a reliable server, 0 if not.",
        ),
        |reading| f64::from(u8::from(reading.state != Reading::STATE_ERROR)),
    ),
    (
        Family::gauge(
            "node_timex_offset_seconds",
            "The clock's offset to its reference, in seconds.",
        ),
        |reading| reading.offset as f64 / fractions(reading),
    ),
    (
        Family::gauge(
            "node_timex_frequency_adjustment_ratio",
            "The clock's speed, as a ratio to the hardware's.",
        ),
        |reading| 1.0 + reading.frequency as f64 / SCALED_PPM,
    ),
    (
        Family::gauge(
            "node_timex_maxerror_seconds",
            "Greatest error of the clock, in seconds.",
        ),
        |reading| reading.maximum_error as f64 / MICROSECONDS,
    ),
    (
        Family::gauge(
            "node_timex_estimated_error_seconds",
            "Estimated error of the clock, in seconds.",
        ),
        |reading| reading.estimated_error as f64 / MICROSECONDS,
    ),
    (
        Family::gauge("node_timex_status", "Status bits (STA_*)."),
        |reading| reading.status as f64,
    ),
    (
        Family::gauge(
            "node_timex_loop_time_constant",
            "Time constant of the phase-locked loop.",
        ),
        |reading| reading.constant as f64,
    ),
    (
        Family::gauge("node_timex_tick_seconds", "Time between clock ticks, in seconds."),
        |reading| reading.tick as f64 / MICROSECONDS,
    ),
    (
        Family::gauge(
            "node_timex_pps_frequency_hertz",
            "Frequency of the pulse per second.",
        ),
        |reading| reading.pps_frequency as f64 / SCALED_PPM,
    ),
    (
        Family::gauge(
            "node_timex_pps_jitter_seconds",
            "Jitter of the pulse per second, in seconds.",
        ),
        |reading| reading.pps_jitter as f64 / fractions(reading),
    ),
    (
        Family::gauge(
            "node_timex_pps_shift_seconds",
            "Calibration interval of the pulse per second, as the kernel gives it (a power of two of seconds).",
        ),
        |reading| reading.pps_shift as f64,
    ),
    (
        Family::gauge(
            "node_timex_pps_stability_hertz",
            "Stability of the pulse per second: average of recent changes of frequency.",
        ),
        |reading| reading.pps_stability as f64 / SCALED_PPM,
    ),
    (
        Family::counter(
            "node_timex_pps_jitter_total",
            "Times the pulse per second exceeded its jitter limit.",
        ),
        |reading| reading.pps_jitter_count as f64,
    ),
    (
        Family::counter(
            "node_timex_pps_calibration_total",
            "Calibration intervals of the pulse per second.",
        ),
        |reading| reading.pps_calibrations as f64,
    ),
    (
        Family::counter(
            "node_timex_pps_error_total",
            "Calibration errors of the pulse per second.",
        ),
        |reading| reading.pps_errors as f64,
    ),
    (
        Family::counter(
            "node_timex_pps_stability_exceeded_total",
            "Times the pulse per second exceeded its stability limit.",
        ),
        |reading| reading.pps_stability_count as f64,
    ),
    (
        Family::gauge(
            "node_timex_tai_offset_seconds",
            "International Atomic Time less UTC, in seconds.",
        ),
        |reading| reading.tai as f64,
    ),
];

/// Collects `node_timex_*`.
pub(crate) struct Timex {
    read: fn() -> io::Result<Reading>,
}

impl Default for Timex {
    fn default() -> Self {
        Self { read: Reading::read }
    }
}

impl Collector for Timex {
    fn collect(&mut self, _root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let reading = (self.read)().map_err(|source| {
            let what = "the kernel's clock discipline (adjtimex)".to_owned();
            if source.kind() == io::ErrorKind::PermissionDenied {
                let hint = "let the container's seccomp profile allow adjtimex";
                CollectError::Denied { what, hint }
            } else {
                CollectError::Read { what, source }
            }
        })?;
        for (family, value) in &FIELDS {
            out.sample(family, &[], value(&reading));
        }
        Ok(())
    }
}

/// Returns how many of the reading's units of offset make a second.
fn fractions(reading: &Reading) -> f64 {
    if reading.status & Reading::STATUS_NANO == 0 {
        MICROSECONDS
    } else {
        NANOSECONDS
    }
}

#[cfg(test)]
mod tests;
