//! `make bench`: what one machine costs, beside node_exporter scraped by Prometheus, in one run.
//!
//! All processes run at the same time on the same machine with the same interval, and are read by the kernel's
//! own accounting, so a noisy machine disturbs them alike. Ours has the page open in a real browser; the
//! browser itself is not counted.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod machine;
mod usage;

use std::path::PathBuf;

use clap::Parser;

/// Side by side with node_exporter and Prometheus.
#[derive(Debug, Parser)]
struct Arguments {
    /// The binary to measure.
    #[arg(long)]
    periplus: PathBuf,
    /// Seconds between two collections.
    #[arg(long, default_value_t = 5)]
    interval: u32,
    /// Collections that are measured, after a warm-up.
    #[arg(long, default_value_t = 36)]
    collections: u32,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let rows = machine::measure(&arguments.periplus, arguments.interval, arguments.collections)?;
    println!("{}", machine::table(&rows));
    Ok(())
}
