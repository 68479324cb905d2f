//! Traffic and errors of every network device: `/proc/net/dev`.
//!
//! The file has no column for packets that no one wanted; `/sys/class/net/*/statistics/rx_nohandler` has.

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

/// Columns of a line after the name of the device.
const COLUMNS: [Family<'_>; 16] = [
    Family::counter("node_network_receive_bytes_total", "Bytes received."),
    Family::counter("node_network_receive_packets_total", "Packets received."),
    Family::counter("node_network_receive_errs_total", "Errors on receive."),
    Family::counter("node_network_receive_drop_total", "Packets dropped on receive."),
    Family::counter(
        "node_network_receive_fifo_total",
        "Overruns of the receive queue.",
    ),
    Family::counter(
        "node_network_receive_frame_total",
        "Packets received with a wrong length, checksum or alignment.",
    ),
    Family::counter(
        "node_network_receive_compressed_total",
        "Compressed packets received.",
    ),
    Family::counter(
        "node_network_receive_multicast_total",
        "Multicast packets received.",
    ),
    Family::counter("node_network_transmit_bytes_total", "Bytes transmitted."),
    Family::counter("node_network_transmit_packets_total", "Packets transmitted."),
    Family::counter("node_network_transmit_errs_total", "Errors on transmit."),
    Family::counter("node_network_transmit_drop_total", "Packets dropped on transmit."),
    Family::counter(
        "node_network_transmit_fifo_total",
        "Underruns of the transmit queue.",
    ),
    Family::counter("node_network_transmit_colls_total", "Collisions on transmit."),
    Family::counter(
        "node_network_transmit_carrier_total",
        "Transmissions that failed for loss of carrier, abort, a late collision or a missing heartbeat.",
    ),
    Family::counter(
        "node_network_transmit_compressed_total",
        "Compressed packets transmitted.",
    ),
];

const NO_HANDLER: Family<'_> = Family::counter(
    "node_network_receive_nohandler_total",
    "Packets received that no protocol took.",
);

/// Collector `netdev`.
#[derive(Default)]
pub(crate) struct NetDev {
    buffer: Vec<u8>,
    reader: Reader,
}

impl Collector for NetDev {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let Self { buffer, reader } = self;
        let bytes = root.read("proc/net/dev", buffer)?;
        let class = Folder::open(root, "sys/class/net").ok();
        for line in parse::lines(bytes).skip(2) {
            let Some((device, values)) = split(line) else {
                reader.problem(format_args!(
                    "cannot read a line of /proc/net/dev: {:?}",
                    parse::excerpt(line)
                ));
                continue;
            };
            let label = [("device", device)];
            for (family, value) in COLUMNS.iter().zip(values) {
                out.sample(family, &label, value as f64);
            }
            if let Some(folder) = class.as_ref().and_then(|class| class.folder(device))
                && let Some(value) = reader.unsigned(&folder, "statistics/rx_nohandler")
            {
                out.sample(&NO_HANDLER, &label, value as f64);
            }
        }
        reader.finish()
    }
}

/// Splits `  eth0:811516965   34909 …`. Names may hold colons, values do not.
fn split(line: &[u8]) -> Option<(&str, [u64; COLUMNS.len()])> {
    let colon = line.iter().rposition(|byte| *byte == b':')?;
    let (device, rest) = line.split_at_checked(colon)?;
    let device = std::str::from_utf8(device.trim_ascii()).ok()?;
    let mut words = parse::words(rest.strip_prefix(b":")?);
    let mut values = [0; COLUMNS.len()];
    for value in &mut values {
        *value = parse::unsigned(words.next()?)?;
    }
    Some((device, values))
}

#[cfg(test)]
mod tests;
