//! Collector `cpu_vulnerabilities`: what is known to be wrong with this kind of CPU and what the kernel does
//! about it, from sysfs.
//!
//! A file says `Not affected`, `Vulnerable…`, `Mitigation: …` or `Unknown…`; what follows the first word is the
//! mitigation. Other texts count as unknown and are passed on whole.
//! Source: kernel documentation, `ABI/testing/sysfs-devices-system-cpu`.

use model::{Family, Sink};

use super::list::CPU_DIR;
use crate::{CollectError, Collector, Problems, Root, attribute};

const INFO: Family<'_> = Family::gauge(
    "node_cpu_vulnerabilities_info",
    "1 for every hardware weakness that the kernel knows; the labels say what it does about it.",
);
/// States that a text follows.
const STATES: [&str; 3] = ["vulnerable", "mitigation", "unknown"];
const NOT_AFFECTED: &str = "not affected";

/// Collects `node_cpu_vulnerabilities_info`.
#[derive(Default)]
pub(crate) struct Vulnerabilities {
    buffer: Vec<u8>,
}

impl Collector for Vulnerabilities {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let dir = format!("{CPU_DIR}/vulnerabilities");
        let mut problems = Problems::default();
        for name in root.list(&dir)? {
            match attribute::text(root, format!("{dir}/{name}"), &mut self.buffer) {
                Ok(text) => {
                    let (state, mitigation) = parse_state(&text);
                    let labels = [
                        ("codename", name.as_str()),
                        ("state", state),
                        ("mitigation", &mitigation),
                    ];
                    out.sample(&INFO, &labels, 1.0);
                }
                Err(error) => problems.add_error(&error),
            }
        }
        problems.into_result()
    }
}

fn parse_state(text: &str) -> (&'static str, String) {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with(NOT_AFFECTED) {
        return (NOT_AFFECTED, String::new());
    }
    match STATES.into_iter().find(|state| lower.starts_with(state)) {
        Some(state) => {
            let rest: Vec<&str> = text.split_whitespace().skip(1).collect();
            (state, rest.join(" "))
        }
        None => ("unknown", text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
