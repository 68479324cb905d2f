//! Mounted bcachefs file systems: `/sys/fs/bcachefs`.

use std::fmt::Write;

use model::{Family, Sink};
use rustix::fs::FileType;

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

const INFO: Family<'_> = Family::gauge("node_bcachefs_info", "A mounted file system; always 1.");
const BTREE_CACHE: Family<'_> = Family::gauge(
    "node_bcachefs_btree_cache_size_bytes",
    "Memory that the cached tree takes.",
);
const COMPRESSED: Family<'_> = Family::gauge(
    "node_bcachefs_compression_compressed_bytes",
    "Size of compressed data.",
);
const UNCOMPRESSED: Family<'_> = Family::gauge(
    "node_bcachefs_compression_uncompressed_bytes",
    "Size of compressed data before it was compressed.",
);
const ERRORS: Family<'_> = Family::counter("node_bcachefs_errors_total", "Errors found.");
const BTREE_WRITES: Family<'_> = Family::counter("node_bcachefs_btree_writes_total", "Writes of the tree.");
const BTREE_WRITE_SIZE: Family<'_> = Family::gauge(
    "node_bcachefs_btree_write_average_size_bytes",
    "Size of writes of the tree, on average.",
);
const DEVICE_INFO: Family<'_> = Family::gauge(
    "node_bcachefs_device_info",
    "What a device is called and what it does; always 1.",
);
const BUCKET_SIZE: Family<'_> = Family::gauge(
    "node_bcachefs_device_bucket_size_bytes",
    "Size of a bucket of a device.",
);
const BUCKETS: Family<'_> = Family::gauge("node_bcachefs_device_buckets", "Buckets of a device.");
const DURABILITY: Family<'_> = Family::gauge(
    "node_bcachefs_device_durability",
    "Copies that one on a device counts for.",
);
const IO_DONE: Family<'_> = Family::counter(
    "node_bcachefs_device_io_done_bytes_total",
    "Bytes read and written on a device.",
);
const IO_ERRORS: Family<'_> = Family::counter(
    "node_bcachefs_device_io_errors_total",
    "Errors of a device since the file system was made.",
);

/// Title of the part of `io_errors` that only grows.
const SINCE_CREATION: &[u8] = b"IO errors since filesystem creation";

/// Collector `bcachefs`.
#[derive(Default)]
pub(crate) struct Bcachefs {
    reader: Reader,
    label: String,
    state: String,
    name: String,
    help: String,
}

impl Collector for Bcachefs {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let all = Folder::open(root, "sys/fs/bcachefs")?;
        let mut mounted = 0;
        let listed = all.each(|uuid, _| {
            if let Some(folder) = all.folder(uuid) {
                mounted += 1;
                self.collect_file_system(uuid, &folder, out);
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list /sys/fs/bcachefs: {error}"));
        }
        self.reader.finish()?;
        if mounted == 0 {
            return Err(CollectError::Absent {
                what: "a mounted bcachefs file system".to_owned(),
            });
        }
        Ok(())
    }
}

impl Bcachefs {
    fn collect_file_system(&mut self, name: &str, folder: &Folder, out: &mut dyn Sink) {
        let uuid = ("uuid", name);
        out.sample(&INFO, &[uuid], 1.0);
        out.sample(
            &BTREE_CACHE,
            &[uuid],
            value(&mut self.reader, folder, "btree_cache_size"),
        );
        let (lines, problems) = self.reader.bytes_or_empty(folder, "compression_stats");
        for line in parse::lines(lines).skip(1) {
            let Some((kind, [compressed, uncompressed])) = row(line, bytes_for_people) else {
                problems.add(format_args!("cannot read compression_stats of {name}"));
                continue;
            };
            let labels = [uuid, ("algorithm", kind)];
            out.sample(&COMPRESSED, &labels, compressed);
            out.sample(&UNCOMPRESSED, &labels, uncompressed);
        }
        let (lines, problems) = self.reader.bytes_or_empty(folder, "errors");
        for line in parse::lines(lines) {
            let mut words = parse::words(line);
            let kind = words.next().map(parse::text);
            match (kind, words.next().and_then(parse::unsigned)) {
                (Some(kind), Some(count)) => {
                    out.sample(&ERRORS, &[uuid, ("error_type", kind)], count as f64);
                }
                _ => problems.add(format_args!("cannot read errors of {name}")),
            }
        }
        let (lines, problems) = self.reader.bytes_or_empty(folder, "btree_write_stats");
        for line in parse::lines(lines).skip(1) {
            let Some((kind, [writes, size])) = row(line, bytes_for_people) else {
                problems.add(format_args!("cannot read btree_write_stats of {name}"));
                continue;
            };
            out.sample(&BTREE_WRITES, &[uuid, ("type", kind)], writes);
            out.sample(&BTREE_WRITE_SIZE, &[uuid, ("type", kind)], size);
        }
        if let Some(folder) = folder.folder("counters") {
            self.collect_counters(uuid, &folder, out);
        }
        let listed = folder.each(|entry, _| {
            if let Some(device) = entry.strip_prefix("dev-")
                && let Some(folder) = folder.folder(entry)
            {
                self.collect_device([uuid, ("device", device)], &folder, out);
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list devices of {name}: {error}"));
        }
    }

    /// Hands over the folder of counters, each a family of its own.
    fn collect_counters(&mut self, uuid: (&str, &str), folder: &Folder, out: &mut dyn Sink) {
        let listed = folder.each(|counter, kind| {
            if kind == FileType::Directory {
                return;
            }
            let Some((text, problems)) = self.reader.bytes_and_problems(folder, counter) else {
                return;
            };
            let value = parse::lines(text)
                .find_map(|line| line.strip_prefix(b"since filesystem creation:"))
                .and_then(|value| bytes_for_people(value.trim_ascii()));
            let Some(value) = value else {
                problems.add(format_args!("cannot read counter {counter} of {}", uuid.1));
                return;
            };
            self.name.clear();
            self.help.clear();
            self.name.push_str("node_bcachefs_");
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            self.name.extend(counter.chars().map(plain));
            self.name.push_str("_total");
            let written = write!(self.help, "Counter {counter} since the file system was made.");
            debug_assert!(written.is_ok(), "writing to a string does not fail");
            out.sample(&Family::counter(&self.name, &self.help), &[uuid], value);
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list counters of {}: {error}", uuid.1));
        }
    }

    fn collect_device(&mut self, labels: [(&str, &str); 2], folder: &Folder, out: &mut dyn Sink) {
        let Self {
            reader, label, state, ..
        } = self;
        let [uuid, device] = labels;
        let label = reader.text(folder, "label", label).unwrap_or("");
        let state = reader.text(folder, "state", state).unwrap_or("");
        out.sample(
            &DEVICE_INFO,
            &[uuid, device, ("label", label), ("state", state)],
            1.0,
        );
        for (file, family) in [
            ("bucket_size", &BUCKET_SIZE),
            ("nbuckets", &BUCKETS),
            ("durability", &DURABILITY),
        ] {
            out.sample(family, &labels, value(reader, folder, file));
        }
        let mut operation = None;
        let (io_done, problems) = reader.bytes_or_empty(folder, "io_done");
        for line in parse::lines(io_done) {
            match (line.trim_ascii(), operation) {
                (b"read:", _) => operation = Some("read"),
                (b"write:", _) => operation = Some("write"),
                (line, Some(operation)) => match pair(line) {
                    Some((kind, value)) => {
                        let labels = [uuid, device, ("operation", operation), ("data_type", kind)];
                        out.sample(&IO_DONE, &labels, value);
                    }
                    None => problems.add(format_args!("cannot read io_done of {}", device.1)),
                },
                (_, None) => {}
            }
        }
        let (io_errors, problems) = reader.bytes_or_empty(folder, "io_errors");
        let since_creation = parse::lines(io_errors)
            .skip_while(|line| !line.starts_with(SINCE_CREATION))
            .skip(1)
            .take_while(|line| !line.starts_with(b"IO errors since "));
        for line in since_creation {
            match pair(line.trim_ascii()) {
                Some((kind, value)) => out.sample(&IO_ERRORS, &[uuid, device, ("type", kind)], value),
                None => problems.add(format_args!("cannot read io_errors of {}", device.1)),
            }
        }
    }
}

/// Reads a number that not all kernels have, 0 without it.
fn value(reader: &mut Reader, folder: &Folder, file: &str) -> f64 {
    let Some((text, problems)) = reader.bytes_and_problems(folder, file) else {
        return 0.0;
    };
    bytes_for_people(text).unwrap_or_else(|| {
        problems.add(format_args!("no number in {file}"));
        0.0
    })
}

/// Splits `lz4:   19.3G   67.0G` into its name and the two numbers after it.
fn row(line: &[u8], number: fn(&[u8]) -> Option<f64>) -> Option<(&str, [f64; 2])> {
    let mut words = parse::words(line);
    let name = words.next()?;
    let name = name.strip_suffix(b":").unwrap_or(name);
    Some((
        parse::text(name),
        [number(words.next()?)?, number(words.next()?)?],
    ))
}

/// Splits `btree       :         4456448`.
fn pair(line: &[u8]) -> Option<(&str, f64)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let value = parse::unsigned(value.strip_prefix(b":")?.trim_ascii())?;
    Some((parse::text(name.trim_ascii()), value as f64))
}

/// Parses `544M` or `67.5k`; letters stand for powers of 1024. The result is whole.
fn bytes_for_people(text: &[u8]) -> Option<f64> {
    let (last, front) = text.split_last()?;
    let power = b"KMGTPE"
        .iter()
        .position(|letter| *letter == last.to_ascii_uppercase());
    let (front, unit) = match power {
        Some(power) => (front, 1024_f64.powi(i32::try_from(power).ok()? + 1)),
        None => (text, 1.0),
    };
    Some((parse::number(front.trim_ascii())? * unit).trunc())
}

#[cfg(test)]
mod tests;
