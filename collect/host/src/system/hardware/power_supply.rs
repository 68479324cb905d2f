//! Collector `powersupplyclass`: batteries, adapters and what they deliver, from sysfs.
//!
//! Source: kernel documentation, `ABI/testing/sysfs-class-power` and `power/power_supply_class`: currents, charges,
//! energies, voltages and powers in millionths, temperatures in tenths of a degree.

mod attributes;

use model::{Family, Sink};

use self::attributes::{NUMBERS, TEXTS};
use crate::{CollectError, Collector, Problems, Root, attribute};

const POWER_SUPPLY_DIR: &str = "sys/class/power_supply";
const INFO: Family<'_> = Family::gauge(
    "node_power_supply_info",
    "1 for every power supply; the labels say what it is and how it is.",
);

/// Collects `node_power_supply_*`.
#[derive(Default)]
pub(crate) struct PowerSupply {
    buffer: Vec<u8>,
}

impl Collector for PowerSupply {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let names = root.list(POWER_SUPPLY_DIR)?;
        if names.is_empty() {
            return Err(CollectError::Absent {
                what: format!("a power supply in /{POWER_SUPPLY_DIR}"),
            });
        }
        let mut problems = Problems::default();
        for name in &names {
            if let Err(error) = self.report(root, name, (out, &mut problems)) {
                problems.add_error(&error);
            }
        }
        problems.into_result()
    }
}

impl PowerSupply {
    fn report(
        &mut self,
        root: &Root,
        name: &str,
        (out, problems): (&mut dyn Sink, &mut Problems),
    ) -> Result<(), CollectError> {
        let dir = format!("{POWER_SUPPLY_DIR}/{name}");
        let files = root.list(&dir)?;
        let has = |file: &str| files.binary_search_by(|known| known.as_str().cmp(file)).is_ok();
        for (file, family, divisor) in NUMBERS.iter().filter(|(file, ..)| has(file)) {
            match attribute::integer(root, format!("{dir}/{file}"), &mut self.buffer) {
                Ok(value) => out.sample(family, &[("power_supply", name)], value as f64 / divisor),
                Err(error) => note(error, problems),
            }
        }
        let mut texts: [String; TEXTS.len()] = Default::default();
        for (file, text) in TEXTS.iter().zip(&mut texts).filter(|(file, _)| has(file)) {
            match attribute::text(root, format!("{dir}/{file}"), &mut self.buffer) {
                Ok(value) => *text = value,
                Err(error) => note(error, problems),
            }
        }
        let mut labels = [("power_supply", name); TEXTS.len() + 1];
        for (label, (file, text)) in labels.iter_mut().skip(1).zip(TEXTS.iter().zip(&texts)) {
            *label = (file, text);
        }
        out.sample(&INFO, &labels, 1.0);
        Ok(())
    }
}

/// Drivers list files that the device at hand cannot answer; that is not a problem.
fn note(error: CollectError, problems: &mut Problems) {
    if let CollectError::Read { source, .. } = &error
        && matches!(
            rustix::io::Errno::from_io_error(source),
            Some(
                rustix::io::Errno::NODEV
                    | rustix::io::Errno::OPNOTSUPP
                    | rustix::io::Errno::NODATA
                    | rustix::io::Errno::INVAL
            )
        )
    {
        return;
    }
    if !matches!(error, CollectError::Absent { .. }) {
        problems.add_error(&error);
    }
}

#[cfg(test)]
mod tests;
