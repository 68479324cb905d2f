//! How many neighbours the kernel knows on every device: `/proc/net/arp`.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const ENTRIES: Family<'_> = Family::gauge("node_arp_entries", "Entries of the ARP table on a device.");

/// Collector `arp`.
#[derive(Default)]
pub(crate) struct Arp {
    buffer: Vec<u8>,
    /// Devices with their entries, from one collection to the next.
    devices: Vec<(String, u32)>,
}

impl Collector for Arp {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/net/arp", &mut self.buffer)?;
        let mut problems = Problems::default();
        for (_, entries) in &mut self.devices {
            *entries = 0;
        }
        // A title, then: address, hardware type, flags, hardware address, mask, device.
        for line in parse::lines(bytes).skip(1) {
            let Some(device) = parse::words(line).nth(5) else {
                problems.add(format_args!(
                    "a line of /proc/net/arp has no device: {:?}",
                    parse::excerpt(line)
                ));
                continue;
            };
            let device = parse::text(device);
            match self.devices.iter_mut().find(|(name, _)| name == device) {
                Some((_, entries)) => *entries += 1,
                None => self.devices.push((device.to_owned(), 1)),
            }
        }
        self.devices.retain(|(_, entries)| *entries > 0);
        for (device, entries) in &self.devices {
            out.sample(&ENTRIES, &[("device", device)], f64::from(*entries));
        }
        problems.into_result()
    }
}

#[cfg(test)]
mod tests;
