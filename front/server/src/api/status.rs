//! What the server says about itself.

use std::time::Duration;

pub(crate) mod about;
pub(crate) mod features;
pub(crate) mod health;
pub(crate) mod live;
pub(crate) mod notifications;
pub(crate) mod openapi;
pub(crate) mod own_metrics;
pub(crate) mod rules;
pub(crate) mod storage;
pub(crate) mod system;

/// Writes a span as Prometheus writes durations.
pub(crate) fn format_span(span: Duration) -> String {
    model::format_duration(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}
