//! Disks that are reached by several paths, and the state of every path: `/sys/block/dm-*`.

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root};

const INFO: Family<'_> = Family::gauge(
    "node_dmmultipath_device_info",
    "Names of a multipath device; always 1.",
);
const ACTIVE: Family<'_> = Family::gauge(
    "node_dmmultipath_device_active",
    "1 if the device is active, 0 if it is suspended.",
);
const SIZE: Family<'_> = Family::gauge("node_dmmultipath_device_size_bytes", "Size of the device.");
const PATHS: Family<'_> = Family::gauge("node_dmmultipath_device_paths", "Paths to the device.");
const PATHS_ACTIVE: Family<'_> = Family::gauge(
    "node_dmmultipath_device_paths_active",
    "Paths to the device that can be used.",
);
const PATHS_FAILED: Family<'_> = Family::gauge(
    "node_dmmultipath_device_paths_failed",
    "Paths to the device that cannot be used.",
);
const PATH_STATE: Family<'_> = Family::gauge("node_dmmultipath_path_state", "State of a path; always 1.");

/// Bytes of a sector of the attribute `size`.
const SECTOR: f64 = 512.0;

/// Collector `dmmultipath`.
#[derive(Default)]
pub(crate) struct DmMultipath {
    reader: Reader,
    uuid: String,
    name: String,
    state: String,
}

impl Collector for DmMultipath {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let block = Folder::open(root, "sys/block")?;
        let mut devices = 0;
        let listed = block.each(|device, _| {
            if device.starts_with("dm-")
                && let Some(folder) = block.folder(device)
            {
                devices += u32::from(self.collect_device(device, (&folder, &block), out));
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list /sys/block: {error}"));
        }
        self.reader.finish()?;
        if devices == 0 {
            return Err(CollectError::Absent {
                what: "a multipath device".to_owned(),
            });
        }
        Ok(())
    }
}

impl DmMultipath {
    /// Tells whether the device was one of those wanted.
    fn collect_device(
        &mut self,
        device: &str,
        (folder, block): (&Folder, &Folder),
        out: &mut dyn Sink,
    ) -> bool {
        let Self {
            reader,
            uuid,
            name,
            state,
        } = self;
        let uuid = reader.text(folder, "dm/uuid", uuid).unwrap_or("");
        if !uuid.starts_with("mpath-") {
            return false;
        }
        let name = ("device", reader.text(folder, "dm/name", name).unwrap_or(""));
        let labels = [name, ("sysfs_name", device)];
        out.sample(&INFO, &[labels[0], labels[1], ("uuid", uuid)], 1.0);
        if let Some(suspended) = reader.unsigned(folder, "dm/suspended") {
            out.sample(&ACTIVE, &labels, f64::from(u8::from(suspended != 1)));
        }
        if let Some(sectors) = reader.unsigned(folder, "size") {
            out.sample(&SIZE, &labels, sectors as f64 * SECTOR);
        }
        let (mut active, mut failed) = (0_u32, 0_u32);
        if let Some(paths) = folder.folder("slaves") {
            let listed = paths.each(|path, _| {
                let state = block
                    .folder(path)
                    .and_then(|folder| reader.text(&folder, "device/state", state));
                let Some(state) = state else {
                    reader.problem(format_args!("path {path} of {device} has no state"));
                    return;
                };
                // What SCSI and NVMe call a path that works.
                if matches!(state, "running" | "live") {
                    active += 1;
                } else {
                    failed += 1;
                }
                out.sample(&PATH_STATE, &[name, ("path", path), ("state", state)], 1.0);
            });
            if let Err(error) = listed {
                reader.problem(format_args!("failed to list paths of {device}: {error}"));
            }
        }
        out.sample(&PATHS, &labels, f64::from(active + failed));
        out.sample(&PATHS_ACTIVE, &labels, f64::from(active));
        out.sample(&PATHS_FAILED, &labels, f64::from(failed));
        true
    }
}

#[cfg(test)]
mod tests;
