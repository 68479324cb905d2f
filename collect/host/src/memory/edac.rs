//! Collector `edac`: memory errors by controller, row of chips and channel, from sysfs.
//!
//! Which files there are and how modules are labelled is looked up once, again when the set of controllers
//! changes, and now and then: labels are registered by a program that may run after this one.
//! Source: kernel documentation, `admin-guide/RAS/main` (the csrow interface).

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, attribute};

const MC_DIR: &str = "sys/devices/system/edac/mc";

const CORRECTABLE: Family<'_> = Family::counter(
    "node_edac_correctable_errors_total",
    "Memory errors that were corrected, by controller.",
);
const UNCORRECTABLE: Family<'_> = Family::counter(
    "node_edac_uncorrectable_errors_total",
    "Memory errors that were not corrected, by controller.",
);
const ROW_CORRECTABLE: Family<'_> = Family::counter(
    "node_edac_csrow_correctable_errors_total",
    "Memory errors that were corrected, by row of chips.",
);
const ROW_UNCORRECTABLE: Family<'_> = Family::counter(
    "node_edac_csrow_uncorrectable_errors_total",
    "Memory errors that were not corrected, by row of chips.",
);
const CHANNEL_CORRECTABLE: Family<'_> = Family::counter(
    "node_edac_channel_correctable_errors_total",
    "Memory errors that were corrected, by channel.",
);
const CHANNEL_UNCORRECTABLE: Family<'_> = Family::counter(
    "node_edac_channel_uncorrectable_errors_total",
    "Memory errors that were not corrected, by channel.",
);
/// The row of errors that cannot be attributed, and the label of a module that has none.
const UNKNOWN: &str = "unknown";

/// After so many collections files and labels are looked up again.
const LOOK_AGAIN_AFTER: u32 = 64;

/// A file with its family and labels; empty labels are left out.
struct Counter {
    file: String,
    family: &'static Family<'static>,
    controller: String,
    csrow: String,
    channel: String,
    dimm_label: String,
}

/// Collects `node_edac_*`.
#[derive(Default)]
pub(crate) struct Edac {
    buffer: Vec<u8>,
    controllers: Vec<String>,
    counters: Vec<Counter>,
    age: u32,
}

impl Collector for Edac {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut names = root.list(MC_DIR)?;
        names.retain(|name| numbered(name, "mc").is_some());
        if names.is_empty() {
            return Err(CollectError::Absent {
                what: format!("/{MC_DIR}/mc0"),
            });
        }
        self.age += 1;
        if names != self.controllers || self.age > LOOK_AGAIN_AFTER {
            self.age = 0;
            self.counters.clear();
            for name in &names {
                self.scan_controller(root, name);
            }
            self.controllers = names;
        }
        let mut problems = Problems::default();
        for counter in &self.counters {
            let labels = [
                ("controller", counter.controller.as_str()),
                ("csrow", &counter.csrow),
                ("channel", &counter.channel),
                ("dimm_label", &counter.dimm_label),
            ];
            match attribute::number(root, &counter.file, &mut self.buffer) {
                Ok(count) => out.sample(counter.family, &labels, count),
                Err(error) => problems.add_error(&error),
            }
        }
        problems.into_result()
    }
}

impl Edac {
    fn scan_controller(&mut self, root: &Root, name: &str) {
        let dir = format!("{MC_DIR}/{name}");
        let controller = numbered(name, "mc").unwrap_or_default();
        let files = [
            ("ce_count", &CORRECTABLE, ""),
            ("ue_count", &UNCORRECTABLE, ""),
            ("ce_noinfo_count", &ROW_CORRECTABLE, UNKNOWN),
            ("ue_noinfo_count", &ROW_UNCORRECTABLE, UNKNOWN),
        ];
        for (file, family, csrow) in files {
            self.counters
                .push(Counter::new(format!("{dir}/{file}"), family, [controller, csrow]));
        }
        for row in root.list(&dir).unwrap_or_default() {
            if let Some(csrow) = numbered(&row, "csrow") {
                self.scan_row(root, &format!("{dir}/{row}"), [controller, csrow]);
            }
        }
    }

    fn scan_row(&mut self, root: &Root, dir: &str, place: [&str; 2]) {
        for (file, family) in [("ce_count", &ROW_CORRECTABLE), ("ue_count", &ROW_UNCORRECTABLE)] {
            self.counters
                .push(Counter::new(format!("{dir}/{file}"), family, place));
        }
        let files = root.list(dir).unwrap_or_default();
        for file in &files {
            let Some(channel) = file
                .strip_suffix("_ce_count")
                .and_then(|start| numbered(start, "ch"))
            else {
                continue;
            };
            let dimm_label = attribute::text(root, format!("{dir}/ch{channel}_dimm_label"), &mut self.buffer)
                .map_or_else(|_| UNKNOWN.to_owned(), |label| clean_label(&label));
            let uncorrectable = format!("ch{channel}_ue_count");
            let both = [
                (file, &CHANNEL_CORRECTABLE),
                (&uncorrectable, &CHANNEL_UNCORRECTABLE),
            ];
            for (file, family) in both {
                if files.contains(file) {
                    self.counters.push(Counter {
                        channel: channel.to_owned(),
                        dimm_label: dimm_label.clone(),
                        ..Counter::new(format!("{dir}/{file}"), family, place)
                    });
                }
            }
        }
    }
}

impl Counter {
    fn new(file: String, family: &'static Family<'static>, [controller, csrow]: [&str; 2]) -> Self {
        Self {
            file,
            family,
            controller: controller.to_owned(),
            csrow: csrow.to_owned(),
            channel: String::new(),
            dimm_label: String::new(),
        }
    }
}

/// Returns the number in a name like `csrow12`.
fn numbered<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let number = name.strip_prefix(prefix)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// Turns the driver's `mc#0csrow#0channel#1` into `mc0_csrow0_channel1`; what a person named stays as it is.
fn clean_label(label: &str) -> String {
    label
        .replace('#', "")
        .replace("csrow", "_csrow")
        .replace("channel", "_channel")
}

#[cfg(test)]
mod tests;
