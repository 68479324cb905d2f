//! Bounds of a relay.

use std::time::Duration;

/// Bounds of a relay. The defaults are those of `queue_config` in Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayConfig {
    /// Weight that may wait in one lane.
    pub capacity: usize,
    /// Lanes at least.
    pub min_lanes: usize,
    /// Lanes at most.
    pub max_lanes: usize,
    /// Weight of one request at most, unless a single parcel weighs more.
    pub max_request: usize,
    /// How long a parcel waits for others at most.
    pub deadline: Duration,
    /// First wait before a request is tried again.
    pub min_backoff: Duration,
    /// Longest wait that is chosen here.
    pub max_backoff: Duration,
    /// Longest wait that a receiver may ask for.
    pub max_retry_after: Duration,
}

impl Default for RelayConfig {
    /// 10,000 waiting a lane, 1 to 50 lanes, 2,000 a request, 5 s, backoff from 30 ms to 5 s, Retry-After up to 5
    /// minutes.
    fn default() -> Self {
        Self {
            capacity: 10_000,
            min_lanes: 1,
            max_lanes: 50,
            max_request: 2_000,
            deadline: Duration::from_secs(5),
            min_backoff: Duration::from_millis(30),
            max_backoff: Duration::from_secs(5),
            max_retry_after: Duration::from_secs(300),
        }
    }
}

impl RelayConfig {
    /// Returns the bounds with those that contradict each other put right: at least one lane, one unit of weight.
    pub(crate) fn settled(mut self) -> Self {
        self.min_lanes = self.min_lanes.max(1);
        self.max_lanes = self.max_lanes.max(self.min_lanes);
        self.max_request = self.max_request.max(1);
        self.capacity = self.capacity.max(self.max_request);
        self.max_backoff = self.max_backoff.max(self.min_backoff);
        self
    }
}
