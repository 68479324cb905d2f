//! SCSI tape drives: `/sys/class/scsi_tape/*/stats`.
//!
//! Source: the kernel's `Documentation/scsi/st.rst`.

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root};

/// Seconds of a nanosecond.
const NS: f64 = 0.000_000_001;

/// Files with their families, and what to multiply by.
const FILES: [(&str, Family<'_>, f64); 10] = [
    (
        "in_flight",
        Family::gauge("node_tape_io_now", "I/Os in progress."),
        1.0,
    ),
    (
        "io_ns",
        Family::counter(
            "node_tape_io_time_seconds_total",
            "Seconds that all I/Os took, with movements of the tape.",
        ),
        NS,
    ),
    (
        "other_cnt",
        Family::counter(
            "node_tape_io_others_total",
            "I/Os that were neither read nor write.",
        ),
        1.0,
    ),
    (
        "read_byte_cnt",
        Family::counter("node_tape_read_bytes_total", "Bytes read."),
        1.0,
    ),
    (
        "read_cnt",
        Family::counter("node_tape_reads_completed_total", "Reads."),
        1.0,
    ),
    (
        "read_ns",
        Family::counter(
            "node_tape_read_time_seconds_total",
            "Seconds that all reads took.",
        ),
        NS,
    ),
    (
        "resid_cnt",
        Family::counter(
            "node_tape_residual_total",
            "Reads and writes whose length was not that of the block on the tape.",
        ),
        1.0,
    ),
    (
        "write_byte_cnt",
        Family::counter("node_tape_written_bytes_total", "Bytes written."),
        1.0,
    ),
    (
        "write_cnt",
        Family::counter("node_tape_writes_completed_total", "Writes."),
        1.0,
    ),
    (
        "write_ns",
        Family::counter(
            "node_tape_write_time_seconds_total",
            "Seconds that all writes took.",
        ),
        NS,
    ),
];

/// Collector `tapestats`.
#[derive(Default)]
pub(crate) struct TapeStats {
    reader: Reader,
}

impl Collector for TapeStats {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let reader = &mut self.reader;
        let class = Folder::open(root, "sys/class/scsi_tape")?;
        let listed = class.each(|device, _| {
            if is_drive(device)
                && let Some(folder) = class.folder(device).and_then(|folder| folder.folder("stats"))
            {
                for (file, family, scale) in &FILES {
                    if let Some(value) = reader.unsigned(&folder, file) {
                        out.sample(family, &[("device", device)], value as f64 * scale);
                    }
                }
            }
        });
        if let Err(error) = listed {
            reader.problem(format_args!("failed to list /sys/class/scsi_tape: {error}"));
        }
        reader.finish()
    }
}

/// Tells a drive `st0` from its other names: `nst0` does not rewind, `st0a` has another density.
fn is_drive(name: &str) -> bool {
    name.strip_prefix("st")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
