//! How much may come how fast.

use model::{Clock, IngestError, Millis};
use parking_lot::Mutex;

use crate::config::StoreConfig;

const MINUTE: Millis = 60_000;
const SECOND: Millis = 1000;

/// Counts within the current minute and second of the clock.
#[derive(Default)]
struct Rates {
    minute: Millis,
    new_series: usize,
    /// Samples that may come at `at`, up to a second's worth; below zero after a batch larger than that.
    allowance: i64,
    at: Millis,
}

/// Rates of a store; without limits they cost nothing.
pub(crate) struct Limits {
    new_series: Option<usize>,
    samples: Option<u64>,
    rates: Mutex<Rates>,
}

impl Limits {
    /// Takes the limits of a configuration.
    pub(crate) fn new(config: &StoreConfig) -> Self {
        Self {
            new_series: config.max_new_series_per_minute,
            samples: config.max_samples_per_second,
            rates: Mutex::new(Rates {
                allowance: config.max_samples_per_second.map_or(0, u64::cast_signed),
                at: Millis::MIN,
                ..Rates::default()
            }),
        }
    }

    /// Returns how many series a minute may be created.
    pub(crate) fn max_new_series(&self) -> usize {
        self.new_series.unwrap_or(usize::MAX)
    }

    /// Admits a batch of `n` samples. A batch is admitted as a whole once there is any allowance; what it takes
    /// too much is missing for those after it.
    pub(crate) fn admit(&self, n: usize, clock: &dyn Clock) -> Result<(), IngestError> {
        let Some(limit) = self.samples else {
            return Ok(());
        };
        let now = clock.now();
        let mut rates = self.rates.lock();
        let elapsed = now.saturating_sub(rates.at).max(0);
        let per_second = i64::try_from(limit).unwrap_or(i64::MAX);
        let gained = per_second.saturating_mul(elapsed) / SECOND;
        if gained > 0 {
            rates.allowance = rates.allowance.saturating_add(gained).min(per_second);
            rates.at = now;
        }
        if rates.allowance <= 0 {
            return Err(IngestError::RateLimited { limit });
        }
        rates.allowance = rates
            .allowance
            .saturating_sub(i64::try_from(n).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Returns how many more series may be created this minute.
    pub(crate) fn new_series_left(&self, clock: &dyn Clock) -> usize {
        let Some(limit) = self.new_series else {
            return usize::MAX;
        };
        let minute = clock.now().div_euclid(MINUTE);
        let mut rates = self.rates.lock();
        if rates.minute != minute {
            rates.minute = minute;
            rates.new_series = 0;
        }
        limit.saturating_sub(rates.new_series)
    }

    /// Notes that series were created.
    pub(crate) fn created(&self, n: usize) {
        if n > 0 && self.new_series.is_some() {
            self.rates.lock().new_series += n;
        }
    }
}
