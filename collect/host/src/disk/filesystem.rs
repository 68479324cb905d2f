//! Room on every mounted file system: `/proc/1/mountinfo` and statfs(2).
//!
//! statfs never returns while the server of a network file system, or the daemon of a file system in user space,
//! is dead. Such a mount must not take the collector with it: see [`watch`]. Only mounts that cannot hang, and have
//! answered before, are asked directly.

mod mounts;
mod watch;

use std::time::{Duration, Instant};

use model::{Family, Sink};
use rustix::fs::StatFs;

use self::mounts::{Mount, Table};
use self::watch::{Answer, Patience, Watch};
use crate::{CollectError, Collector, Root};

/// How long a collection waits for mounts that may hang. Healthy servers answer in milliseconds.
const PATIENCE: Patience = Patience {
    total: Duration::from_secs(1),
    least: Duration::from_millis(50),
};

/// Value of the label `device_error` while a mount does not answer.
const HANGS: &str = "mountpoint timeout";

const DEVICE_ERROR: Family<'_> = Family::gauge(
    "node_filesystem_device_error",
    "1 if the file system could not be asked or does not answer, otherwise 0.",
);
const READONLY: Family<'_> = Family::gauge(
    "node_filesystem_readonly",
    "1 if the file system is mounted read-only, otherwise 0.",
);
const SIZE: Family<'_> = Family::gauge("node_filesystem_size_bytes", "Size of the file system.");
const FREE: Family<'_> = Family::gauge("node_filesystem_free_bytes", "Free room on the file system.");
const AVAILABLE: Family<'_> = Family::gauge(
    "node_filesystem_avail_bytes",
    "Free room on the file system for users other than root.",
);
const FILES: Family<'_> = Family::gauge("node_filesystem_files", "Inodes of the file system.");
const FILES_FREE: Family<'_> = Family::gauge(
    "node_filesystem_files_free",
    "Inodes of the file system that are free.",
);
const PURGEABLE: Family<'_> = Family::gauge(
    "node_filesystem_purgeable_bytes",
    "Room that could be freed by purging; Linux has none, so always 0.",
);
const MOUNT_INFO: Family<'_> = Family::gauge(
    "node_filesystem_mount_info",
    "Device numbers of a mounted file system; always 1.",
);

/// Collector `filesystem`.
pub(crate) struct Filesystem {
    patience: Patience,
    buffer: Vec<u8>,
    table: Table,
    watch: Watch,
}

impl Default for Filesystem {
    fn default() -> Self {
        Self::with_patience(PATIENCE)
    }
}

impl Collector for Filesystem {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        // With `hidepid` the first process cannot be seen.
        let own = match root.read("proc/1/mountinfo", &mut self.buffer) {
            Ok(_) => false,
            Err(CollectError::Absent { .. } | CollectError::Denied { .. }) => {
                root.read("proc/self/mountinfo", &mut self.buffer)?;
                true
            }
            Err(error) => return Err(error),
        };
        let mut problems = self.table.update(root, &self.buffer, own);
        self.watch.look_for_returned();
        for mount in self.table.mounts().filter(|mount| mount.is_direct()) {
            report(mount, &stat(mount), out);
        }
        let started = Instant::now();
        for mount in self.table.mounts_mut().filter(|mount| !mount.is_direct()) {
            match self.watch.ask(&mount.path, started, self.patience) {
                Answer::Room(room) => {
                    mount.answered = true;
                    report(mount, &Ok(room), out);
                }
                Answer::Failed(text) => report(mount, &Err(text), out),
                Answer::Hangs => report(mount, &Err(HANGS.to_owned()), out),
                Answer::Unknown(reason) => problems.add(format_args!("{}: {reason}", mount.mount_point)),
            }
        }
        problems.into_result()
    }
}

impl Filesystem {
    /// Makes a collector that waits so long for mounts that may hang.
    fn with_patience(patience: Patience) -> Self {
        Self {
            patience,
            buffer: Vec::new(),
            table: Table::default(),
            watch: Watch::default(),
        }
    }
}

fn stat(mount: &Mount) -> Result<StatFs, String> {
    rustix::fs::statfs(&mount.path).map_err(watch::describe)
}

/// Hands over what is known of a mount.
fn report(mount: &Mount, room: &Result<StatFs, String>, out: &mut dyn Sink) {
    let labels = [
        ("device", mount.device.as_str()),
        ("mountpoint", mount.mount_point.as_str()),
        ("fstype", mount.kind.as_str()),
        (
            "device_error",
            room.as_ref().err().map_or("", |error| error.as_str()),
        ),
    ];
    let flag = |set: bool| f64::from(u8::from(set));
    out.sample(&DEVICE_ERROR, &labels, flag(room.is_err()));
    out.sample(&READONLY, &labels, flag(mount.read_only));
    let Ok(room) = room else {
        return;
    };
    let block = room.f_bsize as f64;
    out.sample(&SIZE, &labels, room.f_blocks as f64 * block);
    out.sample(&FREE, &labels, room.f_bfree as f64 * block);
    out.sample(&AVAILABLE, &labels, room.f_bavail as f64 * block);
    out.sample(&FILES, &labels, room.f_files as f64);
    out.sample(&FILES_FREE, &labels, room.f_ffree as f64);
    out.sample(&PURGEABLE, &labels, 0.0);
    let [device, mount_point, ..] = labels;
    let numbers = [
        device,
        mount_point,
        ("major", mount.major.as_str()),
        ("minor", mount.minor.as_str()),
    ];
    out.sample(&MOUNT_INFO, &numbers, 1.0);
}

#[cfg(test)]
mod tests;
