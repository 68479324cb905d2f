//! The state of objects on its way to the store of metrics.
//!
//! Every interval all objects have their samples handed over in batches with one timestamp, a multiple of the interval.
//! The samples of an object follow from it alone. So those of one that has not changed since the delivery before are
//! not made again: the store repeats them by the handles that it gave for the series ([`Ingest::repeat`]). Series that
//! ended since get a stale marker; the store of objects knows which objects changed.

mod itself;
mod packer;
mod repeater;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use model::{Ingest, IngestError, Ingested, Millis, SeriesHandle, stale_marker};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use self::packer::Packer;
use self::repeater::Repeater;
use super::Shared;
use crate::objects::{Object, Uid};
use crate::state::StateMetrics;
use crate::store::Delivery;

/// Samples handed over at once, or a few more.
const BATCH: usize = 20_000;
/// How often a batch is offered before it is given up.
const ATTEMPTS: usize = 3;
/// Time between two offers.
const AGAIN: Duration = Duration::from_millis(500);
/// The first delivery waits for what is still being read, so that counts do not begin too low.
const FIRST: Duration = Duration::from_secs(120);
/// Everything is made anew after so many deliveries, and families say again what they are.
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
    let deliverer = Deliverer::new(Arc::clone(&shared), metrics, ingest);
    let deliverer = Arc::new(Mutex::new(deliverer));
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
    /// The series of objects as the delivery before had them.
    known: Known,
    /// When that was.
    before: Millis,
    number: u64,
}

/// The series of objects, by their identity.
type Known = HashMap<Uid, Box<[SeriesHandle]>>;

impl Deliverer {
    fn new(shared: Arc<Shared>, metrics: StateMetrics, ingest: Arc<dyn Ingest>) -> Self {
        Self {
            shared,
            metrics,
            ingest,
            described: HashSet::new(),
            known: Known::new(),
            before: Millis::MIN,
            number: 0,
        }
    }

    fn deliver(&mut self, time: Millis, end: End) {
        let began = std::time::Instant::now();
        let anew = self.number.is_multiple_of(DESCRIBE_EVERY) || end == End::Yes;
        if anew {
            self.described.clear();
            self.known = Known::new();
        }
        self.number += 1;
        let delivery = self.shared.store.begin_delivery();
        let made = self.make(&delivery, (time, end));
        drop(delivery);
        self.shared.store.tidy();
        self.before = time;
        let mut status = self.shared.delivery.lock();
        status.deliveries += 1;
        status.samples += made.samples;
        status.last_samples = usize::try_from(made.samples + made.refused + made.lost).unwrap_or(usize::MAX);
        status.refused += made.refused;
        status.lost += made.lost;
        status.last_took = began.elapsed();
    }

    /// Hands over the samples of a delivery; returns what became of them.
    fn make(&mut self, delivery: &Delivery, (time, end): (Millis, End)) -> DeliveryStatus {
        let mut status = DeliveryStatus::default();
        let fixed = self.shared.fixed_labels();
        let mut packer = Packer::new(&*self.ingest, (fixed, time), &mut self.described, &mut status);
        for one in &delivery.superseded {
            self.known.remove(&one.delivered.meta.uid);
            self.metrics.visit_ended(
                &one.delivered,
                one.present.as_deref(),
                &mut |family, labels, _| {
                    packer.sample(family, labels, stale_marker());
                },
            );
            packer.hand_over_if_full();
        }
        let pack = |packer: &mut Packer<'_>, object: &Object| {
            self.metrics.visit(object, &mut |family, labels, value| {
                let value = match end {
                    End::No => value,
                    End::Yes => stale_marker(),
                };
                packer.sample(family, labels, value);
            });
            packer.end_object(object.meta.uid);
        };
        let mut repeater = Repeater::new(&*self.ingest, (self.before, time));
        for object in delivery.objects.iter().flat_map(|(_, objects)| objects) {
            match self.known.get(&object.meta.uid) {
                Some(series) => repeater.add(object, series),
                None => pack(&mut packer, object),
            }
        }
        // Series that somebody else has written, or that the store has let go.
        for object in repeater.finish() {
            self.known.remove(&object.meta.uid);
            pack(&mut packer, object);
        }
        itself::push(&mut packer, &self.shared, (&self.metrics, end));
        let named = packer.finish();
        status.samples += repeater.samples;
        status.lost += repeater.lost;
        if end == End::No {
            self.known.extend(named);
        }
        if self.known.len() < self.known.capacity() / 4 {
            self.known.shrink_to_fit();
        }
        status
    }
}

/// Offers samples until they are taken or refused for good; `None` then.
fn offer(mut take: impl FnMut() -> Result<Ingested, IngestError>) -> Option<Ingested> {
    for attempt in 1.. {
        match take() {
            Ok(ingested) => return Some(ingested),
            Err(error) if attempt >= ATTEMPTS => {
                tracing::warn!(%error, "metrics of objects are lost");
                break;
            }
            // On a thread of its own that may block.
            Err(_) => std::thread::sleep(AGAIN),
        }
    }
    None
}
