//! IP virtual server, the kernel's load balancer: `/proc/net/ip_vs_stats` and `/proc/net/ip_vs`.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use model::{Family, Sink};

use crate::folder::parse_hex;
use crate::{CollectError, Collector, Problems, Root, parse};

/// Columns of the totals, in order.
const TOTALS: [Family<'_>; 5] = [
    Family::counter("node_ipvs_connections_total", "Connections made."),
    Family::counter("node_ipvs_incoming_packets_total", "Packets received."),
    Family::counter("node_ipvs_outgoing_packets_total", "Packets sent."),
    Family::counter("node_ipvs_incoming_bytes_total", "Bytes received."),
    Family::counter("node_ipvs_outgoing_bytes_total", "Bytes sent."),
];

/// Columns of a real server, in order.
const SERVER: [Family<'_>; 3] = [
    Family::gauge("node_ipvs_backend_weight", "Weight of a real server."),
    Family::gauge(
        "node_ipvs_backend_connections_active",
        "Active connections of a real server.",
    ),
    Family::gauge(
        "node_ipvs_backend_connections_inactive",
        "Inactive connections of a real server.",
    ),
];

/// Collector `ipvs`.
#[derive(Default)]
pub(crate) struct Ipvs {
    buffer: Vec<u8>,
    /// Virtual service the current line belongs to.
    service: Service,
    remote: Endpoint,
}

#[derive(Default)]
struct Service {
    protocol: String,
    local: Endpoint,
    /// Firewall mark of a service that has no address.
    mark: String,
}

/// Address and port, as label values; both are written over again and again.
#[derive(Default)]
struct Endpoint {
    address: String,
    port: String,
}

impl Collector for Ipvs {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let Self {
            buffer,
            service,
            remote,
        } = self;
        let mut problems = Problems::default();
        collect_totals(root.read("proc/net/ip_vs_stats", buffer)?, &mut problems, out);
        let bytes = root.read("proc/net/ip_vs", buffer)?;
        // A version line and two title lines; the second begins like a real server.
        for line in parse::lines(bytes).skip(3) {
            if collect_line(line, service, remote, out).is_none() {
                problems.add(format_args!(
                    "cannot read a line of /proc/net/ip_vs: {:?}",
                    parse::excerpt(line)
                ));
            }
        }
        problems.into_result()
    }
}

/// Takes two title lines and the totals; the rates that follow are not needed.
fn collect_totals(bytes: &[u8], problems: &mut Problems, out: &mut dyn Sink) {
    let totals = parse::lines(bytes).nth(2).unwrap_or_default();
    let mut words = parse::words(totals).map(parse_hex);
    for family in &TOTALS {
        match words.next() {
            Some(Some(value)) => out.sample(family, &[], value as f64),
            _ => problems.add(format_args!("/proc/net/ip_vs_stats has no {}", family.name)),
        }
    }
}

fn collect_line(line: &[u8], service: &mut Service, remote: &mut Endpoint, out: &mut dyn Sink) -> Option<()> {
    let mut words = parse::words(line);
    let first = words.next()?;
    let second = words.next()?;
    if first != b"->" {
        service.protocol.clear();
        service.protocol.push_str(parse::text(first));
        service.mark.clear();
        if first == b"FWM" {
            service.mark.push_str(parse::text(second));
            service.local.address.clear();
            service.local.port.clear();
            service.local.port.push('0');
            return Some(());
        }
        return service.local.set(second);
    }
    remote.set(second)?;
    let _forwarding = words.next()?;
    let labels = [
        ("local_address", service.local.address.as_str()),
        ("local_port", service.local.port.as_str()),
        ("remote_address", remote.address.as_str()),
        ("remote_port", remote.port.as_str()),
        ("proto", service.protocol.as_str()),
        ("local_mark", service.mark.as_str()),
    ];
    let mut values = [0; SERVER.len()];
    for value in &mut values {
        *value = parse::unsigned(words.next()?)?;
    }
    for (family, value) in SERVER.iter().zip(values) {
        out.sample(family, &labels, value as f64);
    }
    Some(())
}

impl Endpoint {
    /// Takes `C0A80016:0CEA` or `[2620:0000:0000:0000:0000:0000:0000:0001]:0050`.
    fn set(&mut self, bytes: &[u8]) -> Option<()> {
        let colon = bytes.iter().rposition(|byte| *byte == b':')?;
        let (address, port) = bytes.split_at_checked(colon)?;
        let port = u16::try_from(parse_hex(port.strip_prefix(b":")?)?).ok()?;
        self.address.clear();
        self.port.clear();
        write!(self.port, "{port}").ok()?;
        match address
            .strip_prefix(b"[")
            .and_then(|rest| rest.strip_suffix(b"]"))
        {
            Some(address) => {
                let address: Ipv6Addr = std::str::from_utf8(address).ok()?.parse().ok()?;
                write!(self.address, "{address}").ok()
            }
            None => {
                let address = Ipv4Addr::from_bits(u32::try_from(parse_hex(address)?).ok()?);
                write!(self.address, "{address}").ok()
            }
        }
    }
}

#[cfg(test)]
mod tests;
