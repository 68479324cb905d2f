//! Collector `dmi`: who made the machine and its firmware, from sysfs.
//!
//! Read once: it does not change before the next boot. Serial numbers and the UUID are readable for root only
//! and left out for others.
//! Source: kernel documentation, `ABI/testing/sysfs-class-dmi` and SMBIOS.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, attribute};

const INFO: Family<'_> = Family::gauge(
    "node_dmi_info",
    "1; the labels say who made the machine and its firmware.",
);
const DMI_DIR: &str = "sys/class/dmi/id";
/// Files with the labels they become.
const FILES: [(&str, &str); 20] = [
    ("bios_date", "bios_date"),
    ("bios_release", "bios_release"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("product_family", "product_family"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_sku", "product_sku"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("sys_vendor", "system_vendor"),
];

/// Collects `node_dmi_info`.
#[derive(Default)]
pub(crate) struct Dmi {
    values: Option<[String; FILES.len()]>,
}

impl Collector for Dmi {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        let values = match self.values.take() {
            Some(values) => values,
            None => read(root, &mut problems)?,
        };
        let mut labels = [("", ""); FILES.len()];
        for ((label, (_, name)), value) in labels.iter_mut().zip(&FILES).zip(&values) {
            *label = (name, value);
        }
        out.sample(&INFO, &labels, 1.0);
        // A file that failed is tried again.
        self.values = (problems.count() == 0).then_some(values);
        problems.into_result()
    }
}

fn read(root: &Root, problems: &mut Problems) -> Result<[String; FILES.len()], CollectError> {
    let files = root.list(DMI_DIR)?;
    let mut buffer = Vec::new();
    let mut values: [String; FILES.len()] = Default::default();
    let mut found = false;
    for ((file, _), value) in FILES.iter().zip(&mut values) {
        if !files.iter().any(|known| known == file) {
            continue;
        }
        match attribute::text(root, format!("{DMI_DIR}/{file}"), &mut buffer) {
            Ok(text) => {
                *value = text;
                found = true;
            }
            Err(CollectError::Absent { .. } | CollectError::Denied { .. }) => {}
            Err(error) => problems.add_error(&error),
        }
    }
    if found {
        Ok(values)
    } else {
        Err(CollectError::Absent {
            what: format!("/{DMI_DIR}"),
        })
    }
}

#[cfg(test)]
mod tests;
