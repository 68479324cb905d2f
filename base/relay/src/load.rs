//! How many lanes the load asks for.
//!
//! A lane has one request under way at a time. What comes in, times the time that a unit of it takes to deliver, is
//! how many requests must be under way at once. What waits in the log is added as if it came in over twenty seconds.

use std::time::Duration;

use tokio::time::Instant;

/// Weight of the newest interval in the averages.
const NEWEST: f64 = 0.2;
/// Over how many seconds a backlog is to be worked off.
const CATCH_UP_SECONDS: f64 = 20.0;
/// Changes smaller than these are not worth the pause that a change costs.
const GROW: f64 = 1.3;
const SHRINK: f64 = 0.7;

/// What was moved in an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    /// Weight that came in.
    pub(crate) received: u64,
    /// Weight that was delivered or refused.
    pub(crate) sent: u64,
    /// Time that lanes spent on requests, waits between tries included.
    pub(crate) busy: Duration,
}

/// Averages of the load.
#[derive(Debug)]
pub(crate) struct Load {
    since: Instant,
    received: Option<f64>,
    sent: Option<f64>,
    busy: Option<f64>,
}

impl Load {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            since: now,
            received: None,
            sent: None,
            busy: None,
        }
    }

    /// Takes in what was moved since the last time.
    pub(crate) fn take(&mut self, moved: Moved, now: Instant) {
        let seconds = now.duration_since(self.since).as_secs_f64().max(1e-3);
        self.since = now;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rate needs no more digits than a float has"
        )]
        let rates = [moved.received as f64, moved.sent as f64, moved.busy.as_secs_f64()].map(|n| n / seconds);
        let averages = [&mut self.received, &mut self.sent, &mut self.busy];
        for (average, rate) in averages.into_iter().zip(rates) {
            *average = Some(average.map_or(rate, |average| average + NEWEST * (rate - average)));
        }
    }

    /// Returns how many lanes there should be, given how many there are, within bounds.
    pub(crate) fn lanes(&self, now: usize, backlog: u64, (min, max): (usize, usize)) -> usize {
        let (Some(received), Some(sent), Some(busy)) = (self.received, self.sent, self.busy) else {
            return now.clamp(min, max);
        };
        if sent <= 0.0 {
            return now.clamp(min, max);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a number of lanes needs no more digits than a float has"
        )]
        let (wanted, current) = {
            let seconds_each = busy / sent;
            (
                seconds_each * (received + backlog as f64 / CATCH_UP_SECONDS),
                now as f64,
            )
        };
        if wanted > current * GROW || wanted < current * SHRINK {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of lanes is small, and the cast saturates"
            )]
            let lanes = wanted.ceil() as usize;
            lanes.clamp(min, max)
        } else {
            now.clamp(min, max)
        }
    }
}

#[cfg(test)]
mod tests;
