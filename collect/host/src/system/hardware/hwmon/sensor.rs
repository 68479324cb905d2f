//! What the files of a chip measure, under which names, in which units.
//!
//! A file is `<type><number>_<element>`, without the element for some (`pwm1`) and without the number for what a
//! chip has once (`update_interval`), which counts as 0. `input` is the value itself: `temp1_input` becomes
//! `node_hwmon_temp_celsius`, `temp1_max` becomes `node_hwmon_temp_max_celsius`.

use std::collections::BTreeMap;

use model::MetricType;

use super::clean;
use crate::{Root, attribute};

/// Types of sensors that are known.
const KINDS: [&str; 14] = [
    "vrm",
    "beep_enable",
    "update_interval",
    "in",
    "cpu",
    "fan",
    "pwm",
    "temp",
    "curr",
    "power",
    "energy",
    "humidity",
    "intrusion",
    "freq",
];
const LABEL: &str = "label";

/// A sensor with its files.
#[derive(Debug, PartialEq)]
pub(super) struct Sensor {
    /// `temp1`
    pub(super) name: String,
    /// Name that the board's maker gives.
    pub(super) label: Option<String>,
    pub(super) readings: Vec<Reading>,
}

/// A file with the family it becomes.
#[derive(Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) file: String,
    pub(super) family: String,
    pub(super) metric_type: MetricType,
    pub(super) help: &'static str,
    /// The sensor's name; a frequency has its label here.
    pub(super) sensor: String,
    pub(super) scale: Scale,
}

/// From the file's number to the family's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Whole,
    /// Thousandths.
    Milli,
    /// Millionths.
    Micro,
    /// 1 for 1, 0 for anything else.
    Switch,
}

impl Scale {
    pub(super) fn apply(self, value: f64) -> f64 {
        match self {
            Self::Whole => value,
            // A product, not a quotient: node_exporter's last digits.
            Self::Milli => value * 0.001,
            Self::Micro => value / 1e6,
            Self::Switch => f64::from(u8::from(value == 1.0)),
        }
    }
}

/// A file of a sensor.
struct Element {
    kind: &'static str,
    name: String,
    path: String,
}

/// Finds the sensors of a chip: in its folder and in its device's, where old drivers have them. A file in both
/// is taken from the device's.
pub(super) fn find(root: &Root, dir: &str) -> Vec<Sensor> {
    let mut sensors: BTreeMap<String, Vec<Element>> = BTreeMap::new();
    for dir in [dir.to_owned(), format!("{dir}/device")] {
        for file in root.list(&dir).unwrap_or_default() {
            let Some((kind, number, name)) = split_file(&file) else {
                continue;
            };
            let path = format!("{dir}/{file}");
            let name = name.to_owned();
            let sensor = format!("{kind}{number}");
            let elements = sensors.entry(sensor).or_default();
            elements.retain(|element| element.name != name);
            elements.push(Element { kind, name, path });
        }
    }
    sensors
        .into_iter()
        .map(|(name, elements)| describe(root, name, &elements))
        .collect()
}

/// Splits `temp1_max` into type, number and element; `None` for files that are not of sensors.
fn split_file(file: &str) -> Option<(&'static str, u32, &str)> {
    let end = file
        .find(|next: char| next.is_ascii_digit())
        .unwrap_or(file.len());
    let (kind, rest) = file.split_at_checked(end)?;
    let kind = KINDS.into_iter().find(|known| *known == kind)?;
    let end = rest
        .find(|next: char| !next.is_ascii_digit())
        .unwrap_or(rest.len());
    let (number, rest) = rest.split_at_checked(end)?;
    let number = if number.is_empty() {
        0
    } else {
        number.parse().ok()?
    };
    let element = match rest.strip_prefix('_') {
        Some(element) => Some(element).filter(|element| !element.is_empty())?,
        None if rest.is_empty() => "",
        None => return None,
    };
    Some((kind, number, element))
}

fn describe(root: &Root, name: String, elements: &[Element]) -> Sensor {
    let label = elements
        .iter()
        .find(|element| element.name == LABEL)
        .and_then(|element| attribute::text(root, &element.path, &mut Vec::new()).ok());
    let has_bare = elements.iter().any(|element| element.name.is_empty());
    let readings = elements
        .iter()
        .filter(|element| element.name != LABEL)
        .filter_map(|element| {
            let naming = name_reading(element.kind, &element.name, has_bare)?;
            // The label is what tells a graphics card's clocks apart; without one they have no name.
            let sensor = match (naming.sensor_is_label, &label) {
                (true, Some(label)) => clean(label),
                (true, None) => return None,
                (false, _) => name.clone(),
            };
            Some(Reading {
                file: element.path.clone(),
                family: naming.family,
                metric_type: naming.metric_type,
                help: naming.help,
                sensor,
                scale: naming.scale,
            })
        })
        .collect();
    Sensor {
        name,
        label,
        readings,
    }
}

/// What a file becomes.
struct Naming {
    family: String,
    metric_type: MetricType,
    help: &'static str,
    scale: Scale,
    sensor_is_label: bool,
}

impl Naming {
    fn gauge(family: String, help: &'static str, scale: Scale) -> Option<Self> {
        Some(Self {
            family,
            metric_type: MetricType::Gauge,
            help,
            scale,
            sensor_is_label: false,
        })
    }
}

/// Names the family of an element; `None` for elements of which only the bare one counts.
fn name_reading(kind: &str, element: &str, has_bare: bool) -> Option<Naming> {
    if let "beep_enable" | "vrm" | "update_interval" = kind {
        return name_chip_wide(kind, element);
    }
    let base = match element {
        // Where there is a bare file too, the value has to step aside.
        "input" if has_bare => format!("node_hwmon_{kind}_input"),
        "input" | "" => format!("node_hwmon_{kind}"),
        _ => format!("node_hwmon_{kind}_{}", clean(element)),
    };
    let with = |unit: &str| format!("{base}_{unit}");
    match (kind, element) {
        (_, "fault") => Naming::gauge(base, "1 if the sensor is broken.", Scale::Whole),
        (_, "alarm") => Naming::gauge(
            base,
            "1 if the chip raises an alarm for the sensor.",
            Scale::Whole,
        ),
        (_, "beep") => Naming::gauge(
            with("enabled"),
            "1 if the chip beeps on an alarm of the sensor.",
            Scale::Whole,
        ),
        ("in" | "cpu", _) => Naming::gauge(with("volts"), "Voltage, in volts.", Scale::Milli),
        ("temp", element) if element != "type" => {
            Naming::gauge(with("celsius"), "Temperature, in degrees Celsius.", Scale::Milli)
        }
        ("curr", _) => Naming::gauge(with("amps"), "Current, in amperes.", Scale::Milli),
        ("energy", _) => Some(Naming {
            metric_type: MetricType::Counter,
            ..Naming::gauge(with("joule_total"), "Energy used, in joules.", Scale::Micro)?
        }),
        ("power", "accuracy") => {
            Naming::gauge(base, "Accuracy of the power meter, as a ratio.", Scale::Micro)
        }
        ("power", "average_interval" | "average_interval_min" | "average_interval_max") => Naming::gauge(
            with("seconds"),
            "Time over which power is averaged, in seconds.",
            Scale::Milli,
        ),
        ("power", _) => Naming::gauge(with("watt"), "Power, in watts.", Scale::Micro),
        ("humidity", _) => Naming::gauge(base, "Humidity, as a ratio.", Scale::Micro),
        ("fan", "input" | "min" | "max" | "target") => Naming::gauge(
            with("rpm"),
            "Speed of the fan, in revolutions per minute.",
            Scale::Whole,
        ),
        ("freq", "input") => Some(Naming {
            sensor_is_label: true,
            ..Naming::gauge(with("freq_mhz"), "Frequency, in MHz.", Scale::Micro)?
        }),
        _ => Naming::gauge(
            base,
            "Attribute of the sensor, as the driver gives it.",
            Scale::Whole,
        ),
    }
}

/// Names what a chip has once; only the bare file counts.
fn name_chip_wide(kind: &str, element: &str) -> Option<Naming> {
    let (family, help, scale) = match kind {
        _ if !element.is_empty() => return None,
        "beep_enable" => (
            "node_hwmon_beep_enabled",
            "1 if the chip may beep.",
            Scale::Switch,
        ),
        "vrm" => (
            "node_hwmon_voltage_regulator_version",
            "Version of the voltage regulator module's standard.",
            Scale::Whole,
        ),
        _ => (
            "node_hwmon_update_interval_seconds",
            "Time between two measurements of the chip, in seconds.",
            Scale::Milli,
        ),
    };
    Naming::gauge(family.to_owned(), help, scale)
}
