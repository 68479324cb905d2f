//! Fibre Channel host adapters: `/sys/class/fc_host`.

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root};

const INFO: Family<'_> = Family::gauge(
    "node_fibrechannel_info",
    "What /sys/class/fc_host says in words; always 1.",
);

/// Attributes that become labels of the same name.
const TEXTS: [&str; 10] = [
    "speed",
    "port_state",
    "port_type",
    "port_id",
    "port_name",
    "fabric_name",
    "symbolic_name",
    "supported_classes",
    "supported_speeds",
    "dev_loss_tmo",
];

/// Attributes of the form `0x…`, whose labels go without the prefix.
const NUMBERED: [&str; 3] = ["port_id", "port_name", "fabric_name"];

macro_rules! counter {
    ($file:literal, $name:literal, $help:literal) => {
        (
            $file,
            Family::counter(concat!("node_fibrechannel_", $name), $help),
        )
    };
}

const COUNTERS: [(&str, Family<'_>); 14] = [
    counter!("dumped_frames", "dumped_frames_total", "Frames dumped."),
    counter!("error_frames", "error_frames_total", "Frames with errors."),
    counter!(
        "invalid_crc_count",
        "invalid_crc_total",
        "Frames with a wrong checksum."
    ),
    counter!("rx_frames", "rx_frames_total", "Frames received."),
    counter!("rx_words", "rx_words_total", "Words received."),
    counter!("tx_frames", "tx_frames_total", "Frames transmitted."),
    counter!("tx_words", "tx_words_total", "Words transmitted."),
    counter!(
        "seconds_since_last_reset",
        "seconds_since_last_reset_total",
        "Seconds since the port was reset."
    ),
    counter!(
        "invalid_tx_word_count",
        "invalid_tx_words_total",
        "Invalid words transmitted."
    ),
    counter!(
        "link_failure_count",
        "link_failure_total",
        "Failures of the link."
    ),
    counter!(
        "loss_of_sync_count",
        "loss_of_sync_total",
        "Losses of synchronization."
    ),
    counter!(
        "loss_of_signal_count",
        "loss_of_signal_total",
        "Losses of the signal."
    ),
    counter!("nos_count", "nos_total", "Not-operational sequences received."),
    counter!("fcp_packet_aborts", "fcp_packet_aborts_total", "Packets aborted."),
];

/// Collector `fibrechannel`.
#[derive(Default)]
pub(crate) struct FibreChannel {
    reader: Reader,
    texts: [String; TEXTS.len()],
}

impl Collector for FibreChannel {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let class = Folder::open(root, "sys/class/fc_host")?;
        let listed = class.each(|host, _| {
            if let Some(folder) = class.folder(host) {
                self.collect_host(host, &folder, out);
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list /sys/class/fc_host: {error}"));
        }
        self.reader.finish()
    }
}

impl FibreChannel {
    fn collect_host(&mut self, host: &str, folder: &Folder, out: &mut dyn Sink) {
        let Self { reader, texts } = self;
        let mut labels = [("fc_host", host); TEXTS.len() + 1];
        for ((attribute, text), label) in TEXTS.iter().zip(texts.iter_mut()).zip(&mut labels[1..]) {
            let value = reader.text(folder, attribute, text).unwrap_or("");
            let value = if NUMBERED.contains(attribute) {
                value.strip_prefix("0x").unwrap_or(value)
            } else {
                value
            };
            *label = (attribute, value);
        }
        out.sample(&INFO, &labels, 1.0);
        let Some(statistics) = folder.folder("statistics") else {
            return;
        };
        for (file, family) in &COUNTERS {
            // All ones: the firmware does not count this.
            if let Some(value) = reader.unsigned(&statistics, file)
                && value != u64::MAX
            {
                out.sample(family, &[("fc_host", host)], value as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests;
