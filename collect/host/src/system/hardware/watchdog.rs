//! Collector `watchdog`: the timers that restart a machine that hangs, from sysfs.
//!
//! Source: kernel documentation, `ABI/testing/sysfs-class-watchdog`.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, attribute};

const WATCHDOG_DIR: &str = "sys/class/watchdog";
const INFO: Family<'_> = Family::gauge(
    "node_watchdog_info",
    "1 for every watchdog; the labels say what it is and does.",
);
/// Files that hold a number.
const NUMBERS: [(&str, Family<'_>); 7] = [
    (
        "bootstatus",
        Family::gauge("node_watchdog_bootstatus", "Status of the watchdog at boot."),
    ),
    (
        "fw_version",
        Family::gauge("node_watchdog_fw_version", "Version of the watchdog's firmware."),
    ),
    (
        "nowayout",
        Family::gauge(
            "node_watchdog_nowayout",
            "1 if the watchdog cannot be stopped once started.",
        ),
    ),
    (
        "timeleft",
        Family::gauge(
            "node_watchdog_timeleft_seconds",
            "Time left before the reset, in seconds.",
        ),
    ),
    (
        "timeout",
        Family::gauge(
            "node_watchdog_timeout_seconds",
            "Time without a sign of life before the reset, in seconds.",
        ),
    ),
    (
        "pretimeout",
        Family::gauge(
            "node_watchdog_pretimeout_seconds",
            "Time between the warning and the reset, in seconds.",
        ),
    ),
    (
        "access_cs0",
        Family::gauge(
            "node_watchdog_access_cs0",
            "1 if the machine started from its second flash.",
        ),
    ),
];
/// Files that hold a text, which become labels of the same names.
const TEXTS: [&str; 5] = ["options", "identity", "state", "status", "pretimeout_governor"];

/// Collects `node_watchdog_*`.
#[derive(Default)]
pub(crate) struct Watchdog {
    buffer: Vec<u8>,
}

impl Collector for Watchdog {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let names = root.list(WATCHDOG_DIR)?;
        if names.is_empty() {
            return Err(CollectError::Absent {
                what: format!("/{WATCHDOG_DIR}/watchdog0"),
            });
        }
        let mut problems = Problems::default();
        for name in &names {
            self.report(root, name, (out, &mut problems));
        }
        problems.into_result()
    }
}

impl Watchdog {
    fn report(&mut self, root: &Root, name: &str, (out, problems): (&mut dyn Sink, &mut Problems)) {
        let dir = format!("{WATCHDOG_DIR}/{name}");
        for (file, family) in &NUMBERS {
            match attribute::integer(root, format!("{dir}/{file}"), &mut self.buffer) {
                Ok(value) => out.sample(family, &[("name", name)], value as f64),
                Err(CollectError::Absent { .. }) => {}
                Err(error) => problems.add_error(&error),
            }
        }
        let texts =
            TEXTS.map(
                |file| match attribute::text(root, format!("{dir}/{file}"), &mut self.buffer) {
                    Ok(text) => (file, text),
                    Err(CollectError::Absent { .. }) => (file, String::new()),
                    Err(error) => {
                        problems.add_error(&error);
                        (file, String::new())
                    }
                },
            );
        let mut labels = [("name", name); TEXTS.len() + 1];
        for (label, (file, text)) in labels.iter_mut().skip(1).zip(&texts) {
            *label = (file, text);
        }
        out.sample(&INFO, &labels, 1.0);
    }
}

#[cfg(test)]
mod tests;
