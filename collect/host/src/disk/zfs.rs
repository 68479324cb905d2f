//! ZFS, as far as its kernel module keeps statistics: `/proc/spl/kstat/zfs`.
//!
//! Names are made of what the module says, `node_zfs_arc_hits` for `hits` of `arcstats`, and have no type because
//! the files do not tell counters from gauges. Format: `kstat_seq_show` of OpenZFS' `spl-kstat.c`.

use std::fmt::Write;

use model::{Family, Sink};
use rustix::fs::FileType;

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

/// Files of the module, with what their names become.
const FILES: [(&str, &str); 11] = [
    ("abdstats", "zfs_abd"),
    ("arcstats", "zfs_arc"),
    ("dbufstats", "zfs_dbuf"),
    ("dmu_tx", "zfs_dmu_tx"),
    ("dnodestats", "zfs_dnode"),
    ("fm", "zfs_fm"),
    ("vdev_cache_stats", "zfs_vdev_cache"),
    ("vdev_mirror_stats", "zfs_vdev_mirror"),
    ("xuio_stats", "zfs_xuio"),
    ("zfetchstats", "zfs_zfetch"),
    ("zil", "zfs_zil"),
];

const STATE: Family<'_> = Family::gauge(
    "node_zfs_zpool_state",
    "1 for the state the pool is in, otherwise 0.",
);

const STATES: [&str; 7] = [
    "online",
    "degraded",
    "faulted",
    "offline",
    "removed",
    "unavail",
    "suspended",
];

/// Collector `zfs`.
#[derive(Default)]
pub(crate) struct Zfs {
    reader: Reader,
    writer: Writer,
}

/// Makes families out of what the module says.
#[derive(Default)]
struct Writer {
    name: String,
    help: String,
    dataset: String,
}

impl Collector for Zfs {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let Self { reader, writer } = self;
        let folder = Folder::open(root, "proc/spl/kstat/zfs")?;
        for (file, subsystem) in FILES {
            // Older modules have fewer files.
            let Some((text, problems)) = reader.bytes_and_problems(&folder, file) else {
                continue;
            };
            let mut rows = rows(text).peekable();
            if rows.peek().is_none() {
                problems.add(format_args!("no statistics in {file}"));
            }
            for row in rows {
                match row.number() {
                    Some(Some(value)) => out.sample(&writer.family(subsystem, row.name), &[], value),
                    Some(None) => problems.add(format_args!("no number for {} in {file}", row.name)),
                    None => {}
                }
            }
        }
        let listed = folder.each(|pool, kind| {
            if kind != FileType::RegularFile
                && let Some(folder) = folder.folder(pool)
            {
                collect_pool(pool, &folder, (&mut *reader, &mut *writer), out);
            }
        });
        if let Err(error) = listed {
            reader.problem(format_args!("failed to list pools: {error}"));
        }
        reader.finish()
    }
}

fn collect_pool(
    pool: &str,
    folder: &Folder,
    (reader, writer): (&mut Reader, &mut Writer),
    out: &mut dyn Sink,
) {
    let zpool = ("zpool", pool);
    if let Some(state) = reader.bytes(folder, "state") {
        for known in STATES {
            let is = f64::from(u8::from(known.as_bytes().eq_ignore_ascii_case(state)));
            out.sample(&STATE, &[zpool, ("state", known)], is);
        }
    }
    if let Some((text, problems)) = reader.bytes_and_problems(folder, "io") {
        let mut lines = parse::lines(text).skip_while(|line| !line.starts_with(b"nread"));
        if let (Some(titles), Some(values)) = (lines.next(), lines.next()) {
            for (title, value) in parse::words(titles).zip(parse::words(values)) {
                let title = parse::text(title);
                match parse::unsigned(value) {
                    Some(value) => out.sample(&writer.family("zfs_zpool", title), &[zpool], value as f64),
                    None => problems.add(format_args!("no number for {title} of {pool}")),
                }
            }
        }
    }
    let listed = folder.each(|file, _| {
        if !file.starts_with("objset-") {
            return;
        }
        let Some((text, problems)) = reader.bytes_and_problems(folder, file) else {
            return;
        };
        let mut dataset = std::mem::take(&mut writer.dataset);
        dataset.clear();
        for row in rows(text) {
            if row.name == "dataset_name" {
                dataset.push_str(&String::from_utf8_lossy(row.value));
            } else if row.kind == b"4" {
                let labels = [zpool, ("dataset", dataset.as_str())];
                match row.number() {
                    Some(Some(value)) => {
                        out.sample(&writer.family("zfs_zpool_dataset", row.name), &labels, value);
                    }
                    _ => problems.add(format_args!("no number for {} of {pool}", row.name)),
                }
            }
        }
        writer.dataset = dataset;
    });
    if let Err(error) = listed {
        reader.problem(format_args!("failed to list datasets of {pool}: {error}"));
    }
}

impl Writer {
    fn family(&mut self, subsystem: &str, name: &str) -> Family<'_> {
        // Some names have parts: the last one counts.
        let name = name.rsplit('.').next().unwrap_or(name);
        self.name.clear();
        self.help.clear();
        let written = write!(self.name, "node_{subsystem}_").is_ok()
            && write!(self.help, "The module's {name} of {subsystem}.").is_ok();
        debug_assert!(written, "writing to a string does not fail");
        self.name
            .extend(name.chars().map(|c| if c == '-' { '_' } else { c }));
        Family::untyped(&self.name, &self.help)
    }
}

/// A row of a table of statistics.
struct Row<'t> {
    name: &'t str,
    /// Type of the value: 3 is a signed, 4 an unsigned number of 64 bits, 7 a text.
    kind: &'t [u8],
    /// The rest of the line.
    value: &'t [u8],
}

impl Row<'_> {
    /// Returns the number, `Some(None)` if it does not parse, `None` if it is none.
    fn number(&self) -> Option<Option<f64>> {
        let value = parse::words(self.value).next()?;
        match self.kind {
            b"3" => Some(parse::number(value)),
            b"4" => Some(parse::unsigned(value).map(|value| value as f64)),
            _ => None,
        }
    }
}

/// Iterates over the rows after the titles `name type data`.
fn rows(text: &[u8]) -> impl Iterator<Item = Row<'_>> {
    parse::lines(text)
        .skip_while(|line| !parse::words(line).eq([&b"name"[..], b"type", b"data"]))
        .skip(1)
        .filter_map(|line| {
            let end = line.iter().position(u8::is_ascii_whitespace)?;
            let (name, rest) = line.split_at_checked(end)?;
            let rest = rest.trim_ascii_start();
            let end = rest.iter().position(u8::is_ascii_whitespace)?;
            let (kind, value) = rest.split_at_checked(end)?;
            let name = std::str::from_utf8(name).ok()?;
            Some(Row {
                name,
                kind,
                value: value.trim_ascii(),
            })
        })
}

#[cfg(test)]
mod tests;
