//! Serves the state of a cluster's objects as metrics, as kube-state-metrics does, and nothing else:
//! `cargo run --release -p cluster --example state -- --kubeconfig FILE [--listen 127.0.0.1:0] [OPTION VALUE]...`.
//!
//! Options are those of kube-state-metrics that say what is exported: `--resources`, `--namespaces`,
//! `--namespaces-denylist`, `--metric-allowlist`, `--metric-denylist`, `--metric-opt-in-list`,
//! `--metric-labels-allowlist`, `--metric-annotations-allowlist`, `--custom-resource-state-config-file`,
//! `--custom-resource-state-only`, `--shard`, `--total-shards`. The address is printed once it listens; `/healthz`
//! answers 200 once everything is known, 503 until then.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cluster::objects::{Kind, Object};
use cluster::state::{AllowList, CustomResources, Shard, StateMetrics, StateOptions};
use cluster::{Access, Cluster, ClusterConfig, ClusterHandle, KindPattern, Outside};
use model::{Batch, Ingest, IngestError, Ingested};
use tikv_jemallocator::Jemalloc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wire::CONTENT_TYPE_TEXT;

/// That of `periplus`, beside which this is measured.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// How long somebody who asks may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes metrics and forgets them.
struct Nowhere;

impl Ingest for Nowhere {
    fn ingest(&self, _: &Batch) -> Result<Ingested, IngestError> {
        Ok(Ingested::default())
    }
}

fn main() -> io::Result<()> {
    service::log::init(service::log::LogFormat::Text, "warn").map_err(io::Error::other)?;
    let arguments = arguments(std::env::args().skip(1))?;
    let options = options(&arguments)?;
    let metrics = Arc::new(StateMetrics::new(&options).map_err(io::Error::other)?);
    let get = |name: &str| arguments.get(name).cloned();
    let access = Access::Kubeconfig {
        path: PathBuf::from(get("kubeconfig").unwrap_or_default()),
        context: None,
    };
    let mut config = ClusterConfig::new("example", access);
    config.metrics_interval = None;
    config.events = false;
    let kinds = metrics.kinds().map(|kind| KindPattern::parse(&kind.to_string()));
    config.kinds.allow = kinds.collect::<Result<_, _>>().map_err(io::Error::other)?;
    if options.custom_resources.is_empty() {
        config.kinds.custom.clear();
    } else {
        let definitions = KindPattern::parse("customresourcedefinitions.apiextensions.k8s.io");
        config.kinds.allow.push(definitions.map_err(io::Error::other)?);
    }
    let outside = Outside {
        ingest: Arc::new(Nowhere),
        metrics: StateMetrics::new(&options).map_err(io::Error::other)?,
        custom: options.custom_resources.clone(),
        instance: "example".to_owned(),
        events: None,
        clock: Arc::new(service::SystemClock),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let (cluster, handle) = Cluster::new(config, outside);
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn_on(cluster.run(stop.clone()), runtime.handle());
    let listener = TcpListener::bind(get("listen").as_deref().unwrap_or("127.0.0.1:0"))?;
    writeln!(io::stdout(), "http://{}/metrics", listener.local_addr()?)?;
    for stream in listener.incoming() {
        // Who goes away before the end is no reason to end.
        if let Err(error) = stream.and_then(|stream| answer(&stream, &handle, &metrics)) {
            tracing::warn!(%error, "failed to answer");
        }
    }
    Ok(())
}

/// Reads `--name value` and `--name=value`.
fn arguments(mut words: impl Iterator<Item = String>) -> io::Result<HashMap<String, String>> {
    let mut found = HashMap::new();
    while let Some(word) = words.next() {
        let Some(name) = word.strip_prefix("--") else {
            return Err(io::Error::other(format!(
                "unknown argument {word:?}: write --name value"
            )));
        };
        match name.split_once('=') {
            Some((name, value)) => found.insert(name.to_owned(), value.to_owned()),
            None => found.insert(name.to_owned(), words.next().unwrap_or_default()),
        };
    }
    Ok(found)
}

fn options(arguments: &HashMap<String, String>) -> io::Result<StateOptions> {
    let get = |name: &str| arguments.get(name).map_or("", String::as_str);
    let list = |name: &str| -> Vec<String> {
        let words = get(name)
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let number = |name: &str, default: u32| match get(name) {
        "" => Ok(default),
        text => text.parse().map_err(io::Error::other),
    };
    let custom_resources = match get("custom-resource-state-config-file") {
        "" => CustomResources::default(),
        path => CustomResources::from_yaml(&std::fs::read_to_string(path)?).map_err(io::Error::other)?,
    };
    Ok(StateOptions {
        resources: list("resources"),
        namespaces: list("namespaces"),
        namespaces_denylist: list("namespaces-denylist"),
        metric_allowlist: list("metric-allowlist"),
        metric_denylist: list("metric-denylist"),
        metric_opt_in_list: list("metric-opt-in-list"),
        labels_allowlist: AllowList::parse(get("metric-labels-allowlist")).map_err(io::Error::other)?,
        annotations_allowlist: AllowList::parse(get("metric-annotations-allowlist"))
            .map_err(io::Error::other)?,
        shard: Some(Shard {
            index: number("shard", 0)?,
            total: number("total-shards", 1)?,
        }),
        custom_resources,
        custom_resources_only: get("custom-resource-state-only") == "true",
    })
}

/// Answers one request and closes the connection, which ends the text.
fn answer(stream: &TcpStream, handle: &ClusterHandle, metrics: &StateMetrics) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut out = stream;
    match request.split(' ').nth(1) {
        Some("/metrics") => {
            write!(
                out,
                "HTTP/1.0 200 OK\r\nContent-Type: {CONTENT_TYPE_TEXT}\r\n\r\n"
            )?;
            metrics.write_text(&objects(handle), &mut out)
        }
        Some("/healthz") => {
            let status = if handle.is_synced() {
                "200 OK"
            } else {
                "503 Service Unavailable"
            };
            write!(out, "HTTP/1.0 {status}\r\n\r\n")
        }
        _ => write!(out, "HTTP/1.0 404 Not Found\r\n\r\n"),
    }
}

fn objects(handle: &ClusterHandle) -> Vec<(Kind, Vec<Arc<Object>>)> {
    let store = handle.store();
    let sorted = |kind: &Kind| {
        let mut objects = store.list(kind);
        // Each family goes through all of them. In the order of memory, mostly that of their arrival, what comes next is
        // on its way to the processor already.
        objects.sort_unstable_by_key(|object| Arc::as_ptr(object).addr());
        objects
    };
    let kinds = store.kinds().into_iter();
    kinds.map(|kind| (kind.clone(), sorted(&kind))).collect()
}
