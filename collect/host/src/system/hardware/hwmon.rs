//! Collector `hwmon`: temperatures, voltages, fans and what else the board's chips measure, from sysfs.
//!
//! Which sensors there are is looked up once, and again when chips or files of theirs come or go; a file that does
//! not answer now (a fan that is not plugged in, a sensor asleep) has no sample.
//! Source: kernel documentation, `hwmon/sysfs-interface`.

mod chip;
mod sensor;

use std::ops::ControlFlow;

use model::{Family, Sink};

use self::chip::Chip;
use self::sensor::Sensor;
use crate::{CollectError, Collector, Root, parse};

const HWMON_DIR: &str = "sys/class/hwmon";
const CHIP_NAMES: Family<'_> = Family::gauge(
    "node_hwmon_chip_names",
    "1 for every chip; the labels give the name its driver has for it.",
);
const SENSOR_LABEL: Family<'_> = Family::gauge(
    "node_hwmon_sensor_label",
    "1 for every sensor that has a name; the labels give it.",
);

/// Collects `node_hwmon_*`.
#[derive(Default)]
pub(crate) struct Hwmon {
    buffer: Vec<u8>,
    names: Vec<String>,
    chips: Vec<(Chip, Vec<Sensor>)>,
}

impl Collector for Hwmon {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let names = root.list(HWMON_DIR)?;
        if names != self.names {
            self.chips = chip::find(root, HWMON_DIR, &names)
                .into_iter()
                .map(|chip| {
                    let sensors = sensor::find(root, &chip.dir);
                    (chip, sensors)
                })
                .collect();
            self.names = names;
        }
        if self.chips.is_empty() {
            return Err(CollectError::Absent {
                what: format!("/{HWMON_DIR}/hwmon0"),
            });
        }
        for (chip, sensors) in &self.chips {
            if let Some(driver) = &chip.driver {
                out.sample(&CHIP_NAMES, &[("chip", &chip.label), ("chip_name", driver)], 1.0);
            }
            for sensor in sensors {
                if report(sensor, chip, (root, out, &mut self.buffer)).is_break() {
                    self.names.clear();
                }
            }
        }
        Ok(())
    }
}

/// Hands over a sensor; breaks if one of its files is gone.
fn report(
    sensor: &Sensor,
    chip: &Chip,
    (root, out, buffer): (&Root, &mut dyn Sink, &mut Vec<u8>),
) -> ControlFlow<()> {
    let mut flow = ControlFlow::Continue(());
    if let Some(label) = &sensor.label {
        let labels = [
            ("chip", chip.label.as_str()),
            ("sensor", &sensor.name),
            ("label", label),
        ];
        out.sample(&SENSOR_LABEL, &labels, 1.0);
    }
    for reading in &sensor.readings {
        let bytes = match root.read(&reading.file, buffer) {
            Ok(bytes) => bytes,
            Err(CollectError::Absent { .. }) => {
                flow = ControlFlow::Break(());
                continue;
            }
            Err(_) => continue,
        };
        if let Some(value) = parse::number(bytes.trim_ascii()) {
            let family = Family {
                name: &reading.family,
                metric_type: reading.metric_type,
                help: reading.help,
            };
            let labels = [("chip", chip.label.as_str()), ("sensor", &reading.sensor)];
            out.sample(&family, &labels, reading.scale.apply(value));
        }
    }
    flow
}

/// Turns a name into one that may stand in a metric's name: lower case, other characters as `_`, none around it.
fn clean(name: &str) -> String {
    let clean: String = name
        .to_lowercase()
        .chars()
        .map(|next| match next {
            'a'..='z' | '0'..='9' | ':' | '_' => next,
            _ => '_',
        })
        .collect();
    clean.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests;
