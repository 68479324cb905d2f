//! Room and commits of every mounted Btrfs file system: `/sys/fs/btrfs`.
//!
//! What only an ioctl on the mount tells (room used on a device, its errors, its identifier) is not read: it needs
//! a call that may hang on a broken file system, and code outside of safe Rust.

use model::{Family, Sink};
use rustix::fs::FileType;

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

const INFO: Family<'_> = Family::gauge("node_btrfs_info", "Name of the file system; always 1.");
const GLOBAL_RESERVE: Family<'_> = Family::gauge(
    "node_btrfs_global_rsv_size_bytes",
    "Size of the reserve for the file system's own work.",
);
const RESERVED: Family<'_> =
    Family::gauge("node_btrfs_reserved_bytes", "Room reserved for a type of blocks.");
const USED: Family<'_> = Family::gauge("node_btrfs_used_bytes", "Room used by a type of blocks.");
const SIZE: Family<'_> = Family::gauge("node_btrfs_size_bytes", "Room allocated for a type of blocks.");
const RATIO: Family<'_> = Family::gauge(
    "node_btrfs_allocation_ratio",
    "Bytes on disk for a byte of a type of blocks.",
);
const DEVICE_SIZE: Family<'_> = Family::gauge(
    "node_btrfs_device_size_bytes",
    "Size of a device of the file system.",
);

/// Lines of `commit_stats`, with what to divide by. Kernels before 6.0 do not have the file.
const COMMITS: [(&str, Family<'_>, f64); 4] = [
    (
        "commits",
        Family::counter("node_btrfs_commits_total", "Commits."),
        1.0,
    ),
    (
        "last_commit_ms",
        Family::gauge("node_btrfs_last_commit_seconds", "Seconds the last commit took."),
        MS,
    ),
    (
        "max_commit_ms",
        Family::gauge(
            "node_btrfs_max_commit_seconds",
            "Seconds the longest commit took.",
        ),
        MS,
    ),
    (
        "total_commit_ms",
        Family::counter("node_btrfs_commit_seconds_total", "Seconds all commits took."),
        MS,
    ),
];

/// Milliseconds of a second.
const MS: f64 = 1000.0;

/// Bytes of a sector of the attribute `size` of a device.
const SECTOR: f64 = 512.0;

/// Collector `btrfs`.
#[derive(Default)]
pub(crate) struct Btrfs {
    reader: Reader,
    uuid: String,
    label: String,
}

impl Collector for Btrfs {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let all = Folder::open(root, "sys/fs/btrfs")?;
        let mut mounted = 0;
        let listed = all.each(|name, _| {
            // Identifiers have dashes, `features` has none.
            if name.contains('-')
                && let Some(folder) = all.folder(name)
            {
                mounted += 1;
                self.collect_file_system(name, &folder, out);
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list /sys/fs/btrfs: {error}"));
        }
        self.reader.finish()?;
        if mounted == 0 {
            return Err(CollectError::Absent {
                what: "a mounted Btrfs file system".to_owned(),
            });
        }
        Ok(())
    }
}

impl Btrfs {
    fn collect_file_system(&mut self, name: &str, folder: &Folder, out: &mut dyn Sink) {
        let Self { reader, uuid, label } = self;
        let uuid = reader
            .text(folder, "metadata_uuid", uuid)
            .filter(|uuid| !uuid.is_empty())
            .unwrap_or(name);
        let uuid = ("uuid", uuid);
        let label = reader.text(folder, "label", label).unwrap_or("");
        out.sample(&INFO, &[uuid, ("label", label)], 1.0);
        let devices = collect_devices(uuid, folder, reader, out);
        collect_commits(uuid, folder, reader, out);
        let reserve = reader.unsigned(folder, "allocation/global_rsv_size").unwrap_or(0);
        out.sample(&GLOBAL_RESERVE, &[uuid], reserve as f64);
        for kind in ["data", "metadata", "system"] {
            let Some(folder) = folder.folder("allocation").and_then(|folder| folder.folder(kind)) else {
                continue;
            };
            let kind = ("block_group_type", kind);
            let reserved = reader.unsigned(&folder, "bytes_reserved").unwrap_or(0);
            out.sample(&RESERVED, &[uuid, kind], reserved as f64);
            let listed = folder.each(|mode, file_type| {
                if file_type != FileType::RegularFile
                    && let Some(folder) = folder.folder(mode)
                {
                    let labels = [uuid, kind, ("mode", mode)];
                    let used = reader.unsigned(&folder, "used_bytes").unwrap_or(0);
                    let size = reader.unsigned(&folder, "total_bytes").unwrap_or(0);
                    out.sample(&USED, &labels, used as f64);
                    out.sample(&SIZE, &labels, size as f64);
                    out.sample(&RATIO, &labels, ratio(mode, devices));
                }
            });
            if let Err(error) = listed {
                reader.problem(format_args!("failed to list modes of {name}: {error}"));
            }
        }
    }
}

/// Hands over the devices and returns their number.
fn collect_devices(uuid: (&str, &str), folder: &Folder, reader: &mut Reader, out: &mut dyn Sink) -> u32 {
    let mut devices = 0;
    let Some(folder) = folder.folder("devices") else {
        return devices;
    };
    let listed = folder.each(|device, _| {
        devices += 1;
        if let Some(folder) = folder.folder(device)
            && let Some(sectors) = reader.unsigned(&folder, "size")
        {
            out.sample(&DEVICE_SIZE, &[uuid, ("device", device)], sectors as f64 * SECTOR);
        }
    });
    if let Err(error) = listed {
        reader.problem(format_args!("failed to list devices of {}: {error}", uuid.1));
    }
    devices
}

fn collect_commits(uuid: (&str, &str), folder: &Folder, reader: &mut Reader, out: &mut dyn Sink) {
    let mut values = [0_u64; COMMITS.len()];
    for line in parse::lines(reader.bytes(folder, "commit_stats").unwrap_or_default()) {
        let mut words = parse::words(line);
        let (Some(name), Some(value)) = (words.next(), words.next().and_then(parse::unsigned)) else {
            continue;
        };
        for ((known, ..), slot) in COMMITS.iter().zip(&mut values) {
            if known.as_bytes() == name {
                *slot = value;
            }
        }
    }
    for ((_, family, unit), value) in COMMITS.iter().zip(values) {
        out.sample(family, &[uuid], value as f64 / unit);
    }
}

/// Returns the bytes on disk for a byte in a mode; 0 for modes not known.
fn ratio(mode: &str, devices: u32) -> f64 {
    let devices = f64::from(devices);
    match mode {
        "single" | "raid0" => 1.0,
        "dup" | "raid1" | "raid10" => 2.0,
        "raid1c3" => 3.0,
        "raid1c4" => 4.0,
        "raid5" => devices / (devices - 1.0),
        "raid6" => devices / (devices - 2.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests;
