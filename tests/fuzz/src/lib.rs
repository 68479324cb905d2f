//! Everything that reads bytes from outside, one row each: under libFuzzer it gets bytes that are made to reach
//! code that none before reached, as a test those that once did.
//!
//! A target must return whatever the bytes are, in bounded time and memory; what it reads it may hold against what
//! the reader promises. Inputs that are compressed or checksummed outside are taken without: a fuzzer does not guess
//! a checksum.

mod configuration;
mod storage;
mod wire_formats;

/// A reader of bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The word for it, and the folder of its corpus.
    pub name: &'static str,
    /// Reads.
    pub run: fn(&[u8]),
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// All readers.
pub const TARGETS: &[Target] = &[
    target("chunk", storage::chunk),
    target("exposition_protobuf", wire_formats::exposition_protobuf),
    target("exposition_text", wire_formats::exposition_text),
    target("log_records", storage::log_records),
    target("openmetrics", wire_formats::openmetrics),
    target("otlp_json", wire_formats::otlp_json),
    target("otlp_protobuf", wire_formats::otlp_protobuf),
    target("part", storage::part),
    target("promql", wire_formats::promql),
    target("remote_read", wire_formats::remote_read),
    target("remote_write_1", wire_formats::remote_write_1),
    target("remote_write_2", wire_formats::remote_write_2),
    target("remote_write_config", configuration::remote_write),
    target("scrape_config", configuration::scrape),
    target("snappy", wire_formats::snappy),
    target("state_files", storage::state_files),
];

/// Finds a reader by its word.
pub fn find_target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
