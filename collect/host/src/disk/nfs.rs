//! NFS on both sides: what the client asked for, `/proc/net/rpc/nfs`, and what the server answered,
//! `/proc/net/rpc/nfsd`.
//!
//! Both files have a line a group, `net 70 70 69 45`. A group that the kernel does not have counts as zeros, so that
//! the series are the same on all kernels. Lines `proc…` begin with the number of columns that follow.

mod methods;

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

macro_rules! family {
    ($kind:ident, $name:literal, $help:literal) => {
        Family::$kind(concat!("node_", $name), $help)
    };
}

/// Columns of a line that are kept; newer kernels have more operations than families.
const MAX_COLUMNS: usize = 64;

/// The columns of a line.
type Columns = [u64; MAX_COLUMNS];

const CLIENT_REQUESTS: Family<'_> = family!(counter, "nfs_requests_total", "Procedures called.");
const CLIENT_PACKETS: Family<'_> = family!(
    counter,
    "nfs_packets_total",
    "Packets sent and received, by protocol."
);
const SERVER_REQUESTS: Family<'_> = family!(counter, "nfsd_requests_total", "Procedures answered.");
const SERVER_PACKETS: Family<'_> = family!(
    counter,
    "nfsd_packets_total",
    "Packets sent and received, by protocol."
);
const SERVER_ERRORS: Family<'_> = family!(
    counter,
    "nfsd_rpc_errors_total",
    "Remote calls refused, by reason."
);

/// A line by its name, with columns that are families.
type Line = (&'static [u8], &'static [(usize, Family<'static>)]);

/// Lines of the client, with columns that are families.
const CLIENT: [Line; 2] = [
    (
        b"net",
        &[(3, family!(counter, "nfs_connections_total", "Connections made."))],
    ),
    (
        b"rpc",
        &[
            (0, family!(counter, "nfs_rpcs_total", "Remote calls made.")),
            (
                1,
                family!(
                    counter,
                    "nfs_rpc_retransmissions_total",
                    "Remote calls sent again."
                ),
            ),
            (
                2,
                family!(
                    counter,
                    "nfs_rpc_authentication_refreshes_total",
                    "Refreshes of credentials."
                ),
            ),
        ],
    ),
];

/// Lines of the server, with columns that are families.
const SERVER: [Line; 7] = [
    (
        b"rc",
        &[
            (
                0,
                family!(
                    counter,
                    "nfsd_reply_cache_hits_total",
                    "Requests whose reply was in the cache: the client had lost it."
                ),
            ),
            (
                1,
                family!(
                    counter,
                    "nfsd_reply_cache_misses_total",
                    "Requests whose reply was put into the cache."
                ),
            ),
            (
                2,
                family!(
                    counter,
                    "nfsd_reply_cache_nocache_total",
                    "Requests whose reply needs no cache."
                ),
            ),
        ],
    ),
    (
        b"fh",
        &[(
            0,
            family!(counter, "nfsd_file_handles_stale_total", "Stale file handles."),
        )],
    ),
    (
        b"io",
        &[
            (0, family!(counter, "nfsd_disk_bytes_read_total", "Bytes read.")),
            (
                1,
                family!(counter, "nfsd_disk_bytes_written_total", "Bytes written."),
            ),
        ],
    ),
    (
        b"th",
        &[(0, family!(gauge, "nfsd_server_threads", "Threads of the server."))],
    ),
    (
        b"ra",
        &[
            (
                0,
                family!(
                    gauge,
                    "nfsd_read_ahead_cache_size_blocks",
                    "Size of the read-ahead cache in blocks."
                ),
            ),
            (
                11,
                family!(
                    counter,
                    "nfsd_read_ahead_cache_not_found_total",
                    "Reads not found in the read-ahead cache."
                ),
            ),
        ],
    ),
    (
        b"net",
        &[(
            3,
            family!(counter, "nfsd_connections_total", "Connections accepted."),
        )],
    ),
    (
        b"rpc",
        &[(
            0,
            family!(counter, "nfsd_server_rpcs_total", "Remote calls received."),
        )],
    ),
];

/// Collector `nfs`: the client.
#[derive(Default)]
pub(crate) struct Nfs {
    buffer: Vec<u8>,
}

/// Collector `nfsd`: the server.
#[derive(Default)]
pub(crate) struct Nfsd {
    buffer: Vec<u8>,
}

impl Collector for Nfs {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/net/rpc/nfs", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut of = |name: &[u8]| columns(bytes, name, &mut problems);
        for (name, families) in CLIENT {
            let columns = of(name);
            for (column, family) in families {
                out.sample(family, &[], columns[*column] as f64);
            }
        }
        let net = of(b"net");
        out.sample(&CLIENT_PACKETS, &[("protocol", "udp")], net[1] as f64);
        out.sample(&CLIENT_PACKETS, &[("protocol", "tcp")], net[2] as f64);
        for (line, version, names) in [
            (&b"proc2"[..], "2", methods::V2),
            (b"proc3", "3", methods::V3),
            (b"proc4", "4", methods::CLIENT_V4),
        ] {
            requests(&CLIENT_REQUESTS, version, names.iter().zip(&of(line)[1..]), out);
        }
        problems.into_result()
    }
}

impl Collector for Nfsd {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/net/rpc/nfsd", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut of = |name: &[u8]| columns(bytes, name, &mut problems);
        for (name, families) in SERVER {
            let columns = of(name);
            for (column, family) in families {
                out.sample(family, &[], columns[*column] as f64);
            }
        }
        let net = of(b"net");
        out.sample(&SERVER_PACKETS, &[("proto", "udp")], net[1] as f64);
        out.sample(&SERVER_PACKETS, &[("proto", "tcp")], net[2] as f64);
        let rpc = of(b"rpc");
        for (error, column) in [("fmt", 2), ("auth", 3), ("cInt", 4)] {
            out.sample(&SERVER_ERRORS, &[("error", error)], rpc[column] as f64);
        }
        for (line, version, names) in [
            (&b"proc2"[..], "2", methods::V2),
            (b"proc3", "3", methods::V3),
            (b"proc4ops", "4", methods::SERVER_V4),
        ] {
            // The server leaves out the procedure that does nothing.
            let columns = of(line);
            let methods = names
                .iter()
                .zip(&columns[1..])
                .filter(|(name, _)| **name != "Null");
            requests(&SERVER_REQUESTS, version, methods, out);
        }
        let attributes = of(b"wdeleg_getattr");
        requests(&SERVER_REQUESTS, "4", [(&"WdelegGetattr", &attributes[0])], out);
        problems.into_result()
    }
}

/// Hands over procedures that have a name.
fn requests<'v>(
    family: &Family<'_>,
    version: &str,
    methods: impl IntoIterator<Item = (&'v &'v str, &'v u64)>,
    out: &mut dyn Sink,
) {
    for (method, value) in methods {
        if !method.is_empty() {
            out.sample(family, &[("proto", version), ("method", method)], *value as f64);
        }
    }
}

/// Returns the columns of a line, zeros where there are none.
fn columns(bytes: &[u8], name: &[u8], problems: &mut Problems) -> Columns {
    let mut columns = [0; MAX_COLUMNS];
    let line = parse::lines(bytes).find(|line| parse::words(line).next() == Some(name));
    for (column, word) in columns
        .iter_mut()
        .zip(parse::words(line.unwrap_or_default()).skip(1))
    {
        match parse::unsigned(word) {
            Some(value) => *column = value,
            // A histogram of seconds that kernels no longer fill.
            None if name == b"th" => break,
            None => {
                problems.add(format_args!("line {} has no numbers", parse::text(name)));
                break;
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests;
