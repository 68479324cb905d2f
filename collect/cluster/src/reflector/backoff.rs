//! How long to wait before the next attempt.

use std::time::Duration;

use rand::RngExt as _;

/// Times of a reflector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Wait after the first failure; doubles with each further one.
    pub(crate) min_wait: Duration,
    /// Longest wait after failures that pass.
    pub(crate) max_wait: Duration,
    /// Wait after failures that last until somebody acts (missing permission, a kind that does not exist).
    pub(crate) slow_wait: Duration,
    /// A watch of this length was a good one.
    pub(crate) healthy: Duration,
    /// Shortest time a watch is asked for; the server is given up to twice as much, so that not all end together.
    pub(crate) min_watch: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            min_wait: Duration::from_millis(500),
            max_wait: Duration::from_secs(30),
            slow_wait: Duration::from_secs(120),
            healthy: Duration::from_secs(10),
            min_watch: Duration::from_secs(300),
        }
    }
}

impl Timing {
    /// Returns how long a watch is asked for.
    pub(crate) fn watch_length(&self) -> Duration {
        self.min_watch.mul_f64(rand::rng().random_range(1.0..2.0))
    }

    /// Returns the wait after failures that last.
    pub(crate) fn slow(&self) -> Duration {
        jitter(self.slow_wait)
    }
}

/// Waits grow twofold from failure to failure, up to a bound.
#[derive(Debug)]
pub(crate) struct Backoff {
    timing: Timing,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(timing: Timing) -> Self {
        Self { timing, failures: 0 }
    }

    /// Forgets the failures: something went well.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Returns how many failures there were since something went well.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and returns how long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let factor = 1 << self.failures.min(10);
        self.failures = self.failures.saturating_add(1);
        jitter((self.timing.min_wait * factor).min(self.timing.max_wait))
    }

    /// Returns how long to wait after a watch that ended in order: not at all after a good one.
    pub(crate) fn after_end(&mut self) -> Duration {
        if self.failures == 0 {
            // Counts, so that a second end soon after waits.
            self.failures = 1;
            return Duration::ZERO;
        }
        self.next()
    }
}

/// Returns a time of half to all of `wait`, so that those who failed together do not come back together.
fn jitter(wait: Duration) -> Duration {
    wait.mul_f64(rand::rng().random_range(0.5..1.0))
}
