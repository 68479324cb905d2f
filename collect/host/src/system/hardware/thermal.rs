//! Collector `thermal_zone`: temperatures that the kernel acts on and what it cools with, from sysfs.
//!
//! A zone whose sensor does not answer now has no sample. Types are read once, and again when zones or devices
//! come or go.
//! Source: kernel documentation, `ABI/testing/sysfs-class-thermal`; temperatures in thousandths of a degree.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, attribute};

const THERMAL_DIR: &str = "sys/class/thermal";
const ZONE_TEMPERATURE: Family<'_> = Family::gauge(
    "node_thermal_zone_temp",
    "Temperature of the zone, in degrees Celsius.",
);
const CURRENT_STATE: Family<'_> = Family::gauge(
    "node_cooling_device_cur_state",
    "How hard the device cools; -1 if the driver does not know.",
);
const MAX_STATE: Family<'_> = Family::gauge("node_cooling_device_max_state", "How hard the device can cool.");
const MILLI: f64 = 1000.0;

/// A zone or a device.
struct Item {
    /// Its number.
    number: String,
    kind: String,
    dir: String,
    is_zone: bool,
}

/// Collects `node_thermal_zone_*` and `node_cooling_device_*`.
#[derive(Default)]
pub(crate) struct Thermal {
    buffer: Vec<u8>,
    names: Vec<String>,
    items: Vec<Item>,
}

impl Collector for Thermal {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let names = root.list(THERMAL_DIR)?;
        let mut problems = Problems::default();
        if names != self.names {
            self.items.clear();
            for name in &names {
                match find(root, name, &mut self.buffer) {
                    Ok(item) => self.items.extend(item),
                    Err(error) => problems.add_error(&error),
                }
            }
            // What failed is looked for again.
            self.names = if problems.count() == 0 { names } else { Vec::new() };
        }
        if self.items.is_empty() && problems.count() == 0 {
            return Err(CollectError::Absent {
                what: format!("/{THERMAL_DIR}/thermal_zone0"),
            });
        }
        for item in &self.items {
            if item.is_zone {
                item.report_zone(root, out, &mut self.buffer);
            } else if let Err(error) = item.report_device(root, out, &mut self.buffer) {
                problems.add_error(&error);
            }
        }
        problems.into_result()
    }
}

fn find(root: &Root, name: &str, buffer: &mut Vec<u8>) -> Result<Option<Item>, CollectError> {
    let (number, is_zone) = match (
        name.strip_prefix("thermal_zone"),
        name.strip_prefix("cooling_device"),
    ) {
        (Some(number), _) => (number, true),
        (_, Some(number)) => (number, false),
        _ => return Ok(None),
    };
    let dir = format!("{THERMAL_DIR}/{name}");
    Ok(Some(Item {
        number: number.to_owned(),
        kind: attribute::text(root, format!("{dir}/type"), buffer)?,
        dir,
        is_zone,
    }))
}

impl Item {
    fn report_zone(&self, root: &Root, out: &mut dyn Sink, buffer: &mut Vec<u8>) {
        // Sensors that sleep or wait for their firmware answer with an error: then there is no temperature.
        if let Ok(millidegrees) = attribute::number(root, format!("{}/temp", self.dir), buffer) {
            let labels = [("zone", self.number.as_str()), ("type", &self.kind)];
            out.sample(&ZONE_TEMPERATURE, &labels, millidegrees / MILLI);
        }
    }

    fn report_device(
        &self,
        root: &Root,
        out: &mut dyn Sink,
        buffer: &mut Vec<u8>,
    ) -> Result<(), CollectError> {
        let labels = [("name", self.number.as_str()), ("type", &self.kind)];
        for (file, family) in [("max_state", &MAX_STATE), ("cur_state", &CURRENT_STATE)] {
            let state = attribute::number(root, format!("{}/{file}", self.dir), buffer)?;
            out.sample(family, &labels, state);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
