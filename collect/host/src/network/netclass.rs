//! Properties of every network device: `/sys/class/net`.
//!
//! Most properties change with an event of the link, or by the administrator's hand. They are read when an event
//! shows, and every eighth collection.

use std::collections::HashMap;

use model::{Family, Sink};
use rustix::fs::FileType;

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root};

const UP: Family<'_> = Family::gauge(
    "node_network_up",
    "1 if the device's operational state is up, otherwise 0.",
);
const INFO: Family<'_> = Family::gauge(
    "node_network_info",
    "What /sys/class/net says about a device in words; always 1.",
);
const SPEED: Family<'_> = Family::gauge(
    "node_network_speed_bytes",
    "Speed of the device's link in bytes a second; negative if the driver does not know it.",
);

/// Bytes a second of one megabit a second, the unit of the attribute `speed`.
const MEGABIT: i64 = 1000 * 1000 / 8;

/// The flag `IFF_UP`: the administrator wants the device up.
const FLAG_UP: i64 = 1;

/// Attributes that show every event of the link.
const LIVE: [(&str, Family<'_>); 5] = [
    (
        "carrier",
        Family::gauge("node_network_carrier", "Whether the physical link is up."),
    ),
    (
        "carrier_changes",
        Family::counter(
            "node_network_carrier_changes_total",
            "Times the physical link went up or down.",
        ),
    ),
    (
        "dormant",
        Family::gauge(
            "node_network_dormant",
            "Whether the device waits for an event before packets can pass.",
        ),
    ),
    (
        "flags",
        Family::gauge("node_network_flags", "The device's flags as a bit mask."),
    ),
    (
        "ifindex",
        Family::gauge("node_network_iface_id", "Index of the device."),
    ),
];

/// Place of `flags` in [`LIVE`].
const FLAGS: usize = 3;

/// Attributes that change with those of [`LIVE`], or by the administrator's hand.
const SETTLED: [(&str, Family<'_>); 11] = [
    (
        "addr_assign_type",
        Family::gauge(
            "node_network_address_assign_type",
            "How the device got its address: 0 permanent, 1 random, 2 stolen, 3 set.",
        ),
    ),
    (
        "carrier_up_count",
        Family::counter(
            "node_network_carrier_up_changes_total",
            "Times the physical link went up.",
        ),
    ),
    (
        "carrier_down_count",
        Family::counter(
            "node_network_carrier_down_changes_total",
            "Times the physical link went down.",
        ),
    ),
    (
        "dev_id",
        Family::gauge(
            "node_network_device_id",
            "Number that tells devices with the same address apart.",
        ),
    ),
    (
        "iflink",
        Family::gauge(
            "node_network_iface_link",
            "Index of the device this one stands on; its own if on none.",
        ),
    ),
    (
        "link_mode",
        Family::gauge(
            "node_network_iface_link_mode",
            "Link mode of the device: 0 default, 1 dormant.",
        ),
    ),
    (
        "mtu",
        Family::gauge("node_network_mtu_bytes", "Largest packet of the device."),
    ),
    (
        "name_assign_type",
        Family::gauge(
            "node_network_name_assign_type",
            "How the device got its name: 1 by enumeration, 2 predictably, 3 by the user, 4 renamed.",
        ),
    ),
    (
        "netdev_group",
        Family::gauge("node_network_net_dev_group", "Group of the device."),
    ),
    (
        "tx_queue_len",
        Family::gauge(
            "node_network_transmit_queue_length",
            "Packets the transmit queue of the device holds.",
        ),
    ),
    (
        "type",
        Family::gauge(
            "node_network_protocol_type",
            "Hardware type of the device, as ARP numbers it.",
        ),
    ),
];

/// Texts that change like [`SETTLED`]. Labels of the same name.
const TEXTS: [&str; 4] = ["address", "broadcast", "duplex", "ifalias"];

/// Collections after which everything is read again in any case.
const SETTLED_FOR: u8 = 8;

/// Collector `netclass`.
#[derive(Default)]
pub(crate) struct NetClass {
    reader: Reader,
    devices: HashMap<String, Device>,
    round: u64,
}

/// What is known of a device.
#[derive(Default)]
struct Device {
    /// Round in which it was there.
    round: u64,
    /// Collections since everything was read.
    age: u8,
    live: [Option<i64>; LIVE.len()],
    state: String,
    settled: [Option<i64>; SETTLED.len()],
    speed: Option<i64>,
    texts: [String; TEXTS.len()],
}

impl Collector for NetClass {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let Self {
            reader,
            devices,
            round,
        } = self;
        let class = Folder::open(root, "sys/class/net")?;
        *round += 1;
        let listed = class.each(|name, kind| {
            // `bonding_masters` is a file among the devices.
            if kind == FileType::RegularFile {
                return;
            }
            let Some(folder) = class.folder(name) else {
                return;
            };
            if !devices.contains_key(name) {
                devices.insert(name.to_owned(), Device::default());
            }
            if let Some(device) = devices.get_mut(name) {
                device.round = *round;
                device.update(&folder, reader);
                device.report(name, out);
            }
        });
        devices.retain(|_, device| device.round == *round);
        if let Err(error) = listed {
            reader.problem(format_args!("failed to list /sys/class/net: {error}"));
        }
        reader.finish()
    }
}

impl Device {
    /// Reads what may have changed: opening an attribute costs more than all the rest of this collector, and a node
    /// with a hundred pods has thousands.
    fn update(&mut self, folder: &Folder, reader: &mut Reader) {
        let live = LIVE.map(|(file, _)| reader.signed(folder, file));
        let is_same_state = reader.bytes(folder, "operstate").unwrap_or_default() == self.state.as_bytes();
        let is_settled = self.age > 0 && self.age < SETTLED_FOR && live == self.live && is_same_state;
        self.age += 1;
        if is_settled {
            return;
        }
        self.age = 1;
        self.live = live;
        self.settled = SETTLED.map(|(file, _)| reader.signed(folder, file));
        self.speed = reader.signed(folder, "speed");
        // Empty where there is none.
        let _state = reader.text(folder, "operstate", &mut self.state);
        for (file, text) in TEXTS.iter().zip(&mut self.texts) {
            let _text = reader.text(folder, file, text);
        }
    }

    fn report(&self, name: &str, out: &mut dyn Sink) {
        let device = ("device", name);
        let families = LIVE.iter().chain(&SETTLED).map(|(_, family)| family);
        for (family, value) in families.zip(self.live.iter().chain(&self.settled)) {
            if let Some(value) = value {
                out.sample(family, &[device], *value as f64);
            }
        }
        if let Some(speed) = self.speed {
            out.sample(&SPEED, &[device], speed.saturating_mul(MEGABIT) as f64);
        }
        // Every device has a state: without one it went away while it was read.
        if self.state.is_empty() {
            return;
        }
        let administrator = match self.live[FLAGS] {
            Some(flags) if flags & FLAG_UP == FLAG_UP => "up",
            Some(_) => "down",
            None => "unknown",
        };
        let mut labels = [device; TEXTS.len() + 3];
        labels[1] = ("operstate", &self.state);
        labels[2] = ("adminstate", administrator);
        for ((file, text), label) in TEXTS.iter().zip(&self.texts).zip(&mut labels[3..]) {
            *label = (file, text);
        }
        out.sample(&INFO, &labels, 1.0);
        out.sample(&UP, &[device], f64::from(u8::from(self.state == "up")));
    }
}

#[cfg(test)]
mod tests;
