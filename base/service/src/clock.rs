//! The one place that asks the kernel for the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use model::{Clock, Millis};

/// The wall clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// Returns milliseconds since 1970; negative if the machine believes it is earlier.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else takes as an argument"
    )]
    fn now(&self) -> Millis {
        let now = SystemTime::now();
        match now.duration_since(UNIX_EPOCH) {
            Ok(since) => Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX),
            Err(before) => {
                Millis::try_from(before.duration().as_millis()).map_or(Millis::MIN, |millis| -millis)
            }
        }
    }
}

#[cfg(test)]
mod tests;
