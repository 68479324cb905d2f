//! A server over an in-memory store, asked without sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use agent::AgentStatus;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, StatusCode};
use cluster::state::{CustomResources, StateMetrics, StateOptions};
use model::{
    Batch, Clock, Family, Ingest, IngestError, Ingested, Labels, Matcher, Metadata, MetricType, Millis,
    NamesRequest, Query, QueryError, SampleBuffer, Selection, SeriesSet, Sink,
};
use parking_lot::{Condvar, Mutex};
use scrape::{
    ActiveTarget, DroppedTarget, MetadataRequest, PoolStatus, RelabelStep, ReloadStatus, ScrapeStatus,
    TargetHealth, TargetMetadata,
};
use store::{Store, StoreConfig};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::Service as _;

use crate::app::{App, router};
use crate::config::ServerConfig;
use crate::identity::{Identity, Peer};
use crate::sources::{Collection, Degradation, Scraping, Sources};

/// Where requests of tests come from, and where they go to.
pub(crate) const LOOPBACK: &str = "127.0.0.1:9090";
pub(crate) const REMOTE: &str = "192.0.2.1:9090";

/// A clock that tests set.
#[derive(Debug, Default)]
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }
}

/// Holds up whoever wants to pass while it is closed.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn close(&self) {
        *self.closed.lock() = true;
    }

    pub(crate) fn open(&self) {
        *self.closed.lock() = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        self.opened.wait_while(&mut self.closed.lock(), |closed| *closed);
    }
}

/// Series in memory. A read of the series named `slow` waits at the gate.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) series: BTreeMap<Labels, SampleBuffer>,
    /// Closed by a test that wants a query to take long.
    pub(crate) gate: Arc<Gate>,
    /// Reads of `slow` that have begun.
    pub(crate) slow_reads: Arc<AtomicUsize>,
}

struct MemorySet {
    series: Vec<(Labels, SampleBuffer)>,
    gate: Arc<Gate>,
    slow_reads: Arc<AtomicUsize>,
}

impl Memory {
    pub(crate) fn add(&mut self, pairs: &[(&str, &str)], samples: &[(Millis, f64)]) {
        let labels = Labels::from_pairs(pairs.iter().copied()).unwrap();
        let buffer = self.series.entry(labels).or_default();
        for &(timestamp, value) in samples {
            buffer.push(timestamp, value);
        }
    }

    fn matching(&self, sets: &[Vec<Matcher>]) -> impl Iterator<Item = &Labels> {
        let fits = |labels: &&Labels| {
            sets.is_empty()
                || sets.iter().any(|set| {
                    set.iter()
                        .all(|matcher| matcher.matches(labels.get(matcher.name()).unwrap_or("")))
                })
        };
        self.series.keys().filter(fits)
    }
}

impl SeriesSet for MemorySet {
    fn len(&self) -> usize {
        self.series.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        self.series[idx].0.clone()
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        let (labels, samples) = &self.series[idx];
        match labels.metric_name() {
            "broken" => {
                let (what, reason) = ("part 7".to_owned(), "checksum mismatch".to_owned());
                return Err(QueryError::Storage { what, reason });
            }
            "slow" => {
                self.slow_reads.fetch_add(1, Ordering::SeqCst);
                self.gate.pass();
            }
            "panic" => panic!("a series that panics"),
            _ => {}
        }
        out.clone_from(samples);
        Ok(())
    }
}

impl Query for Memory {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        let sets = [selection.matchers.clone()];
        let series = self.matching(&sets).map(|labels| {
            let mut buffer = SampleBuffer::default();
            let all = &self.series[labels];
            for (&timestamp, &value) in all.timestamps.iter().zip(&all.values) {
                if selection.range.contains(timestamp) {
                    buffer.push(timestamp, value);
                }
            }
            (labels.clone(), buffer)
        });
        Ok(Box::new(MemorySet {
            series: series.collect(),
            gate: Arc::clone(&self.gate),
            slow_reads: Arc::clone(&self.slow_reads),
        }))
    }

    fn label_names(&self, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        let names = self
            .matching(&request.matcher_sets)
            .flat_map(|labels| labels.iter().map(|(n, _)| n.to_owned()));
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names.dedup();
        names.truncate(request.limit);
        Ok(names)
    }

    fn label_values(&self, name: &str, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        let values = self
            .matching(&request.matcher_sets)
            .filter_map(|labels| labels.get(name).map(str::to_owned));
        let mut values: Vec<String> = values.collect();
        values.sort_unstable();
        values.dedup();
        values.truncate(request.limit);
        Ok(values)
    }

    fn metadata(&self, metric: Option<&str>) -> Vec<(String, Metadata)> {
        let counter = |help: &str| Metadata {
            metric_type: MetricType::Counter,
            help: help.to_owned(),
            unit: String::new(),
        };
        let all = [
            ("a_total", "First."),
            ("a_total", "Second."),
            ("b_total", "Third."),
        ];
        let wanted = all
            .iter()
            .filter(|(name, _)| metric.is_none_or(|metric| metric == *name));
        wanted
            .map(|(name, help)| ((*name).to_owned(), counter(help)))
            .collect()
    }
}

/// Refuses every batch with the error it was given.
pub(crate) struct Refusing(pub(crate) IngestError);

impl Ingest for Refusing {
    fn ingest(&self, _batch: &Batch) -> Result<Ingested, IngestError> {
        Err(self.0.clone())
    }
}

/// Collectors as a test describes them.
pub(crate) struct FakeCollection {
    pub(crate) status: Mutex<AgentStatus>,
    pub(crate) ticks: watch::Sender<Millis>,
}

impl Collection for FakeCollection {
    fn status(&self) -> AgentStatus {
        self.status.lock().clone()
    }

    fn ticks(&self) -> watch::Receiver<Millis> {
        self.ticks.subscribe()
    }

    fn report(&self, out: &mut dyn Sink) {
        out.sample(
            &Family::gauge("fake_agent_up", "Whether the fake is there."),
            &[],
            1.0,
        );
    }
}

/// One pool with a target, a dropped target and a relabelling rule.
pub(crate) struct FakeScraping;

impl Scraping for FakeScraping {
    fn targets(&self, pool: &str) -> Vec<ActiveTarget> {
        let pools = self.status().pools.into_iter();
        pools
            .filter(|one| one.name == pool)
            .flat_map(|one| one.active)
            .collect()
    }

    fn status(&self) -> ScrapeStatus {
        let labels = |pairs: &[(&str, &str)]| Labels::from_pairs(pairs.iter().copied()).unwrap();
        let discovered_labels = labels(&[("__address__", "a:1")]);
        ScrapeStatus {
            pools: vec![PoolStatus {
                name: "node".to_owned(),
                active: vec![ActiveTarget {
                    discovered_labels: discovered_labels.clone(),
                    labels: labels(&[("job", "node"), ("instance", "a:1")]),
                    scrape_pool: "node".to_owned(),
                    scrape_url: "http://a:1/metrics".to_owned(),
                    global_url: "http://a:1/metrics".to_owned(),
                    last_error: String::new(),
                    last_scrape: None,
                    last_scrape_duration: Duration::ZERO,
                    health: TargetHealth::Unknown,
                    scrape_interval: Duration::from_secs(15),
                    scrape_timeout: Duration::from_secs(10),
                }],
                dropped: vec![DroppedTarget {
                    discovered_labels,
                    scrape_pool: "node".to_owned(),
                }],
                n_dropped: 3,
                problems: Vec::new(),
            }],
        }
    }

    fn metadata(&self, request: &MetadataRequest) -> Vec<TargetMetadata> {
        let up = TargetMetadata {
            target: Labels::from_pairs([("job", "node")]).unwrap(),
            metric: "up".to_owned(),
            metadata: Metadata::default(),
        };
        let wanted = request.metric.as_ref().is_none_or(|metric| *metric == up.metric);
        wanted.then_some(up).into_iter().collect()
    }

    fn pool_config(&self, pool: &str) -> Option<String> {
        (pool == "node").then(|| "job_name: node\n".to_owned())
    }

    fn relabel_steps(&self, pool: &str, labels: &Labels) -> Option<Vec<RelabelStep>> {
        let step = RelabelStep {
            rule: "source_labels: [__address__]\ntarget_label: instance\naction: replace\n".to_owned(),
            output: labels.clone(),
            keep: true,
        };
        (pool == "node").then(|| vec![step])
    }

    fn config(&self) -> String {
        "scrape_configs:\n- job_name: node\n".to_owned()
    }

    fn external_labels(&self) -> Labels {
        Labels::from_pairs([("cluster", "c1"), ("job", "not used")]).unwrap()
    }

    fn reload_status(&self) -> ReloadStatus {
        ReloadStatus {
            successful: true,
            last_success: Some(5_000),
            error: None,
        }
    }

    fn report(&self, _out: &mut dyn Sink) {}
}

/// A server to be asked.
pub(crate) struct Fixture {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) collection: Arc<FakeCollection>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) slow_reads: Arc<AtomicUsize>,
    /// The token of a server off loopback.
    pub(crate) token: Option<String>,
    router: Router,
    listen: &'static str,
    _dir: TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Sources over a real store in `dir` and series in memory.
pub(crate) fn sources(dir: &TempDir, clock: &Arc<TestClock>) -> (Sources, Arc<FakeCollection>, Memory) {
    let config = StoreConfig {
        upkeep_interval: None,
        fsync_interval: Duration::from_millis(1),
        ..StoreConfig::new(dir.path().join("store"))
    };
    let store = Arc::new(Store::open(config, Arc::clone(clock) as Arc<dyn Clock>).unwrap());
    let collection = Arc::new(FakeCollection {
        status: Mutex::default(),
        ticks: watch::channel(0).0,
    });
    let sources = Sources {
        query: Arc::clone(&store) as Arc<dyn Query>,
        ingest: Arc::clone(&store) as Arc<dyn Ingest>,
        store,
        collection: Some(Arc::clone(&collection) as Arc<dyn Collection>),
        scraping: None,
        forwarding: None,
        lake: None,
        clusters: vec![cluster(clock)],
        lifecycle: None,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        degraded: vec![Degradation {
            what: "cgroup".to_owned(),
            why: "not readable".to_owned(),
            hint: "run as root".to_owned(),
            since: 7,
        }],
        host: "box".to_owned(),
        interval: Duration::from_secs(5),
        retention: Duration::from_secs(15 * 86_400),
        retention_bytes: None,
    };
    (sources, collection, memory())
}

/// A cluster of the name `shop` that nobody asks: its objects are those that a test puts into its store.
fn cluster(clock: &Arc<TestClock>) -> cluster::ClusterHandle {
    let access = cluster::Access::Open {
        url: "http://127.0.0.1:1".to_owned(),
    };
    let outside = cluster::Outside {
        ingest: Arc::new(Refusing(IngestError::RateLimited { limit: 0 })),
        metrics: StateMetrics::new(&StateOptions::default()).unwrap(),
        custom: CustomResources::default(),
        instance: "box".to_owned(),
        events: None,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    };
    let config = cluster::ClusterConfig::new("shop", access);
    cluster::Cluster::new(config, outside).1
}

fn memory() -> Memory {
    let mut memory = Memory::default();
    let samples: Vec<(Millis, f64)> = (0..=120).map(|n| (n * 5_000, n as f64)).collect();
    memory.add(
        &[("__name__", "up"), ("job", "a"), ("instance", "x<y>\"")],
        &samples,
    );
    memory.add(&[("__name__", "up"), ("job", "b")], &[(600_000, 0.1)]);
    for name in ["slow", "broken", "panic"] {
        memory.add(&[("__name__", name)], &samples);
    }
    memory
}

impl Fixture {
    /// A server on loopback whose clock stands at 600 s.
    pub(crate) fn loopback() -> Self {
        Self::new(LOOPBACK, |_, _| {})
    }

    /// A server that asks for a token.
    pub(crate) fn remote() -> Self {
        Self::new(REMOTE, |_, _| {})
    }

    /// A server with other settings. Queries read from memory, writes go to the store.
    pub(crate) fn new(listen: &'static str, adjust: impl FnOnce(&mut ServerConfig, &mut Sources)) -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(600_000)));
        let (mut sources, collection, memory) = sources(&dir, &clock);
        let (gate, slow_reads) = (Arc::clone(&memory.gate), Arc::clone(&memory.slow_reads));
        sources.query = Arc::new(memory);
        let address: SocketAddr = listen.parse().unwrap();
        let mut config = ServerConfig::new(address, dir.path());
        adjust(&mut config, &mut sources);
        let (identity, token) = Identity::open(address.ip(), dir.path(), &config.tokens).unwrap();
        let app = Arc::new(App::new(config, sources, identity));
        Self {
            router: router(Arc::clone(&app)),
            app,
            clock,
            collection,
            gate,
            slow_reads,
            token,
            listen,
            _dir: dir,
        }
    }

    /// Answers a request from the machine's own address.
    pub(crate) async fn send(&self, request: Request) -> Answer {
        let response = self.respond(request).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Answers without reading the body.
    pub(crate) async fn respond(&self, mut request: Request) -> axum::response::Response {
        let address: SocketAddr = self.listen.parse().unwrap();
        if request.extensions().get::<Peer>().is_none() {
            request.extensions_mut().insert(Peer { address });
        }
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, self.listen.parse().unwrap());
        }
        self.router.clone().call(request).await.unwrap()
    }

    /// GETs a path.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, &[], "")).await
    }

    /// POSTs a form.
    pub(crate) async fn post_form(&self, path: &str, form: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(request(Method::POST, path, &headers, form.to_owned()))
            .await
    }
}

/// Makes a request.
pub(crate) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request {
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).unwrap()
}
