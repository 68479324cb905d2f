//! Block caches: `/sys/fs/bcache`.
//!
//! The driver writes some numbers for people, `1.5k`: see [`number`].

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

macro_rules! gauge {
    ($file:literal, $name:literal, $help:literal) => {
        ($file, Family::gauge(concat!("node_bcache_", $name), $help))
    };
}

macro_rules! counter {
    ($file:literal, $name:literal, $help:literal) => {
        ($file, Family::counter(concat!("node_bcache_", $name), $help))
    };
}

/// Files of a cache set.
const SET: [(&str, Family<'_>); 9] = [
    gauge!(
        "average_key_size",
        "average_key_size_sectors",
        "Sectors a key of the tree stands for, on average."
    ),
    gauge!(
        "btree_cache_size",
        "btree_cache_size_bytes",
        "Memory that the cached tree takes."
    ),
    gauge!(
        "cache_available_percent",
        "cache_available_percent",
        "Part of the cache without dirty data."
    ),
    gauge!("congested", "congested", "How congested the cache is."),
    gauge!(
        "root_usage_percent",
        "root_usage_percent",
        "Part of the tree's root in use."
    ),
    gauge!("tree_depth", "tree_depth", "Depth of the tree."),
    gauge!(
        "internal/active_journal_entries",
        "active_journal_entries",
        "Entries of the journal that are newer than the tree."
    ),
    gauge!("internal/btree_nodes", "btree_nodes", "Nodes of the tree."),
    counter!(
        "internal/cache_read_races",
        "cache_read_races_total",
        "Reads whose data was replaced while it was read."
    ),
];

const READ_DURATION: Family<'_> = Family::gauge(
    "node_bcache_btree_read_average_duration_seconds",
    "Seconds a read of the tree takes, on average.",
);

/// Seconds of a unit of the file: node_exporter takes it for nanoseconds, although its name says microseconds.
const DURATION_UNIT: f64 = 1e-9;

const DIRTY_DATA: Family<'_> = Family::gauge(
    "node_bcache_dirty_data_bytes",
    "Dirty data of a backing device in the cache.",
);

/// Lines of `writeback_rate_debug` of a backing device.
const WRITEBACK: [(&str, Family<'_>); 5] = [
    gauge!(
        "target",
        "dirty_target_bytes",
        "Dirty data that writeback of a backing device aims at."
    ),
    gauge!(
        "rate",
        "writeback_rate",
        "Bytes a second that a backing device is written back with."
    ),
    gauge!(
        "proportional",
        "writeback_rate_proportional_term",
        "Proportional part of the writeback rate."
    ),
    gauge!(
        "integral",
        "writeback_rate_integral_term",
        "Integral part of the writeback rate."
    ),
    gauge!("change", "writeback_change", "Last change of the writeback rate."),
];

/// Files of `stats_total` of a backing device.
const BACKING: [(&str, Family<'_>); 6] = [
    counter!(
        "bypassed",
        "bypassed_bytes_total",
        "Bytes read and written past the cache."
    ),
    counter!("cache_hits", "cache_hits_total", "I/Os found in the cache."),
    counter!(
        "cache_misses",
        "cache_misses_total",
        "I/Os not found in the cache."
    ),
    counter!(
        "cache_bypass_hits",
        "cache_bypass_hits_total",
        "I/Os past the cache that were in it."
    ),
    counter!(
        "cache_bypass_misses",
        "cache_bypass_misses_total",
        "I/Os past the cache that were not in it."
    ),
    counter!(
        "cache_miss_collisions",
        "cache_miss_collisions_total",
        "Insertions after a miss that a write was faster than."
    ),
];

/// A file of the folder above that kernels since 5.14 no longer have.
const READAHEADS: (&str, Family<'_>) = counter!("cache_readaheads", "cache_readaheads_total", "Reads ahead.");

/// Files of a cache device.
const CACHE: [(&str, Family<'_>); 3] = [
    gauge!(
        "io_errors",
        "io_errors",
        "Errors of a cache device, fading with time."
    ),
    counter!(
        "metadata_written",
        "metadata_written_bytes_total",
        "Bytes written to a cache device that are not data."
    ),
    counter!(
        "written",
        "written_bytes_total",
        "Bytes of data written to a cache device."
    ),
];

/// Collector `bcache`.
#[derive(Default)]
pub(crate) struct Bcache {
    reader: Reader,
}

impl Collector for Bcache {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let all = Folder::open(root, "sys/fs/bcache")?;
        let listed = all.each(|name, _| {
            // Identifiers have dashes; the other entries are for registration.
            if name.contains('-')
                && let Some(folder) = all.folder(name)
            {
                self.collect_set(("uuid", name), &folder, out);
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list /sys/fs/bcache: {error}"));
        }
        self.reader.finish()
    }
}

impl Bcache {
    fn collect_set(&mut self, uuid: (&str, &str), folder: &Folder, out: &mut dyn Sink) {
        for (file, family) in &SET {
            out.sample(family, &[uuid], self.value(folder, file));
        }
        let duration = self.value(folder, "internal/btree_read_average_duration_us");
        out.sample(&READ_DURATION, &[uuid], duration * DURATION_UNIT);
        let listed = folder.each(|name, _| {
            if is_numbered(name, "bdev")
                && let Some(folder) = folder.folder(name)
            {
                self.collect_backing([uuid, ("backing_device", name)], &folder, out);
            }
            if is_numbered(name, "cache")
                && let Some(folder) = folder.folder(name)
            {
                for (file, family) in &CACHE {
                    let value = self.value(&folder, file);
                    out.sample(family, &[uuid, ("cache_device", name)], value);
                }
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list devices of {}: {error}", uuid.1));
        }
    }

    fn collect_backing(&mut self, labels: [(&str, &str); 2], folder: &Folder, out: &mut dyn Sink) {
        out.sample(&DIRTY_DATA, &labels, self.value(folder, "dirty_data"));
        let bytes = self
            .reader
            .bytes(folder, "writeback_rate_debug")
            .unwrap_or_default();
        let mut values = [Some(0.0); WRITEBACK.len()];
        for line in parse::lines(bytes) {
            // `rate:		1.1M/sec`
            let mut words = parse::words(line);
            let name = words.next().and_then(|word| word.strip_suffix(b":"));
            for ((known, _), slot) in WRITEBACK.iter().zip(&mut values) {
                if name == Some(known.as_bytes()) {
                    *slot = words
                        .next()
                        .and_then(|word| signed(word.strip_suffix(b"/sec").unwrap_or(word)));
                }
            }
        }
        for ((name, family), value) in WRITEBACK.iter().zip(values) {
            match value {
                Some(value) => out.sample(family, &labels, value),
                None => self
                    .reader
                    .problem(format_args!("no number in {name} of {}", labels[1].1)),
            }
        }
        let Some(totals) = folder.folder("stats_total") else {
            return;
        };
        for (file, family) in &BACKING {
            out.sample(family, &labels, self.value(&totals, file));
        }
        let (file, family) = &READAHEADS;
        let readaheads = self.value(&totals, file);
        if readaheads != 0.0 {
            out.sample(family, &labels, readaheads);
        }
    }

    /// Reads a file that not all kernels have; 0 without it.
    fn value(&mut self, folder: &Folder, file: &str) -> f64 {
        let Some(bytes) = self.reader.bytes(folder, file) else {
            return 0.0;
        };
        let value = number(bytes);
        if value.is_none() {
            self.reader.problem(format_args!("no number in {file}"));
        }
        value.unwrap_or(0.0)
    }
}

fn is_numbered(name: &str, kind: &str) -> bool {
    name.strip_prefix(kind)
        .and_then(|rest| rest.bytes().next())
        .is_some_and(|byte| byte.is_ascii_digit())
}

fn signed(bytes: &[u8]) -> Option<f64> {
    match bytes.strip_prefix(b"-") {
        Some(rest) => number(rest).map(|value| -value),
        None => number(bytes),
    }
}

/// Parses a number as the driver's `bch_hprint` writes it: what follows the point is a remainder of up to 1023
/// divided by 100, and a letter stands for a power of 1024. The result is whole.
fn number(bytes: &[u8]) -> Option<f64> {
    let (last, front) = bytes.split_last()?;
    let power = b"kMGTPEZY".iter().position(|letter| letter == last);
    let Some(power) = power else {
        return parse::number(bytes).map(f64::trunc);
    };
    let mut parts = front.split(|byte| *byte == b'.');
    let whole = parse::unsigned(parts.next()?)? as f64;
    let remainder = match parts.next() {
        Some(remainder) => parse::unsigned(remainder)? as f64 / 10.24,
        None => 0.0,
    };
    let unit = 1024_f64.powi(i32::try_from(power).ok()? + 1);
    Some(((whole + remainder) * unit).trunc())
}

#[cfg(test)]
mod tests;
