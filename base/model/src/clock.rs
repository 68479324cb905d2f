//! Time as everything above the kernel sees it.

pub mod calendar;
mod duration;

pub use duration::{format_duration, parse_duration};

/// Milliseconds since 1970-01-01T00:00:00Z, the resolution of Prometheus timestamps.
pub type Millis = i64;

/// Where the present comes from. A clock is an argument, so that tests own time.
pub trait Clock: Send + Sync {
    /// Returns the current wall-clock time.
    fn now(&self) -> Millis;
}
