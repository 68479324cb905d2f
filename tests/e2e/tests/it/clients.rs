//! Programs that others wrote for Prometheus and OpenTelemetry, used on us.

mod otlp;
mod promtool;
