//! Counters of the IP, ICMP, TCP and UDP stacks: `/proc/net/netstat`, `/proc/net/snmp` and `/proc/net/snmp6`.
//!
//! The kernel has hundreds of them; those are handed over that node_exporter hands over by default. Names are made
//! of what the kernel says, `node_netstat_Tcp_ActiveOpens` for column `ActiveOpens` of `Tcp`, and have no type
//! because the files do not tell counters from gauges.

use std::fmt::Write;

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

/// Collector `netstat`.
#[derive(Default)]
pub(crate) struct NetStat {
    buffer: Vec<u8>,
    name: String,
    help: String,
}

impl Collector for NetStat {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.collect_files(root, &mut buffer, out);
        self.buffer = buffer;
        result
    }
}

impl NetStat {
    fn collect_files(
        &mut self,
        root: &Root,
        buffer: &mut Vec<u8>,
        out: &mut dyn Sink,
    ) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        for file in ["proc/net/netstat", "proc/net/snmp"] {
            let mut lines = parse::lines(root.read(file, buffer)?);
            while let (Some(titles), Some(values)) = (lines.next(), lines.next()) {
                if self.collect_pair(titles, values, out).is_none() {
                    problems.add(format_args!(
                        "cannot read two lines of /{file}: {:?}",
                        first(titles)
                    ));
                }
            }
        }
        let bytes = match root.read("proc/net/snmp6", buffer) {
            Ok(bytes) => bytes,
            Err(CollectError::Absent { .. }) => return problems.into_result(),
            Err(error) => return Err(error),
        };
        for line in parse::lines(bytes) {
            if self.collect_ipv6(line, out).is_none() {
                problems.add(format_args!(
                    "cannot read a line of /proc/net/snmp6: {:?}",
                    first(line)
                ));
            }
        }
        problems.into_result()
    }

    /// Takes `Tcp: RtoAlgorithm RtoMin …` and `Tcp: 1 200 …`.
    fn collect_pair(&mut self, titles: &[u8], values: &[u8], out: &mut dyn Sink) -> Option<()> {
        let mut titles = parse::words(titles);
        let mut values = parse::words(values);
        let protocol = titles.next()?;
        if values.next()? != protocol {
            return None;
        }
        let protocol = std::str::from_utf8(protocol.strip_suffix(b":")?).ok()?;
        loop {
            match (titles.next(), values.next()) {
                (Some(title), Some(value)) => {
                    if is_wanted(protocol.as_bytes(), title) {
                        self.sample((protocol, parse::text(title)), parse::number(value)?, out);
                    }
                }
                (None, None) => return Some(()),
                _ => return None,
            }
        }
    }

    /// Takes `Ip6InReceives    32`, which belongs to `Ip6`.
    fn collect_ipv6(&mut self, line: &[u8], out: &mut dyn Sink) -> Option<()> {
        let mut words = parse::words(line);
        let name = words.next()?;
        let value = words.next()?;
        if let Some(six) = name.iter().position(|byte| *byte == b'6')
            && let Some((protocol, title)) = name.split_at_checked(six + 1)
            && is_wanted(protocol, title)
        {
            let value = parse::number(value)?;
            self.sample((parse::text(protocol), parse::text(title)), value, out);
        }
        Some(())
    }

    fn sample(&mut self, (protocol, title): (&str, &str), value: f64, out: &mut dyn Sink) {
        self.name.clear();
        self.help.clear();
        let written = write!(self.name, "node_netstat_{protocol}_{title}").is_ok()
            && write!(self.help, "The kernel's {title} of {protocol}.").is_ok();
        debug_assert!(written, "writing to a string does not fail");
        out.sample(&Family::untyped(&self.name, &self.help), &[], value);
    }
}

/// Tells whether a column is handed over.
fn is_wanted(protocol: &[u8], title: &[u8]) -> bool {
    if matches!(title, b"InErrors" | b"InErrs") {
        return true;
    }
    match protocol {
        b"Ip" => title == b"Forwarding",
        b"Ip6" | b"IpExt" => matches!(title, b"InOctets" | b"OutOctets"),
        b"Icmp" | b"Icmp6" => matches!(title, b"InMsgs" | b"OutMsgs"),
        b"TcpExt" => {
            title.starts_with(b"Listen")
                || title.starts_with(b"Syncookies")
                || matches!(
                    title,
                    b"TCPSynRetrans" | b"TCPTimeouts" | b"TCPOFOQueue" | b"TCPRcvQDrop"
                )
        }
        b"Tcp" => matches!(
            title,
            b"ActiveOpens"
                | b"InSegs"
                | b"OutSegs"
                | b"OutRsts"
                | b"PassiveOpens"
                | b"RetransSegs"
                | b"CurrEstab"
        ),
        b"Udp" | b"Udp6" => matches!(
            title,
            b"InDatagrams" | b"OutDatagrams" | b"NoPorts" | b"RcvbufErrors" | b"SndbufErrors"
        ),
        _ => false,
    }
}

fn first(line: &[u8]) -> &str {
    parse::text(parse::words(line).next().unwrap_or_default())
}

#[cfg(test)]
mod tests;
