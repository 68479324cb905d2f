//! Prints what reading a remote-write request costs a sample, in nanoseconds of one core, best of several runs.
//!
//! The request is the usual one: 5,000 series of 11 labels (about 250 bytes), one sample each.
//! `cargo run --release -p wire --example decode`

use std::io::Write as _;
use std::time::Instant;

use model::{Batch, Labels};
use wire::{
    DecodeError, DecodeLimits, DecodeScratch, Decoded, decode_remote_write_v1, decode_remote_write_v2,
    encode_remote_write_v1, encode_remote_write_v2,
};

const SERIES: usize = 5_000;
const ROUNDS: usize = 400;

type Decode = fn(&[u8], &DecodeLimits, &mut DecodeScratch, &mut Batch) -> Result<Decoded, DecodeError>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let batch = request()?;
    let mut out = std::io::stdout().lock();
    let versions: [(&str, Vec<u8>, Decode); 2] = [
        (
            "remote write 1.0",
            encode_remote_write_v1(&batch),
            decode_remote_write_v1,
        ),
        (
            "remote write 2.0",
            encode_remote_write_v2(&batch),
            decode_remote_write_v2,
        ),
    ];
    for (name, body, decode) in versions {
        let (mut scratch, mut into) = (DecodeScratch::default(), Batch::default());
        let mut best = f64::INFINITY;
        let mut snappy = f64::INFINITY;
        for _ in 0..ROUNDS {
            into.clear();
            let start = Instant::now();
            let decoded = decode(&body, &DecodeLimits::default(), &mut scratch, &mut into)?;
            best = best.min(start.elapsed().as_secs_f64() / decoded.samples as f64);
            let start = Instant::now();
            let raw = snap::raw::Decoder::new().decompress_vec(&body)?;
            snappy = snappy.min(start.elapsed().as_secs_f64() / decoded.samples as f64);
            drop(raw);
        }
        let bytes = body.len() as f64 / SERIES as f64;
        writeln!(
            out,
            "{name}: {:.0} ns a sample, of which snappy about {:.0} ns; {bytes:.1} bytes a sample",
            best * 1e9,
            snappy * 1e9,
        )?;
    }
    Ok(())
}

fn request() -> Result<Batch, Box<dyn std::error::Error>> {
    let mut batch = Batch::default();
    for i in 0..SERIES {
        let labels = Labels::from_pairs([
            (
                "__name__",
                format!("container_network_receive_bytes_{:03}_total", i % 97),
            ),
            ("cluster", "production-europe-west-1".to_owned()),
            ("container", format!("service-{:02}", i % 31)),
            ("endpoint", "https-metrics".to_owned()),
            ("instance", format!("10.21.{}.{}:10250", i % 200, i % 251)),
            ("job", "kubelet".to_owned()),
            ("metrics_path", "/metrics/cadvisor".to_owned()),
            ("namespace", format!("team-{:02}", i % 17)),
            ("node", format!("worker-{:03}.internal", i % 120)),
            ("pod", format!("service-{:02}-7c9d8b6f5d-{i:05}", i % 31)),
            ("service", "prometheus-kubelet".to_owned()),
        ])?;
        let key = batch.add_packed(labels.as_packed())?;
        batch.push(&key, 1_700_000_000_000 + (i as i64 % 7), i as f64 * 1.25);
    }
    Ok(batch)
}
