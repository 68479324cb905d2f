//! The state of objects on its way to the store of metrics.
//!
//! Every interval all objects are looked at once and their samples handed over in batches with one timestamp, a
//! multiple of the interval. Series that ended since the delivery before get a stale marker; the store of objects
//! knows which objects changed, so no series is remembered.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use model::{Batch, Family, Ingest, LabelsBuilder, METRIC_NAME, Metadata, Millis, stale_marker};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::state::StateMetrics;

/// Samples handed over at once.
const BATCH: usize = 20_000;
/// How often a batch is offered before it is given up.
const ATTEMPTS: usize = 3;
/// Time between two offers.
const AGAIN: Duration = Duration::from_millis(500);
/// The first delivery waits for what is still being read, so that counts do not begin too low.
const FIRST: Duration = Duration::from_secs(120);
/// Families say what they are again after so many deliveries.
const DESCRIBE_EVERY: u64 = 120;

/// How deliveries go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// Deliveries made.
    pub deliveries: u64,
    /// Samples handed over.
    pub samples: u64,
    /// Samples in the last delivery.
    pub last_samples: usize,
    /// How long the last delivery took.
    pub last_took: Duration,
    /// Samples that the store did not take.
    pub refused: u64,
    /// Samples lost as the store took nothing.
    pub lost: u64,
}

/// Dashboards and alerts ask for it of whoever tells the state of objects.
const UP: Family<'_> = Family::gauge("up", "Whether the API server answers (1) or not (0).");

/// Delivers until told to stop; then all series end.
pub(super) async fn run(
    shared: Arc<Shared>,
    (metrics, ingest): (StateMetrics, Arc<dyn Ingest>),
    interval: Duration,
    stop: CancellationToken,
) {
    let waited = shared.until_synced(FIRST);
    // What is not known by then is delivered once it is.
    if stop.run_until_cancelled(waited).await.is_none() {
        return;
    }
    let step = Millis::try_from(interval.as_millis())
        .unwrap_or(Millis::MAX)
        .max(1);
    let deliverer = Arc::new(Mutex::new(Deliverer {
        shared: Arc::clone(&shared),
        metrics,
        ingest,
        described: HashSet::new(),
        number: 0,
    }));
    loop {
        let now = shared.clock.now();
        let time = now - now.rem_euclid(step);
        if !deliver(&deliverer, time, End::No).await {
            return;
        }
        let now = shared.clock.now();
        let wait = step - now.rem_euclid(step);
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            break;
        }
    }
    let now = shared.clock.now();
    deliver(&deliverer, now, End::Yes).await;
}

/// Whether all series end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    No,
    Yes,
}

/// Delivers once, where that may take long. `false` if it panicked.
async fn deliver(deliverer: &Arc<Mutex<Deliverer>>, time: Millis, end: End) -> bool {
    let deliverer = Arc::clone(deliverer);
    let work = tokio::task::spawn_blocking(move || deliverer.lock().deliver(time, end));
    match work.await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "making metrics of objects panicked; there are none any more");
            false
        }
    }
}

struct Deliverer {
    shared: Arc<Shared>,
    metrics: StateMetrics,
    ingest: Arc<dyn Ingest>,
    /// Families that have said what they are.
    described: HashSet<String>,
    number: u64,
}

impl Deliverer {
    fn deliver(&mut self, time: Millis, end: End) {
        let began = std::time::Instant::now();
        if self.number.is_multiple_of(DESCRIBE_EVERY) {
            self.described.clear();
        }
        self.number += 1;
        let delivery = self.shared.store.begin_delivery();
        let mut packer = Packer {
            batch: Batch::default(),
            labels: LabelsBuilder::default(),
            fixed: self.shared.fixed_labels(),
            time,
            described: &mut self.described,
            ingest: &*self.ingest,
            status: DeliveryStatus::default(),
        };
        for one in &delivery.superseded {
            self.metrics.visit_ended(
                &one.delivered,
                one.present.as_deref(),
                &mut |family, labels, _| {
                    packer.sample(family, labels, stale_marker());
                },
            );
        }
        for object in delivery.objects.iter().flat_map(|(_, objects)| objects) {
            self.metrics.visit(object, &mut |family, labels, value| {
                let value = match end {
                    End::No => value,
                    End::Yes => stale_marker(),
                };
                packer.sample(family, labels, value);
            });
        }
        let up = match end {
            End::No => f64::from(u8::from(self.shared.server.lock().reachable != Some(false))),
            End::Yes => stale_marker(),
        };
        packer.sample(&UP, &[], up);
        packer.hand_over();
        let made = packer.status;
        drop(delivery);
        self.shared.store.tidy();
        let mut status = self.shared.delivery.lock();
        status.deliveries += 1;
        status.samples += made.samples;
        status.last_samples = usize::try_from(made.samples + made.refused + made.lost).unwrap_or(usize::MAX);
        status.refused += made.refused;
        status.lost += made.lost;
        status.last_took = began.elapsed();
    }
}

struct Packer<'a> {
    batch: Batch,
    labels: LabelsBuilder,
    /// Where samples come from; a label of the same name that an object's own metric has stays as it is, as for a
    /// scrape with `honor_labels`.
    fixed: Vec<(&'static str, String)>,
    time: Millis,
    described: &'a mut HashSet<String>,
    ingest: &'a dyn Ingest,
    status: DeliveryStatus,
}

impl Packer<'_> {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        self.labels.clear();
        self.labels.add(METRIC_NAME, family.name);
        for (name, value) in &self.fixed {
            if !labels.iter().any(|(own, value)| own == name && !value.is_empty()) {
                self.labels.add(name, value);
            }
        }
        for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
            self.labels.add(name, value);
        }
        match self.batch.add_series(&mut self.labels) {
            Ok(series) => self.batch.push(&series, self.time, value),
            Err(_) => self.status.refused += 1,
        }
        if !self.described.contains(family.name) {
            self.described.insert(family.name.to_owned());
            let metadata = Metadata {
                metric_type: family.metric_type,
                help: family.help.to_owned(),
                unit: String::new(),
            };
            self.batch.describe(family.name, metadata);
        }
        if self.batch.rows().len() >= BATCH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if self.batch.rows().is_empty() {
            return;
        }
        for attempt in 1.. {
            match self.ingest.ingest(&self.batch) {
                Ok(ingested) => {
                    self.status.samples += ingested.samples as u64;
                    self.status.refused += ingested.n_rejected as u64;
                    if let Some((labels, reason)) = ingested.rejected.first() {
                        tracing::debug!(%labels, %reason, "the store does not take a sample of an object's state");
                    }
                    break;
                }
                Err(error) if attempt >= ATTEMPTS => {
                    tracing::warn!(%error, "metrics of objects are lost");
                    self.status.lost += self.batch.rows().len() as u64;
                    break;
                }
                // On a thread of its own that may block.
                Err(_) => std::thread::sleep(AGAIN),
            }
        }
        self.batch.clear();
    }
}
