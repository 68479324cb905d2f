//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// How long a condition may take before the test has failed.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Tries `condition` until it yields a value, and returns that value.
///
/// # Errors
/// It yielded none within [`DEADLINE`]; the error names `what` was waited for.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let end = Instant::now() + DEADLINE;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(value) = condition() {
            return Ok(value);
        }
        anyhow::ensure!(Instant::now() < end, "waited {DEADLINE:?} in vain for {what}");
        // Between two looks; nothing depends on how long it is.
        std::thread::park_timeout(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
