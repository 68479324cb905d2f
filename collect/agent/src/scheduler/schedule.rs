//! When ticks fall due. Pure: it is told the time.

use std::time::Duration;

use model::Millis;

/// Time from the first tick to the second, so that rates exist soon after the start.
const FIRST_GAP: Millis = 1000;

/// Ticks: the first at once, the second one second later, then on the multiples of the interval.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval: Millis,
    next: Millis,
    last: Millis,
    ticks: u64,
}

impl Schedule {
    /// Makes a schedule whose first tick is due now.
    pub(crate) fn new(interval: Duration, now: Millis) -> Self {
        Self {
            interval: millis(interval).max(1),
            next: now,
            last: now,
            ticks: 0,
        }
    }

    /// Returns how many ticks were taken.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Returns the timestamp of the latest tick, before the first one that of the start.
    pub(crate) fn last(&self) -> Millis {
        self.last
    }

    /// Returns how long to wait for the next tick, zero if it is due.
    pub(crate) fn wait(&mut self, now: Millis) -> Duration {
        // The clock was set back: what was planned may be hours away.
        if self.next - now > self.interval + FIRST_GAP {
            self.next = self.multiple_after(now);
        }
        Duration::from_millis(u64::try_from(self.next - now).unwrap_or(0))
    }

    /// Takes the tick that is due and returns its timestamp. Ticks that were slept through are left out.
    pub(crate) fn take(&mut self, now: Millis) -> Millis {
        let slept = now - self.next >= self.interval;
        let tick = if slept {
            self.multiple_after(now) - self.interval
        } else {
            self.next
        };
        self.last = tick;
        self.ticks += 1;
        self.next = match self.ticks {
            1 => tick + FIRST_GAP.min(self.interval),
            _ => self.multiple_after(tick),
        };
        tick
    }

    fn multiple_after(&self, time: Millis) -> Millis {
        (time.div_euclid(self.interval) + 1) * self.interval
    }
}

/// Returns a duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests;
