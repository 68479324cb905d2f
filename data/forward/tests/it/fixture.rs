//! A store, a receiver that answers as told, and a forwarder between them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use forward::{Forwarder, ForwarderOptions, RemoteWriteConfig, parse_remote_write};
use model::{Batch, Clock, Ingest, Labels, Millis};
use parking_lot::{Condvar, Mutex};
use store::{Store, StoreConfig};
use tokio::runtime::Runtime;
use wire::{DecodeLimits, DecodeScratch};

/// How long a condition is waited for.
const DEADLINE: Duration = Duration::from_secs(20);

/// The present of these tests.
pub(crate) const NOW: Millis = 1_700_000_000_000;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Millis {
        NOW
    }
}

/// A request as received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) batch: Batch,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Samples as `labels value @timestamp`.
    pub(crate) fn samples(&self) -> Vec<String> {
        let show = |row: &model::BatchRow| {
            let value = if model::is_stale(row.value) {
                "stale".to_owned()
            } else {
                row.value.to_string()
            };
            format!(
                "{} {value} @{}",
                self.batch.labels(row).to_labels(),
                row.timestamp - NOW
            )
        };
        self.batch.rows().iter().map(show).collect()
    }
}

/// An answer; headers that count what was written are added to those of 2.0 requests if none are given.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

pub(crate) fn reply(status: u16, headers: &[(&'static str, &'static str)]) -> Reply {
    Reply {
        status,
        headers: headers.to_vec(),
    }
}

/// What the server shares with the test.
#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    changed: Condvar,
    replies: Mutex<VecDeque<Reply>>,
    /// The answer when none is told.
    otherwise: Mutex<Option<Reply>>,
}

/// A receiver on a port of its own.
pub(crate) struct Receiver {
    shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
}

impl Receiver {
    fn start(runtime: &Runtime) -> Self {
        let shared = Arc::new(Shared::default());
        let app = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let server = async move { axum::serve(listener, app).await };
        // It ends with the runtime.
        drop(runtime.spawn(server));
        Self { shared, address }
    }

    /// Tells the next answers.
    pub(crate) fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.replies.lock().extend(replies);
    }

    /// Tells the answer to everything else; `None` takes it all.
    pub(crate) fn answer_always(&self, reply: Option<Reply>) {
        *self.shared.otherwise.lock() = reply;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    /// Waits until what was received satisfies a condition.
    pub(crate) fn wait(&self, what: &str, condition: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let mut received = self.shared.received.lock();
        while !condition(&received) {
            let waited = self.shared.changed.wait_for(&mut received, DEADLINE);
            assert!(!waited.timed_out(), "waited for {what}; received {received:#?}");
        }
        received.clone()
    }

    /// Waits for so many samples, repeated ones counted.
    pub(crate) fn wait_for_samples(&self, n: usize) -> Vec<Received> {
        self.wait("samples", |received| {
            received.iter().map(|r| r.batch.rows().len()).sum::<usize>() >= n
        })
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, String) {
    let mut batch = Batch::default();
    let (limits, mut scratch) = (DecodeLimits::default(), DecodeScratch::default());
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    let version = wire::negotiate_remote_write(text("content-type"), text("content-encoding")).unwrap();
    let decoded = match version {
        wire::RemoteWriteVersion::V1 => {
            wire::decode_remote_write_v1(&body, &limits, &mut scratch, &mut batch)
        }
        wire::RemoteWriteVersion::V2 => {
            wire::decode_remote_write_v2(&body, &limits, &mut scratch, &mut batch)
        }
    };
    let decoded = decoded.unwrap();
    assert_eq!(decoded.refusals, []);
    let reply = shared
        .replies
        .lock()
        .pop_front()
        .or_else(|| shared.otherwise.lock().clone());
    let mut answer = HeaderMap::new();
    let status = match reply {
        Some(reply) => {
            for (name, value) in reply.headers {
                answer.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            StatusCode::from_u16(reply.status).unwrap()
        }
        None => {
            let mut count =
                |name, n: usize| answer.insert(HeaderName::from_static(name), HeaderValue::from(n));
            count("x-prometheus-remote-write-samples-written", decoded.samples);
            count("x-prometheus-remote-write-histograms-written", decoded.histograms);
            count("x-prometheus-remote-write-exemplars-written", decoded.exemplars);
            StatusCode::NO_CONTENT
        }
    };
    shared.received.lock().push(Received {
        method,
        headers,
        batch,
    });
    shared.changed.notify_all();
    (status, answer, "said the receiver".to_owned())
}

/// A store with a receiver.
pub(crate) struct Fixture {
    pub(crate) store: Arc<Store>,
    pub(crate) receiver: Receiver,
    pub(crate) folder: tempfile::TempDir,
    runtime: Runtime,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = StoreConfig::new(folder.path().join("store"));
        config.upkeep_interval = None;
        config.out_of_order_window = Duration::from_secs(3_600);
        let store = Arc::new(Store::open(config, Arc::new(Fixed)).unwrap());
        let receiver = Receiver::start(&runtime);
        Self {
            store,
            receiver,
            folder,
            runtime,
        }
    }

    /// Reads the block of one receiver; `URL` stands for the address of ours.
    pub(crate) fn config(&self, yaml: &str) -> RemoteWriteConfig {
        let url = format!("http://{}/api/v1/write", self.receiver.address);
        parse_remote_write(&yaml.replace("URL", &url), self.folder.path())
            .unwrap()
            .remove(0)
    }

    pub(crate) fn start(&self, config: RemoteWriteConfig) -> Forwarder {
        let options = ForwarderOptions {
            external_labels: Labels::from_pairs([("cluster", "c1"), ("job", "not used")]).unwrap(),
            folder: self.folder.path().to_owned(),
            hold_bytes: 1 << 30,
            patience: Duration::from_millis(500),
            runtime: self.runtime.handle().clone(),
            clock: Arc::new(Fixed),
            families: Arc::new(Vec::new),
        };
        Forwarder::start(config, &self.store, options).unwrap()
    }

    /// Stores a batch durably.
    pub(crate) fn store(&self, batch: &Batch) {
        let ingested = self.store.ingest(batch).unwrap();
        assert_eq!(ingested.rejected, []);
        self.store.wait_durable(ingested.position).unwrap();
    }

    /// Stores one sample each of so many series.
    pub(crate) fn store_floats(&self, series: std::ops::Range<u32>, offset: Millis) {
        let mut batch = Batch::default();
        for i in series {
            push(&mut batch, &format!("m{i}"), (offset, f64::from(i)));
        }
        self.store(&batch);
    }
}

/// Adds a sample of a series with a job.
pub(crate) fn push(batch: &mut Batch, name: &str, (offset, value): (Millis, f64)) {
    let labels = Labels::from_pairs([("__name__", name), ("job", "a")]).unwrap();
    let series = batch.add_packed(labels.as_packed()).unwrap();
    batch.push(&series, NOW + offset, value);
}

/// Names a file in the folder of a fixture.
pub(crate) fn write_file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
