//! I/O of every block device, and what udev knows about it: `/proc/diskstats`, `/run/udev/data`.
//!
//! Format: the kernel's `Documentation/admin-guide/iostats.rst`.

mod udev;

use std::fmt::Write;

use model::{Family, Sink};

use self::udev::Properties;
use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

/// Seconds of one tick of the file.
const MS: f64 = 1.0 / 1000.0;

/// Bytes of a sector of the file, whatever the device's own sectors are.
const SECTOR: f64 = 512.0;

/// Columns after the name, with what to multiply by. Kernels before 5.5 have no flushes, before 4.18 no discards.
const COLUMNS: [(Family<'_>, f64); 17] = [
    (
        Family::counter("node_disk_reads_completed_total", "Reads completed."),
        1.0,
    ),
    (
        Family::counter("node_disk_reads_merged_total", "Reads merged with others."),
        1.0,
    ),
    (
        Family::counter("node_disk_read_bytes_total", "Bytes read."),
        SECTOR,
    ),
    (
        Family::counter(
            "node_disk_read_time_seconds_total",
            "Seconds that all reads took.",
        ),
        MS,
    ),
    (
        Family::counter("node_disk_writes_completed_total", "Writes completed."),
        1.0,
    ),
    (
        Family::counter("node_disk_writes_merged_total", "Writes merged with others."),
        1.0,
    ),
    (
        Family::counter("node_disk_written_bytes_total", "Bytes written."),
        SECTOR,
    ),
    (
        Family::counter(
            "node_disk_write_time_seconds_total",
            "Seconds that all writes took.",
        ),
        MS,
    ),
    (Family::gauge("node_disk_io_now", "I/Os in progress."), 1.0),
    (
        Family::counter(
            "node_disk_io_time_seconds_total",
            "Seconds in which I/Os were in progress.",
        ),
        MS,
    ),
    (
        Family::counter(
            "node_disk_io_time_weighted_seconds_total",
            "Seconds in which I/Os were in progress, times their number.",
        ),
        MS,
    ),
    (
        Family::counter("node_disk_discards_completed_total", "Discards completed."),
        1.0,
    ),
    (
        Family::counter("node_disk_discards_merged_total", "Discards merged with others."),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_discarded_sectors_total",
            "Sectors of 512 bytes discarded.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_discard_time_seconds_total",
            "Seconds that all discards took.",
        ),
        MS,
    ),
    (
        Family::counter("node_disk_flush_requests_total", "Flushes completed."),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_flush_requests_time_seconds_total",
            "Seconds that all flushes took.",
        ),
        MS,
    ),
];

/// Columns of the oldest format, 4.17 and before. Shorter lines are partitions on kernels before 2.6.25.
const LEAST_COLUMNS: usize = 11;

const INFO: Family<'_> = Family::gauge(
    "node_disk_info",
    "What the kernel and udev say about a device in words; always 1.",
);
const FILESYSTEM_INFO: Family<'_> = Family::gauge(
    "node_disk_filesystem_info",
    "File system that udev found on a device; always 1.",
);
const DEVICE_MAPPER_INFO: Family<'_> = Family::gauge(
    "node_disk_device_mapper_info",
    "What the device mapper says about a device in words; always 1.",
);

/// Numbers that udev has of ATA disks.
const ATA: [(&str, Family<'_>); 3] = [
    (
        "ID_ATA_WRITE_CACHE",
        Family::gauge("node_disk_ata_write_cache", "Whether the disk has a write cache."),
    ),
    (
        "ID_ATA_WRITE_CACHE_ENABLED",
        Family::gauge(
            "node_disk_ata_write_cache_enabled",
            "Whether the disk's write cache is on.",
        ),
    ),
    (
        "ID_ATA_ROTATION_RATE_RPM",
        Family::gauge(
            "node_disk_ata_rotation_rate_rpm",
            "Rotations a minute of the disk; 0 if it does not rotate.",
        ),
    ),
];

/// Collector `diskstats`.
#[derive(Default)]
pub(crate) struct DiskStats {
    buffer: Vec<u8>,
    reader: Reader,
    properties: Properties,
    path: String,
}

impl Collector for DiskStats {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let Self {
            buffer,
            reader,
            properties,
            path,
        } = self;
        let bytes = root.read("proc/diskstats", buffer)?;
        let udev = Folder::open(root, "run/udev/data").ok();
        let block = Folder::open(root, "sys/block").ok();
        for line in parse::lines(bytes) {
            let Some(disk) = Disk::parse(line) else {
                reader.problem(format_args!(
                    "cannot read a line of /proc/diskstats: {:?}",
                    parse::excerpt(line)
                ));
                continue;
            };
            if disk.columns < LEAST_COLUMNS || is_excluded(disk.name) {
                continue;
            }
            let label = [("device", disk.name)];
            for ((family, scale), value) in COLUMNS.iter().zip(disk.values()) {
                out.sample(family, &label, *value as f64 * scale);
            }
            properties.clear();
            if let Some(folder) = &udev {
                path.clear();
                if write!(path, "b{}:{}", disk.major, disk.minor).is_ok()
                    && let Some(bytes) = reader.bytes(folder, path)
                {
                    properties.parse(bytes);
                }
            }
            path.clear();
            let rotates = write!(path, "{}/queue/rotational", disk.name).is_ok()
                && block
                    .as_ref()
                    .and_then(|folder| reader.bytes(folder, path))
                    .is_some_and(|value| value == b"1");
            let rotational = if rotates { "1" } else { "0" };
            collect_properties(&disk, properties, rotational, out);
            collect_ata(disk.name, properties, reader, out);
        }
        reader.finish()
    }
}

fn collect_properties(disk: &Disk<'_>, properties: &Properties, rotational: &str, out: &mut dyn Sink) {
    let get = |name| properties.get(name);
    let device = ("device", disk.name);
    // The serial on the label of the disk; virtio disks have the last only.
    let serial = ["SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"]
        .into_iter()
        .map(get)
        .find(|serial| !serial.is_empty())
        .unwrap_or("");
    out.sample(
        &INFO,
        &[
            device,
            ("major", disk.major),
            ("minor", disk.minor),
            ("path", get("ID_PATH")),
            ("wwn", get("ID_WWN")),
            ("model", get("ID_MODEL")),
            ("serial", serial),
            ("revision", get("ID_REVISION")),
            ("rotational", rotational),
        ],
        1.0,
    );
    if !get("ID_FS_TYPE").is_empty() {
        out.sample(
            &FILESYSTEM_INFO,
            &[
                device,
                ("type", get("ID_FS_TYPE")),
                ("usage", get("ID_FS_USAGE")),
                ("uuid", get("ID_FS_UUID")),
                ("version", get("ID_FS_VERSION")),
            ],
            1.0,
        );
    }
    if !get("DM_NAME").is_empty() {
        out.sample(
            &DEVICE_MAPPER_INFO,
            &[
                device,
                ("name", get("DM_NAME")),
                ("uuid", get("DM_UUID")),
                ("vg_name", get("DM_VG_NAME")),
                ("lv_name", get("DM_LV_NAME")),
                ("lv_layer", get("DM_LV_LAYER")),
            ],
            1.0,
        );
    }
}

fn collect_ata(device: &str, properties: &Properties, reader: &mut Reader, out: &mut dyn Sink) {
    if properties.get("ID_ATA").is_empty() {
        return;
    }
    for (name, family) in &ATA {
        let value = properties.get(name);
        if value.is_empty() {
            continue;
        }
        match parse::number(value.as_bytes()) {
            Some(value) => out.sample(family, &[("device", device)], value),
            None => reader.problem(format_args!("udev's {name} of {device} is no number: {value:?}")),
        }
    }
}

/// A line of the file.
struct Disk<'t> {
    major: &'t str,
    minor: &'t str,
    name: &'t str,
    /// Number of columns the kernel has.
    columns: usize,
    values: [u64; COLUMNS.len()],
}

impl<'t> Disk<'t> {
    fn parse(line: &'t [u8]) -> Option<Self> {
        let mut words = parse::words(line);
        let mut word = || std::str::from_utf8(words.next()?).ok();
        let (major, minor, name) = (word()?, word()?, word()?);
        let mut values = [0; COLUMNS.len()];
        let mut columns = 0;
        for (value, word) in values.iter_mut().zip(words) {
            *value = parse::unsigned(word)?;
            columns += 1;
        }
        (parse::unsigned(major.as_bytes()).is_some() && parse::unsigned(minor.as_bytes()).is_some())
            .then_some(Self {
                major,
                minor,
                name,
                columns,
                values,
            })
    }

    fn values(&self) -> &[u64] {
        self.values.get(..self.columns).unwrap_or_default()
    }
}

/// Tells whether a device is left out: RAM and loop devices, floppies, and partitions of disks.
fn is_excluded(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == name.len() {
        return false;
    }
    if matches!(stem, "ram" | "zram" | "loop" | "fd") {
        return true;
    }
    if let Some(rest) = stem.strip_prefix("nvme") {
        let numbers = rest.strip_suffix('p').and_then(|rest| rest.split_once('n'));
        return numbers.is_some_and(|(controller, namespace)| {
            parse::unsigned(controller.as_bytes()).is_some()
                && parse::unsigned(namespace.as_bytes()).is_some()
        });
    }
    let letter = ["hd", "sd", "vd", "xvd"]
        .into_iter()
        .find_map(|kind| stem.strip_prefix(kind));
    letter.is_some_and(|letter| letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests;
