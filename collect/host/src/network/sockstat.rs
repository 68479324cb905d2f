//! Sockets by protocol: `/proc/net/sockstat` and `/proc/net/sockstat6`.
//!
//! Names are made of what the kernel says, `node_sockstat_TCP_inuse` for `inuse` of `TCP`.

use std::fmt::Write;

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const USED: Family<'_> = Family::gauge("node_sockstat_sockets_used", "Sockets of all protocols.");

/// What a line may say about a protocol.
const KEYS: [&str; 6] = ["inuse", "orphan", "tw", "alloc", "mem", "memory"];

/// Collector `sockstat`.
#[derive(Default)]
pub(crate) struct SockStat {
    buffer: Vec<u8>,
    name: String,
    help: String,
}

impl Collector for SockStat {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut problems = Problems::default();
        let mut absent = 0;
        let files = ["proc/net/sockstat", "proc/net/sockstat6"];
        for file in files {
            match root.read(file, &mut buffer) {
                Ok(bytes) => {
                    for line in parse::lines(bytes) {
                        if self.collect_line(line, out).is_none() {
                            problems.add(format_args!(
                                "cannot read a line of /{file}: {:?}",
                                parse::excerpt(line)
                            ));
                        }
                    }
                }
                // IPv4 or IPv6 may be off.
                Err(CollectError::Absent { .. }) => absent += 1,
                Err(error) => problems.add_error(&error),
            }
        }
        self.buffer = buffer;
        if absent == files.len() {
            return Err(CollectError::Absent {
                what: "/proc/net/sockstat".to_owned(),
            });
        }
        problems.into_result()
    }
}

impl SockStat {
    /// Takes `TCP: inuse 12 orphan 0 tw 0 alloc 12 mem 0`.
    fn collect_line(&mut self, line: &[u8], out: &mut dyn Sink) -> Option<()> {
        let mut words = parse::words(line);
        let protocol = std::str::from_utf8(words.next()?.strip_suffix(b":")?).ok()?;
        while let Some(key) = words.next() {
            let value = parse::number(words.next()?)?;
            let Some(key) = KEYS.iter().find(|known| known.as_bytes() == key) else {
                if protocol == "sockets" && key == b"used" {
                    out.sample(&USED, &[], value);
                }
                continue;
            };
            self.sample((protocol, key), value, out);
            if *key == "mem" {
                let page = rustix::param::page_size() as f64;
                self.sample((protocol, "mem_bytes"), value * page, out);
            }
        }
        Some(())
    }

    fn sample(&mut self, (protocol, key): (&str, &str), value: f64, out: &mut dyn Sink) {
        let what = match key {
            "inuse" => "sockets in use",
            "orphan" => "sockets that no process holds",
            "tw" => "sockets in TIME_WAIT",
            "alloc" => "sockets allocated",
            "mem" => "memory in pages",
            _ => "memory in bytes",
        };
        self.name.clear();
        self.help.clear();
        let written = write!(self.name, "node_sockstat_{protocol}_{key}").is_ok()
            && write!(self.help, "Protocol {protocol}: {what}.").is_ok();
        debug_assert!(written, "writing to a string does not fail");
        out.sample(&Family::gauge(&self.name, &self.help), &[], value);
    }
}

#[cfg(test)]
mod tests;
