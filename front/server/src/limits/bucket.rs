//! A token bucket that may be overdrawn: what was taken is known only after it was taken, so the debt delays what
//! comes next.

use model::Millis;

#[derive(Debug)]
pub(super) struct Bucket {
    /// Tokens each millisecond.
    rate: f64,
    capacity: f64,
    /// Tokens left; negative when overdrawn.
    tokens: f64,
    filled_at: Option<Millis>,
}

impl Bucket {
    /// Holds what two seconds bring.
    pub(super) fn per_second(n: u64) -> Self {
        Self::new(n as f64 / 1000.0, 2.0 * n as f64)
    }

    /// Holds what one minute brings.
    pub(super) fn per_minute(n: u64) -> Self {
        Self::new(n as f64 / 60_000.0, n as f64)
    }

    fn new(rate: f64, capacity: f64) -> Self {
        Self {
            rate,
            capacity,
            tokens: capacity,
            filled_at: None,
        }
    }

    fn fill(&mut self, now: Millis) {
        let passed = self.filled_at.map_or(0, |at| now.saturating_sub(at).max(0));
        self.filled_at = Some(now);
        self.tokens = (self.tokens + passed as f64 * self.rate).min(self.capacity);
    }

    /// Takes tokens, whether they are there or not.
    pub(super) fn take(&mut self, n: u64, now: Millis) {
        self.fill(now);
        self.tokens -= n as f64;
    }

    /// Takes a token if there is one.
    pub(super) fn try_take(&mut self, now: Millis) -> bool {
        self.fill(now);
        let there = self.tokens >= 1.0;
        if there {
            self.tokens -= 1.0;
        }
        there
    }

    /// Returns after how many seconds the debt is paid, `None` if there is none.
    pub(super) fn wait_seconds(&mut self, now: Millis) -> Option<u32> {
        self.fill(now);
        if self.tokens >= 0.0 {
            return None;
        }
        let seconds = (-self.tokens / self.rate / 1000.0).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded by the line"
        )]
        let seconds = seconds.clamp(1.0, 3600.0) as u32;
        Some(seconds)
    }
}
