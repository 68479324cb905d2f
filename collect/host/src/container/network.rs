//! Network devices of a container, by a process in it.

use std::fs::read_link;

use crate::{Root, parse};

use super::emit::Emit;
use super::emit::families as f;
use super::files::Files;

/// Devices that say nothing of a container: loopback, and the host's ends of other containers. Source: cAdvisor,
/// `isIgnoredDevice`.
const IGNORED: &[&str] = &["lo", "veth", "docker", "nerdctl"];

/// Returns the inode of a process's network namespace.
pub(super) fn namespace(root: &Root, pid: u32) -> Option<u64> {
    let link = read_link(root.path(format!("proc/{pid}/ns/net"))).ok()?;
    let inode = link.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?;
    inode.parse().ok()
}

/// Reads the devices in a process's network namespace. Source: proc_pid_net(5), `dev`.
pub(super) fn emit(files: &mut Files<'_>, pid: u32, emit: &mut Emit<'_>) {
    let Some(bytes) = files.read(&format!("proc/{pid}/net"), "dev") else {
        return;
    };
    for line in parse::lines(bytes).skip(2) {
        let Some((name, counters)) = parse::text(line).split_once(':') else {
            continue;
        };
        let name = name.trim();
        if IGNORED.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let mut values = [None; 16];
        for (value, word) in values.iter_mut().zip(counters.split_ascii_whitespace()) {
            *value = parse::unsigned(word.as_bytes());
        }
        let [rx_bytes, rx_packets, rx_errors, rx_dropped, ..] = values;
        let [.., tx_bytes, tx_packets, tx_errors, tx_dropped, _, _, _, _] = values;
        let rows = [
            (&f::RECEIVE_BYTES, rx_bytes),
            (&f::RECEIVE_PACKETS, rx_packets),
            (&f::RECEIVE_ERRORS, rx_errors),
            (&f::RECEIVE_DROPPED, rx_dropped),
            (&f::TRANSMIT_BYTES, tx_bytes),
            (&f::TRANSMIT_PACKETS, tx_packets),
            (&f::TRANSMIT_ERRORS, tx_errors),
            (&f::TRANSMIT_DROPPED, tx_dropped),
        ];
        for (family, value) in rows {
            emit.labelled(family, &[("interface", name)], value.map(|value| value as f64));
        }
    }
}
