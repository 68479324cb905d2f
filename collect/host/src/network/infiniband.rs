//! InfiniBand and RoCE adapters and their ports: `/sys/class/infiniband`.

mod counters;

use model::{Family, Sink};

use crate::folder::{Folder, Reader, parse_unsigned};
use crate::{CollectError, Collector, Root, parse};

const INFO: Family<'_> = Family::gauge(
    "node_infiniband_info",
    "What /sys/class/infiniband says about an adapter in words; always 1.",
);
const STATE: Family<'_> = Family::gauge(
    "node_infiniband_state_id",
    "State of a port: 0 no change, 1 down, 2 init, 3 armed, 4 active, 5 active deferred.",
);
const PHYSICAL_STATE: Family<'_> = Family::gauge(
    "node_infiniband_physical_state_id",
    "Physical state of a port: 0 no change, 1 sleep, 2 polling, 3 disabled, 4 shift, 5 link up, \
     6 link error recovery, 7 test.",
);
const RATE: Family<'_> = Family::gauge(
    "node_infiniband_rate_bytes_per_second",
    "Highest rate of a port's link.",
);
const LIFESPAN: Family<'_> = Family::gauge(
    "node_infiniband_lifespan_seconds",
    "Age up to which a port's counters may be answered from a cache.",
);

/// Bytes a second of one gigabit a second.
const GIGABIT: f64 = 125_000_000.0;

/// Collector `infiniband`.
#[derive(Default)]
pub(crate) struct InfiniBand {
    reader: Reader,
    texts: [String; 3],
}

impl Collector for InfiniBand {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let class = Folder::open(root, "sys/class/infiniband")?;
        let listed = class.each(|device, _| {
            let Some(folder) = class.folder(device) else {
                return;
            };
            self.collect_device(device, &folder, out);
            let Some(ports) = folder.folder("ports") else {
                return;
            };
            let listed = ports.each(|port, _| {
                if let Some(folder) = ports.folder(port) {
                    self.collect_port([("device", device), ("port", port)], &folder, out);
                }
            });
            if let Err(error) = listed {
                self.reader
                    .problem(format_args!("failed to list ports of {device}: {error}"));
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list /sys/class/infiniband: {error}"));
        }
        self.reader.finish()
    }
}

impl InfiniBand {
    fn collect_device(&mut self, device: &str, folder: &Folder, out: &mut dyn Sink) {
        let Self { reader, texts } = self;
        let [board, firmware, hca] = texts;
        let labels = [
            ("device", device),
            ("board_id", reader.text(folder, "board_id", board).unwrap_or("")),
            (
                "firmware_version",
                reader.text(folder, "fw_ver", firmware).unwrap_or(""),
            ),
            ("hca_type", reader.text(folder, "hca_type", hca).unwrap_or("")),
        ];
        out.sample(&INFO, &labels, 1.0);
    }

    fn collect_port(&mut self, labels: [(&str, &str); 2], folder: &Folder, out: &mut dyn Sink) {
        let reader = &mut self.reader;
        for (file, family, parse) in [
            ("state", &STATE, state as fn(&[u8]) -> Option<f64>),
            ("phys_state", &PHYSICAL_STATE, state),
            ("rate", &RATE, rate),
        ] {
            match reader.bytes(folder, file).map(parse) {
                Some(Some(value)) => out.sample(family, &labels, value),
                Some(None) => reader.problem(format_args!(
                    "cannot read {file} of port {} of {}",
                    labels[1].1, labels[0].1
                )),
                None => {}
            }
        }
        for (place, table) in counters::TABLES {
            let Some(folder) = folder.folder(place) else {
                continue;
            };
            for (file, family, scale) in *table {
                if let Some(value) = count(reader, &folder, file) {
                    out.sample(family, &labels, value.wrapping_mul(*scale) as f64);
                }
            }
            if *place == counters::HARDWARE
                && let Some(ms) = count(reader, &folder, "lifespan")
            {
                out.sample(&LIFESPAN, &labels, (ms / 1000) as f64);
            }
        }
    }
}

/// Reads a counter; ports without a performance management agent say `N/A (no PMA)`.
fn count(reader: &mut Reader, folder: &Folder, file: &str) -> Option<u64> {
    let bytes = reader.bytes(folder, file)?;
    if bytes.starts_with(b"N/A") {
        return None;
    }
    let value = parse_unsigned(bytes);
    if value.is_none() {
        reader.problem(format_args!("no number in counter {file}"));
    }
    value
}

/// Parses `4: ACTIVE`.
fn state(bytes: &[u8]) -> Option<f64> {
    let id = bytes.split(|byte| *byte == b':').next()?;
    parse::unsigned(id.trim_ascii()).map(|id| id as f64)
}

/// Parses `2.5 Gb/sec (1X SDR)` to bytes a second.
fn rate(bytes: &[u8]) -> Option<f64> {
    let gigabits = parse::number(parse::words(bytes).next()?)?;
    Some((gigabits * GIGABIT).trunc())
}

#[cfg(test)]
mod tests;
