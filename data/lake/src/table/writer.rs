//! The thread that writes a table's log: what waits is written as one record and synced once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use model::Clock;
use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;

use super::View;
use crate::error::AppendError;
use crate::log::Log;
use crate::metrics::Counters;

/// Appends that wait at most; further ones are refused.
const QUEUE: usize = 1024;
/// A record takes no further appends beyond so many bytes.
const RECORD_BYTES: usize = 4 << 20;

/// What the thread shares with its table.
pub(super) struct Shared {
    pub(super) table: &'static str,
    pub(super) view: Arc<RwLock<View>>,
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) counters: Arc<Counters>,
    pub(super) clock: Arc<dyn Clock>,
}

/// The thread's handle.
pub(super) struct Writer {
    table: &'static str,
    waiting: Arc<AtomicUsize>,
    counters: Arc<Counters>,
    /// `None` once closed.
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Job {
    Append(Append),
    Roll,
    Forget(u64),
}

struct Append {
    batch: RecordBatch,
    bytes: usize,
    done: oneshot::Sender<Result<(), AppendError>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(log: Log, shared: Shared) -> std::io::Result<Self> {
        let (jobs, received) = sync_channel(QUEUE);
        let (table, waiting) = (shared.table, Arc::clone(&shared.waiting));
        let counters = Arc::clone(&shared.counters);
        let thread = Builder::new()
            .name(format!("lake-{table}"))
            .spawn(move || run(log, &shared, &received))?;
        Ok(Self {
            table,
            waiting,
            counters,
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands rows over and waits until they are durable. Their bytes are counted as waiting already.
    pub(super) async fn append(&self, batch: RecordBatch, bytes: usize) -> Result<(), AppendError> {
        let rows = batch.num_rows() as u64;
        let (done, answer) = oneshot::channel();
        let sent = match self.jobs.lock().as_ref() {
            Some(jobs) => jobs.try_send(Job::Append(Append { batch, bytes, done })),
            None => return Err(self.refused(rows, bytes, AppendError::Closed)),
        };
        match sent {
            Ok(()) => answer.await.unwrap_or(Err(AppendError::Closed)),
            Err(TrySendError::Disconnected(_)) => Err(self.refused(rows, bytes, AppendError::Closed)),
            Err(TrySendError::Full(_)) => {
                let waiting_bytes = self.waiting.load(Ordering::Relaxed);
                let table = self.table;
                Err(self.refused(rows, bytes, AppendError::Overloaded { table, waiting_bytes }))
            }
        }
    }

    fn refused(&self, rows: u64, bytes: usize, error: AppendError) -> AppendError {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        self.counters.refused_rows.add(rows);
        error
    }

    pub(super) fn roll(&self) {
        self.tell(Job::Roll);
    }

    pub(super) fn forget(&self, sequence: u64) {
        self.tell(Job::Forget(sequence));
    }

    /// Orders are repeated with the next file, so one that finds no room is no loss.
    fn tell(&self, job: Job) {
        if let Some(jobs) = self.jobs.lock().as_ref()
            && jobs.try_send(job).is_err()
        {
            tracing::debug!(table = self.table, "the lake's log is too busy to take orders");
        }
    }

    /// Takes no more and waits for what was handed over.
    pub(super) fn close(&self) {
        drop(self.jobs.lock().take());
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(table = self.table, "the thread of the lake's log panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(mut log: Log, shared: &Shared, jobs: &Receiver<Job>) {
    shared.counters.log_bytes.set(log.bytes());
    while let Ok(job) = jobs.recv() {
        let mut next = Some(job);
        while let Some(job) = next.take() {
            match job {
                Job::Roll => log.roll(),
                Job::Forget(sequence) => _ = log.forget(sequence),
                Job::Append(first) => {
                    let (group, other) = gather(first, jobs);
                    write(&mut log, shared, group);
                    next = other;
                }
            }
        }
        shared.counters.log_bytes.set(log.bytes());
    }
}

/// Takes the appends that wait already, up to the first other job.
fn gather(first: Append, jobs: &Receiver<Job>) -> (Vec<Append>, Option<Job>) {
    let mut bytes = first.bytes;
    let mut group = vec![first];
    while bytes < RECORD_BYTES {
        match jobs.try_recv() {
            Ok(Job::Append(append)) => {
                bytes += append.bytes;
                group.push(append);
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

fn write(log: &mut Log, shared: &Shared, group: Vec<Append>) {
    let rows: usize = group.iter().map(|append| append.batch.num_rows()).sum();
    let bytes: usize = group.iter().map(|append| append.bytes).sum();
    let result = record(&group).and_then(|batch| Ok((log.append(std::slice::from_ref(&batch))?, batch)));
    let answer = match result {
        Ok((sequence, batch)) => {
            shared
                .view
                .write()
                .memory
                .push(sequence, batch, (bytes, shared.clock.now()));
            shared.counters.appended_rows.add(rows as u64);
            shared.counters.log_syncs.add(1);
            Ok(())
        }
        Err(error) => {
            shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
            shared.counters.failed_writes.add(1);
            shared.counters.refused_rows.add(rows as u64);
            tracing::error!(table = shared.table, rows, %error, "failed to write the lake's log; the rows are refused");
            Err(AppendError::Unavailable {
                table: shared.table,
                reason: error.to_string(),
            })
        }
    };
    for append in group {
        // Who does not wait any more does not need the answer.
        _ = append.done.send(answer.clone());
    }
}

/// Puts the rows of a group into one batch.
fn record(group: &[Append]) -> std::io::Result<RecordBatch> {
    match group {
        [one] => Ok(one.batch.clone()),
        many => {
            let batches = many.iter().map(|append| &append.batch);
            let schema = many.first().map_or_else(
                || std::sync::Arc::new(arrow::datatypes::Schema::empty()),
                |one| one.batch.schema(),
            );
            concat_batches(&schema, batches).map_err(std::io::Error::other)
        }
    }
}
