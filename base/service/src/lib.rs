//! How a process starts, reads configuration, logs, counts itself, reports health and stops.
