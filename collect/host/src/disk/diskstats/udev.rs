//! Properties that udev keeps of a device: lines `E:NAME=VALUE` of a file of `/run/udev/data`.

use crate::parse;

/// Properties that someone asks for.
const NAMES: [&str; 20] = [
    "DM_LV_LAYER",
    "DM_LV_NAME",
    "DM_NAME",
    "DM_UUID",
    "DM_VG_NAME",
    "ID_ATA",
    "ID_ATA_ROTATION_RATE_RPM",
    "ID_ATA_WRITE_CACHE",
    "ID_ATA_WRITE_CACHE_ENABLED",
    "ID_FS_TYPE",
    "ID_FS_USAGE",
    "ID_FS_UUID",
    "ID_FS_VERSION",
    "ID_MODEL",
    "ID_PATH",
    "ID_REVISION",
    "ID_SERIAL",
    "ID_SERIAL_SHORT",
    "ID_WWN",
    "SCSI_IDENT_SERIAL",
];

/// The properties of one device; the memory serves the next one.
#[derive(Default)]
pub(super) struct Properties {
    values: [String; NAMES.len()],
}

impl Properties {
    /// Forgets the device.
    pub(super) fn clear(&mut self) {
        for value in &mut self.values {
            value.clear();
        }
    }

    /// Takes the lines of a file; other lines and other properties are left out, the last of equal names counts.
    pub(super) fn parse(&mut self, bytes: &[u8]) {
        for line in parse::lines(bytes) {
            let Some(property) = line.strip_prefix(b"E:") else {
                continue;
            };
            let Some(equals) = property.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let (name, value) = property.split_at(equals);
            if let Some(place) = NAMES.iter().position(|known| known.as_bytes() == name)
                && let Some(slot) = self.values.get_mut(place)
            {
                slot.clear();
                slot.push_str(&String::from_utf8_lossy(value.get(1..).unwrap_or_default()));
            }
        }
    }

    /// Returns a property, empty if the device does not have it.
    pub(super) fn get(&self, name: &str) -> &str {
        let place = NAMES.iter().position(|known| *known == name);
        debug_assert!(place.is_some(), "{name} is among the names");
        place
            .and_then(|place| self.values.get(place))
            .map_or("", String::as_str)
    }
}
