//! Everything that is collected, one row a collector, with what it may cost.

use crate::Collector;

/// Whether a collector runs unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Runs.
    On,
    /// Runs only when named: its cost grows with the machine.
    OptIn,
}

/// One collector.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Name, as node_exporter names the same source where it has it.
    pub name: &'static str,
    /// The `job` label of its series: whose names they carry.
    pub job: &'static str,
    /// What it reads, for people.
    pub source: &'static str,
    /// Runs every so many ticks of the agent's interval.
    pub every: u32,
    /// Most series it may hand over in one collection; what is beyond is dropped and counted.
    pub series_cap: usize,
    /// Whether it runs unless told otherwise.
    pub default: Default,
    /// Makes a collector with its empty caches.
    pub new: fn() -> Box<dyn Collector>,
}

/// `job` of series that carry node_exporter's names.
pub const NODE: &str = "node-exporter";
/// `job` of series that carry cAdvisor's names.
pub const CADVISOR: &str = "cadvisor";
/// `job` of series about single processes.
pub const PROCESS: &str = "process";

/// Makes a row of a collector that runs on every tick unless told otherwise.
const fn row(
    name: &'static str,
    source: &'static str,
    series_cap: usize,
    new: fn() -> Box<dyn Collector>,
) -> Row {
    Row {
        name,
        job: NODE,
        source,
        every: 1,
        series_cap,
        default: Default::On,
        new,
    }
}

/// All collectors, in the order in which they run.
pub const ROWS: &[Row] = &[
    // cpu
    // memory
    // disk
    // network
    // system
    // container
    // process
];
