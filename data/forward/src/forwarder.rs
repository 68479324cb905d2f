//! One receiver's forwarder: a thread that reads the log and feeds the relay.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::{Batch, Clock, Labels, Metadata};
use parking_lot::Mutex;
use relay::{Checkpoint, CheckpointError, Relay, RelayStatus};
use store::{LogTail, TailError, TailStep};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use wire::RemoteWriteVersion;

use crate::client::{Client, ClientError};
use crate::config::RemoteWriteConfig;
use crate::feed::{Feed, Piece};
use crate::metrics::{ForwardStatus, SendMetrics};
use crate::send::Sender;

/// How long the reader waits for a record before it looks around.
const WAIT: Duration = Duration::from_millis(500);
/// How often the checkpoint is written and the log is told what it need not keep.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(5);

/// Records that are looked at together so that exemplars find their samples; a batch is a record for each shard of the
/// store and one for exemplars.
const MAX_GATHERED: usize = 64;

/// Why a forwarder cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// The checkpoint cannot be read.
    #[error("cannot forward to {receiver}")]
    Checkpoint {
        /// The receiver.
        receiver: String,
        /// Why.
        #[source]
        source: CheckpointError,
    },
    /// The HTTP client cannot be made.
    #[error("cannot forward to {receiver}")]
    Client {
        /// The receiver.
        receiver: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// The system gives no thread.
    #[error("cannot forward to {receiver}")]
    Thread {
        /// The receiver.
        receiver: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Tries whether requests to a receiver can be made as configured: whether certificates and keys can be read and used.
/// Nothing is sent.
///
/// # Errors
/// They cannot; the text says why.
pub fn check_client(config: &RemoteWriteConfig) -> Result<(), ForwardError> {
    let client = Client::new(Arc::new(config.clone()));
    client.map(drop).map_err(|source| ForwardError::Client {
        receiver: config.name.clone(),
        source,
    })
}

/// Returns what is known about metric families.
pub type Families = dyn Fn() -> Vec<(String, Metadata)> + Send + Sync;

/// What a forwarder needs besides the configuration of its receiver.
pub struct ForwarderOptions {
    /// Labels added to series that do not have them.
    pub external_labels: Labels,
    /// The folder for the checkpoint, which is named after the receiver; it exists.
    pub folder: PathBuf,
    /// Log kept for a receiver that is behind, in bytes beyond what the store needs itself. Older samples are lost
    /// to the receiver, and counted.
    pub hold_bytes: u64,
    /// How long stopping waits for the receiver to take what is under way.
    pub patience: Duration,
    /// Where tasks and timers run.
    pub runtime: Handle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is known about metric families.
    pub families: Arc<Families>,
}

/// Forwards to one receiver until it is stopped.
pub struct Forwarder {
    thread: JoinHandle<()>,
    stop: CancellationToken,
    status: Arc<Mutex<StatusSource>>,
    metrics: Arc<SendMetrics>,
    receiver: String,
}

/// Where the relay's status comes from.
type StatusSource = Box<dyn Fn() -> RelayStatus + Send + Sync>;

impl Forwarder {
    /// Starts behind the last acknowledged record, or with what comes from now on if there is no checkpoint.
    ///
    /// # Errors
    /// The checkpoint is damaged, a certificate cannot be read, or there is no thread.
    pub fn start(
        config: RemoteWriteConfig,
        store: &Arc<store::Store>,
        options: ForwarderOptions,
    ) -> Result<Self, ForwardError> {
        let receiver = config.name.clone();
        let config = Arc::new(config);
        let mut checkpoint = Checkpoint::new(options.folder.join(format!("{receiver}.checkpoint")));
        let loaded = checkpoint.load().map_err(|source| ForwardError::Checkpoint {
            receiver: receiver.clone(),
            source,
        })?;
        let from = loaded.unwrap_or_else(|| store.position()) + 1;
        let metrics = Arc::new(SendMetrics::default());
        let sender = Sender::new(
            Arc::clone(&config),
            Arc::clone(&options.clock),
            Arc::clone(&metrics),
        )
        .map_err(|source| ForwardError::Client {
            receiver: receiver.clone(),
            source,
        })?;
        let mut relay = {
            let _within = options.runtime.enter();
            Relay::new(config.queue.clone(), sender)
        };
        // What lies before is settled, also for a receiver that nothing came for yet.
        relay.complete(from - 1);
        let status: Arc<Mutex<StatusSource>> = Arc::new(Mutex::new(Box::new(relay.watch())));
        let stop = CancellationToken::new();
        let mut tail = store.tail(from);
        tail.hold(options.hold_bytes);
        let runner = Runner {
            feed: Feed::new(
                Arc::clone(&config),
                options.external_labels.clone(),
                Arc::clone(&metrics),
            ),
            metrics: Arc::clone(&metrics),
            stop: stop.clone(),
            tail,
            relay,
            checkpoint,
            config,
            options,
            said_metadata: None,
        };
        let thread = std::thread::Builder::new()
            .name(format!("forward-{receiver}"))
            .spawn(move || runner.run())
            .map_err(|source| ForwardError::Thread {
                receiver: receiver.clone(),
                source,
            })?;
        Ok(Self {
            thread,
            stop,
            status,
            metrics,
            receiver,
        })
    }

    /// Says where the forwarder stands.
    pub fn status(&self) -> ForwardStatus {
        let relay = (self.status.lock())();
        ForwardStatus::new(&self.receiver, relay, &self.metrics)
    }

    /// Tells whether it has ended by itself, as it does when the store is closed.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Asks to stop, and does not wait.
    pub fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// Stops: waits for what is under way as long as patience lasts, writes the checkpoint, and returns where the
    /// forwarder stood at the end. Blocks.
    pub fn stop(self) -> ForwardStatus {
        self.ask_to_stop();
        let receiver = self.receiver;
        if self.thread.join().is_err() {
            tracing::error!(%receiver, "the forwarder failed inside");
        }
        ForwardStatus::new(&receiver, (self.status.lock())(), &self.metrics)
    }
}

/// What the thread owns.
struct Runner {
    config: Arc<RemoteWriteConfig>,
    options: ForwarderOptions,
    feed: Feed,
    relay: Relay<Batch, Sender>,
    tail: LogTail,
    checkpoint: Checkpoint,
    metrics: Arc<SendMetrics>,
    stop: CancellationToken,
    said_metadata: Option<Instant>,
}

/// Why reading goes no further.
enum End {
    Stopped,
    Failed(String),
}

impl Runner {
    fn run(mut self) {
        if self.config.metadata.send {
            self.feed.learn((self.options.families)());
        }
        if let End::Failed(reason) = self.follow() {
            tracing::error!(receiver = %self.config.name, %reason, "forwarding ended");
        }
        let Self {
            relay,
            mut checkpoint,
            options,
            config,
            ..
        } = self;
        let status = options.runtime.block_on(relay.stop(options.patience));
        if let Err(error) = checkpoint.store(status.acknowledged) {
            tracing::warn!(receiver = %config.name, error = %model::with_causes(&error), "checkpoint is old");
        }
    }

    fn follow(&mut self) -> End {
        let mut batch = Batch::default();
        let mut written = Instant::now();
        loop {
            if self.stop.is_cancelled() {
                return End::Stopped;
            }
            match self.tail.next(&mut batch, WAIT) {
                Ok(TailStep::Record { position, missed }) => {
                    self.note_missed(missed);
                    let position = self.gather(&mut batch, position);
                    if let Err(end) = self.push_record(&batch, position) {
                        return end;
                    }
                }
                Ok(TailStep::Idle) => {}
                Ok(TailStep::Closed) => return End::Stopped,
                Err(error) => warn_of_gap(&error),
            }
            if written.elapsed() >= CHECKPOINT_INTERVAL {
                written = Instant::now();
                self.look_around();
            }
        }
    }

    /// Adds the records that are there already, if exemplars are sent, and returns the position of the last: the store
    /// logs exemplars behind the samples they came with, and receivers want both in one request.
    fn gather(&mut self, batch: &mut Batch, first: u64) -> u64 {
        let mut last = first;
        if !self.config.send_exemplars {
            return last;
        }
        let mut next = Batch::default();
        for _ in 0..MAX_GATHERED {
            if batch.rows().len() >= self.config.queue.max_request {
                break;
            }
            match self.tail.next(&mut next, Duration::ZERO) {
                Ok(TailStep::Record { position, missed }) => {
                    self.note_missed(missed);
                    last = position;
                    if let Err(error) = batch.append(&mut next) {
                        // Some records are far below what a batch holds.
                        tracing::error!(%error, "records do not fit one batch");
                    }
                }
                // The end of the log is found again.
                Ok(TailStep::Idle | TailStep::Closed) => break,
                Err(error) => warn_of_gap(&error),
            }
        }
        last
    }

    fn note_missed(&self, records: u64) {
        self.metrics
            .missed_records
            .fetch_add(records, std::sync::atomic::Ordering::Relaxed);
    }

    fn push_record(&mut self, batch: &Batch, position: u64) -> Result<(), End> {
        if self.is_metadata_due() {
            let pieces = self.feed.metadata(position);
            self.push(pieces)?;
        }
        let now = self.options.clock.now();
        let pieces = self.feed.cut(batch, (position, self.relay.n_lanes()), now);
        self.push(pieces)?;
        self.relay.complete(position);
        Ok(())
    }

    /// Hands parcels over, waiting for room as long as nobody stops.
    fn push(&mut self, pieces: Vec<Piece>) -> Result<(), End> {
        for Piece { lane, parcel } in pieces {
            let pushed = self.stop.run_until_cancelled(self.relay.push(lane, parcel));
            match self.options.runtime.block_on(pushed) {
                None => return Err(End::Stopped),
                Some(Err(error)) => return Err(End::Failed(error.to_string())),
                Some(Ok(())) => {}
            }
        }
        Ok(())
    }

    /// Version 1.0 has no metadata beside series: all of it is said now and then.
    fn is_metadata_due(&mut self) -> bool {
        let settings = self.config.metadata;
        if !settings.send || self.relay.deliver().version() != RemoteWriteVersion::V1 {
            return false;
        }
        let due = self
            .said_metadata
            .is_none_or(|said| said.elapsed() >= settings.interval);
        if due {
            self.said_metadata = Some(Instant::now());
        }
        due
    }

    /// Writes the checkpoint, lets go of log, and reviews the number of lanes.
    fn look_around(&mut self) {
        let acknowledged = self.relay.acknowledged();
        if acknowledged > 0 {
            self.tail.acknowledge(acknowledged);
            if let Err(error) = self.checkpoint.store(acknowledged) {
                let error = model::with_causes(&error);
                tracing::warn!(receiver = %self.config.name, %error, "checkpoint is old; a restart repeats samples");
            }
        }
        // A record is a request or a scrape: some hundred samples.
        let backlog = self.tail.backlog().records.saturating_mul(200);
        let review = self.stop.run_until_cancelled(self.relay.review(backlog));
        let reviewed = self.options.runtime.block_on(review);
        if reviewed.is_none() {
            // Nothing is lost when it is cut short: stopping drains too.
            tracing::debug!(receiver = %self.config.name, "stopped while the number of lanes changed");
        }
    }
}

/// The next read goes on behind the gap; how many records it was is told then.
fn warn_of_gap(error: &TailError) {
    tracing::warn!(error = %model::with_causes(error), "a part of the log cannot be forwarded");
}
