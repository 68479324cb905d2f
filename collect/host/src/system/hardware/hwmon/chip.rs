//! Names of chips that stay the same over reboots.
//!
//! The numbers of the folders depend on the order in which drivers load, so a chip is named after its device's
//! place (`platform_coretemp_0`), else after its driver, else after its folder. Chips of one device are told
//! apart by their drivers' names, or their folders where these are the same too.

use std::path::Path;

use super::clean;
use crate::{Root, attribute};

/// A chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chip {
    /// Folder relative to the tree.
    pub(super) dir: String,
    /// Unique name.
    pub(super) label: String,
    /// Name that the driver gives, if it does.
    pub(super) driver: Option<String>,
}

/// Finds the chips among the names in a folder.
pub(super) fn find(root: &Root, parent: &str, names: &[String]) -> Vec<Chip> {
    let mut chips = Vec::new();
    for name in names {
        let dir = format!("{parent}/{name}");
        if !root.path(&dir).is_dir() {
            continue;
        }
        let driver = attribute::text(root, format!("{dir}/name"), &mut Vec::new())
            .map(|driver| clean(&driver))
            .unwrap_or_default();
        let label = name_of_device(&root.path(&dir).join("device"))
            .or_else(|| (!driver.is_empty()).then(|| driver.clone()))
            .or_else(|| Some(clean(&last_part(&root.path(&dir).canonicalize().ok()?))))
            .filter(|label| !label.is_empty());
        if let Some(label) = label {
            let driver = (!driver.is_empty()).then_some(driver);
            chips.push(Chip { dir, label, driver });
        }
    }
    tell_apart(&mut chips);
    chips
}

fn name_of_device(link: &Path) -> Option<String> {
    let device = link.canonicalize().ok()?;
    let name = clean(&last_part(&device));
    let bus = device
        .parent()
        .map(|bus| clean(&last_part(bus)))
        .unwrap_or_default();
    match (bus.is_empty(), name.is_empty()) {
        (_, true) => None,
        (true, false) => Some(name),
        (false, false) => Some(format!("{bus}_{name}")),
    }
}

fn tell_apart(chips: &mut [Chip]) {
    let found = chips.to_vec();
    for chip in chips {
        let same = || found.iter().filter(|other| other.label == chip.label);
        if same().count() < 2 {
            continue;
        }
        let alone = same().filter(|other| other.driver == chip.driver).count() < 2;
        let suffix = match &chip.driver {
            Some(driver) if alone => driver.clone(),
            _ => clean(&last_part(Path::new(&chip.dir))),
        };
        chip.label = format!("{}_{suffix}", chip.label);
    }
}

fn last_part(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
