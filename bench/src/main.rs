//! `make bench`: where Periplus stands beside its peers, in one run.
//!
//! Sections: `machine`, what one machine costs from kernel to screen, beside node_exporter and Prometheus; `ingest`,
//! the same remote-write requests sent to Periplus, VictoriaMetrics and Prometheus, and a kill afterwards;
//! `dashboards` and `ranges`, the same queries over the same day; `cluster`, a large Kubernetes cluster read by
//! Periplus and by kube-state-metrics. Answers are compared before anything is timed: a
//! disagreement fails the run and names the query.
#![expect(clippy::print_stdout, reason = "a benchmark prints its tables")]

mod cluster;
mod compare;
mod engine;
mod ingest;
mod load;
mod machine;
mod progress;
mod queries;
mod report;
mod stop;
mod usage;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::engine::Place;

/// Side by side with VictoriaMetrics, Prometheus, node_exporter and kube-state-metrics.
#[derive(Debug, Parser)]
struct Arguments {
    /// Sections to run; all of them if none is named.
    sections: Vec<SectionName>,
    /// The binary to measure.
    #[arg(long)]
    periplus: PathBuf,
    /// Small sizes: minutes become seconds, and the figures are only good for trying the benchmark itself.
    #[arg(long)]
    quick: bool,
    /// Seconds between two collections of the section `machine`.
    #[arg(long, default_value_t = 5)]
    interval: u32,
    /// Collections of the section `machine` that are measured, after a warm-up.
    #[arg(long, default_value_t = 36)]
    collections: u32,
    /// Nodes of the cluster of the section `dashboards`.
    #[arg(long, default_value_t = 100)]
    nodes: u32,
    /// The JSON report to write.
    #[arg(long, default_value = "target/bench/report.json")]
    report: PathBuf,
    /// Also put the tables between their markers in this Markdown file.
    #[arg(long)]
    document: Option<PathBuf>,
    /// Folder with `dashboard-queries.jsonl`, the panel queries of kube-prometheus.
    #[arg(
        long,
        env = "PERIPLUS_DASHBOARDS",
        default_value = "../shared/data/kube-prometheus"
    )]
    dashboard_queries: PathBuf,
    /// Folder for data of the engines; what is made in it is removed at the end.
    #[arg(long)]
    scratch: Option<PathBuf>,
}

/// A section of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SectionName {
    Machine,
    Ingest,
    Dashboards,
    Ranges,
    Cluster,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    stop::listen()?;
    let mut named = tempfile::Builder::new();
    named.prefix("periplus-bench-");
    let scratch = match &arguments.scratch {
        Some(folder) => named.tempdir_in(folder)?,
        None => named.tempdir()?,
    };
    let place = Place {
        periplus: arguments.periplus.clone(),
        folder: scratch.path().to_owned(),
    };
    let mut sections = Vec::new();
    for name in SectionName::value_variants() {
        if !arguments.sections.is_empty() && !arguments.sections.contains(name) {
            continue;
        }
        let section = match name {
            SectionName::Machine => {
                let (interval, collections) = (arguments.interval, arguments.collections);
                Some(machine::measure(&arguments.periplus, interval, collections)?)
            }
            SectionName::Ingest => Some(ingest::measure(&place, arguments.quick)?),
            SectionName::Dashboards => {
                let (nodes, hours) = if arguments.quick {
                    (10, 6)
                } else {
                    (arguments.nodes, 24)
                };
                queries::dashboards::measure(&place, (nodes, hours), &arguments.dashboard_queries)?
            }
            SectionName::Ranges => Some(queries::ranges::measure(&place, arguments.quick)?),
            SectionName::Cluster => Some(cluster::measure(&place, arguments.quick)?),
        };
        let Some(section) = section else { continue };
        println!("{}", section.markdown());
        // After every section: what was measured stays if a later section fails.
        report::write_json(&arguments.report, std::slice::from_ref(&section))?;
        sections.push(section);
    }
    if let Some(path) = &arguments.document {
        report::write_document(path, &sections)?;
    }
    Ok(())
}
