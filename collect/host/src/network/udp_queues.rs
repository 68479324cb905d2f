//! Bytes that wait in the queues of all UDP sockets: `/proc/net/udp` and `/proc/net/udp6`.

use model::{Family, Sink};

use crate::folder::parse_hex;
use crate::{CollectError, Collector, Problems, Root, parse};

const QUEUES: Family<'_> = Family::gauge("node_udp_queues", "Bytes in the queues of UDP sockets.");

const FILES: [(&str, &str); 2] = [("proc/net/udp", "v4"), ("proc/net/udp6", "v6")];

/// Collector `udp_queues`.
#[derive(Default)]
pub(crate) struct UdpQueues {
    buffer: Vec<u8>,
}

impl Collector for UdpQueues {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        let mut absent = 0;
        for (file, version) in FILES {
            let bytes = match root.read(file, &mut self.buffer) {
                Ok(bytes) => bytes,
                // IPv4 or IPv6 may be off.
                Err(CollectError::Absent { .. }) => {
                    absent += 1;
                    continue;
                }
                Err(error) => {
                    problems.add_error(&error);
                    continue;
                }
            };
            let (mut transmit, mut receive) = (0_u64, 0_u64);
            for line in parse::lines(bytes).skip(1) {
                match queues(line) {
                    Some((tx, rx)) => {
                        transmit = transmit.saturating_add(tx);
                        receive = receive.saturating_add(rx);
                    }
                    None => problems.add(format_args!(
                        "cannot read a line of /{file}: {:?}",
                        parse::excerpt(line)
                    )),
                }
            }
            out.sample(&QUEUES, &[("queue", "tx"), ("ip", version)], transmit as f64);
            out.sample(&QUEUES, &[("queue", "rx"), ("ip", version)], receive as f64);
        }
        if absent == FILES.len() {
            return Err(CollectError::Absent {
                what: "/proc/net/udp".to_owned(),
            });
        }
        problems.into_result()
    }
}

/// Returns the bytes to send and those to be read of a socket: the word `00000000:00000001`.
fn queues(line: &[u8]) -> Option<(u64, u64)> {
    let word = parse::words(line).nth(4)?;
    let colon = word.iter().position(|byte| *byte == b':')?;
    let (transmit, receive) = word.split_at_checked(colon)?;
    Some((parse_hex(transmit)?, parse_hex(receive.strip_prefix(b":")?)?))
}

#[cfg(test)]
mod tests;
