//! Collector `rapl`: energy used by packages, cores and memory, from sysfs.
//!
//! A zone `package-1` becomes `node_rapl_package_joules_total{index="1"}`; zones of one name without a number
//! are counted from zero in order of their folders. Names are read once, and again when the set of zones changes.
//! Source: kernel documentation, `power/powercap`; energy in microjoules, for root only.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, attribute, parse};

const POWERCAP_DIR: &str = "sys/class/powercap";
const HELP: &str = "Energy that the zone has used since its counter last wrapped, in joules.";
const MICRO: f64 = 1e6;

/// A zone of which the energy is counted.
struct Zone {
    family: String,
    index: String,
    /// Absolute path of the folder.
    path: String,
}

/// Collects `node_rapl_*`.
#[derive(Default)]
pub(crate) struct Rapl {
    buffer: Vec<u8>,
    names: Vec<String>,
    zones: Vec<Zone>,
}

impl Collector for Rapl {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let names = root.list(POWERCAP_DIR)?;
        if names != self.names {
            self.scan(root, &names);
            self.names = names;
        }
        if self.zones.is_empty() {
            return Err(CollectError::Absent {
                what: format!("/{POWERCAP_DIR}/intel-rapl:0"),
            });
        }
        let mut problems = Problems::default();
        for zone in &self.zones {
            match attribute::number(root, format!("{}/energy_uj", zone.path), &mut self.buffer) {
                Ok(microjoules) => {
                    let labels = [("index", zone.index.as_str()), ("path", &zone.path)];
                    let family = Family::counter(&zone.family, HELP);
                    out.sample(&family, &labels, microjoules / MICRO);
                }
                // All are for root only, so one answer is enough.
                Err(error @ CollectError::Denied { .. }) => return Err(error),
                Err(error) => problems.add_error(&error),
            }
        }
        problems.into_result()
    }
}

impl Rapl {
    fn scan(&mut self, root: &Root, dirs: &[String]) {
        self.zones.clear();
        let mut next_indices: Vec<(String, u64)> = Vec::new();
        for dir in dirs {
            let path = format!("/{POWERCAP_DIR}/{dir}");
            let Ok(name) = attribute::text(root, format!("{path}/name"), &mut self.buffer) else {
                // The folder of the control type itself.
                continue;
            };
            let (name, index) = match split_index(&name) {
                Some((name, index)) => (name, index),
                None => {
                    let known = next_indices.iter().find(|(known, _)| *known == name);
                    (name.as_str(), known.map_or(0, |(_, next)| *next))
                }
            };
            match next_indices.iter_mut().find(|(known, _)| known == name) {
                Some((_, next)) => *next = index + 1,
                None => next_indices.push((name.to_owned(), index + 1)),
            }
            self.zones.push(Zone {
                family: format!("node_rapl_{}_joules_total", clean(name)),
                index: index.to_string(),
                path,
            });
        }
    }
}

/// Splits `package-1`; a name with two dashes is whole.
fn split_index(name: &str) -> Option<(&str, u64)> {
    let (start, number) = name.split_once('-')?;
    Some((start, parse::unsigned(number.as_bytes())?))
}

/// Turns every run of characters that may not stand in a metric's name into one underscore.
fn clean(name: &str) -> String {
    let mut clean = String::with_capacity(name.len());
    let mut run = String::new();
    for next in name.chars() {
        if next.is_ascii_alphanumeric() {
            push_run(&mut clean, &mut run);
            clean.push(next);
        } else {
            run.push(next);
        }
    }
    push_run(&mut clean, &mut run);
    clean
}

/// Appends a run: underscores alone stay, anything else is one underscore.
fn push_run(clean: &mut String, run: &mut String) {
    if run.chars().all(|next| next == '_') {
        clean.push_str(run);
    } else {
        clean.push('_');
    }
    run.clear();
}

#[cfg(test)]
mod tests;
