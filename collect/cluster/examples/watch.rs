//! Watches a cluster and prints, once a second while something changes, how well each kind is known and what that
//! costs: `cargo run --release -p cluster --example watch -- KUBECONFIG [SECONDS]`.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::state::{CustomResources, StateMetrics, StateOptions};
use cluster::{Access, Cluster, ClusterConfig, ClusterHandle, Outside};
use model::{Batch, Ingest, IngestError, Ingested};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Takes metrics and forgets them.
struct Nowhere;

impl Ingest for Nowhere {
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError> {
        Ok(Ingested {
            samples: batch.rows().len(),
            ..Ingested::default()
        })
    }
}

fn main() -> std::io::Result<()> {
    service::log::init(service::log::LogFormat::Text, "info").map_err(std::io::Error::other)?;
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().map(PathBuf::from).unwrap_or_default();
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(20);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(watch(path, Duration::from_secs(seconds)))
}

async fn watch(path: PathBuf, length: Duration) -> std::io::Result<()> {
    let access = Access::Kubeconfig { path, context: None };
    let outside = Outside {
        ingest: Arc::new(Nowhere),
        metrics: StateMetrics::new(&StateOptions::default()).map_err(std::io::Error::other)?,
        custom: CustomResources::default(),
        instance: "example".to_owned(),
        events: None,
        clock: Arc::new(service::SystemClock),
    };
    let (cluster, handle) = Cluster::new(ClusterConfig::new("example", access), outside);
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(cluster.run(stop.clone()));
    let began = Instant::now();
    let mut synced = None;
    let mut shown = u64::MAX;
    while began.elapsed() < length {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if synced.is_none() && handle.is_synced() {
            synced = Some(began.elapsed());
        }
        let revision = handle.store().revision();
        if revision != shown {
            shown = revision;
            show(&handle, began.elapsed(), synced)?;
        }
    }
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    show(&handle, began.elapsed(), synced)
}

fn show(handle: &ClusterHandle, after: Duration, synced: Option<Duration>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let usage = service::own_usage();
    let resident = usage.map_or(0, |usage| usage.resident_bytes);
    writeln!(
        out,
        "after {after:?}: synced {synced:?}, resident {} KiB, {:?}",
        resident / 1024,
        handle.server()
    )?;
    for kind in handle.kinds() {
        writeln!(
            out,
            "  {:50} {:10} {:6} lists {} watches {} changes {} unreadable {} {}",
            kind.kind.to_string(),
            kind.state.word(),
            kind.objects,
            kind.lists,
            kind.watches,
            kind.changes,
            kind.unreadable,
            kind.last_error
        )?;
    }
    Ok(())
}
