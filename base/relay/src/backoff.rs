//! How long to wait before trying again.

use std::time::Duration;

use crate::RelayConfig;

/// Waits that double up to a bound.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    max: Duration,
    max_asked: Duration,
}

impl Backoff {
    pub(crate) fn new(config: &RelayConfig) -> Self {
        Self {
            next: config.min_backoff,
            max: config.max_backoff,
            max_asked: config.max_retry_after,
        }
    }

    /// Returns how long to wait now. `jitter` from 0 to 1 shortens what is chosen here by up to a quarter, so that
    /// many senders do not come back at once; what the receiver asks for is never cut short, except by its bound.
    pub(crate) fn wait(&mut self, asked: Option<Duration>, jitter: f64) -> Duration {
        let chosen = self.next.mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0));
        self.next = (self.next * 2).min(self.max);
        match asked {
            Some(asked) => asked.min(self.max_asked).max(chosen),
            None => chosen,
        }
    }
}

#[cfg(test)]
mod tests;
