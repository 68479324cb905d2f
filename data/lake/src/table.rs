//! One table: rows in memory that the log makes durable, and files that the transaction log names.
//!
//! Readers take both in one look, so a row is seen once whatever moves meanwhile. Everything that changes the set of
//! files runs in turn.

mod memory;
mod writer;

use std::path::Path as LocalPath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use model::{Clock, Millis};
use object_store::path::Path;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

pub(crate) use self::memory::{Held, Memory, times};
use self::writer::Writer;
use crate::config::LakeConfig;
use crate::definition::{Retention, TableDef};
use crate::delta::{Change, DataFile, DeltaLog, Snapshot};
use crate::error::{AppendError, LakeError};
use crate::log::recover;
use crate::metrics::Counters;
use crate::objects::Objects;

/// Where damaged files go, in the folder of their table.
const QUARANTINE: &str = "quarantine";

/// A table that is open.
pub(crate) struct Table {
    pub(crate) def: TableDef,
    pub(crate) schema: SchemaRef,
    pub(crate) retention: Retention,
    pub(crate) objects: Objects,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Arc<Counters>,
    /// Held by whatever changes the set of files.
    pub(crate) turn: Semaphore,
    /// Wakes the upkeep.
    pub(crate) wake: Arc<Notify>,
    delta: DeltaLog,
    view: Arc<RwLock<View>>,
    writer: Writer,
    /// Bytes of rows that are in no file yet, waiting ones included.
    waiting: Arc<AtomicUsize>,
    flush_bytes: usize,
    max_memory_bytes: usize,
    /// Files that left the table, and since when.
    garbage: Mutex<Vec<(Path, Instant)>>,
    /// A commit failed, and may have happened all the same.
    doubtful: AtomicBool,
    /// When the table was opened, or later, and how many files it wrote since: names that no file had before.
    names: (AtomicI64, AtomicU64),
}

/// What readers see.
pub(crate) struct View {
    /// Files.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Rows that are in no file.
    pub(crate) memory: Memory,
}

impl Table {
    /// Opens a table and reads its log back.
    ///
    /// # Errors
    /// The log or the transaction log cannot be read or written.
    pub(crate) async fn open(
        def: TableDef,
        config: &LakeConfig,
        (objects, clock): (Objects, Arc<dyn Clock>),
    ) -> Result<Self, LakeError> {
        let table = def.name;
        let schema = def.schema();
        let delta = DeltaLog::new(objects.clone(), table);
        let snapshot = delta.open(&def, clock.now()).await;
        let snapshot = snapshot.map_err(|source| LakeError::Transactions { table, source })?;
        let counters = Arc::new(Counters::default());
        let folder = config.folder.join("log").join(table);
        let recovered = read_log(folder, (table, Arc::clone(&schema)), snapshot.applied).await?;
        for (path, bytes) in &recovered.damaged {
            tracing::warn!(path = %path.display(), bytes, "the lake's log ends in bytes that are no record; they are left out");
        }
        let mut memory = Memory::new(&def, &schema);
        let mut waiting = 0;
        for (sequence, batch) in recovered.batches {
            match adapt(&schema, &batch) {
                Ok(batch) => {
                    let bytes = batch.get_array_memory_size();
                    waiting += bytes;
                    memory.push(sequence, batch, (bytes, clock.now()));
                }
                Err(error) => {
                    counters.damaged_records.add(1);
                    tracing::error!(table, sequence, %error, "a record of the lake's log does not fit its table");
                }
            }
        }
        counters.recovered_rows.add(memory.rows() as u64);
        let waiting = Arc::new(AtomicUsize::new(waiting));
        let view = Arc::new(RwLock::new(View {
            snapshot: Arc::new(snapshot),
            memory,
        }));
        let shared = writer::Shared {
            table,
            view: Arc::clone(&view),
            waiting: Arc::clone(&waiting),
            counters: Arc::clone(&counters),
            clock: Arc::clone(&clock),
        };
        let writer = Writer::start(recovered.log, shared).map_err(LakeError::Threads)?;
        let kept = config.retention.iter().find(|(name, _)| name == table);
        let opened = clock.now();
        Ok(Self {
            doubtful: AtomicBool::new(false),
            names: (AtomicI64::new(opened), AtomicU64::new(0)),
            retention: kept.map_or(def.retention, |(_, retention)| *retention),
            def,
            schema,
            objects,
            clock,
            counters,
            turn: Semaphore::new(1),
            wake: Arc::default(),
            delta,
            view,
            writer,
            waiting,
            flush_bytes: config.flush_bytes,
            max_memory_bytes: config.max_memory_bytes,
            garbage: Mutex::default(),
        })
    }

    /// Appends rows; they are durable and visible when this returns.
    pub(crate) async fn append(&self, batch: &RecordBatch) -> Result<(), AppendError> {
        let batch = self.fit(batch)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let table = self.def.name;
        let bytes = batch.get_array_memory_size();
        let before = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes >= self.flush_bytes {
            self.wake.notify_one();
        }
        if before + bytes > self.max_memory_bytes {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.counters.refused_rows.add(batch.num_rows() as u64);
            return Err(AppendError::Overloaded {
                table,
                waiting_bytes: before,
            });
        }
        self.writer.append(batch, bytes).await
    }

    /// Checks rows against the schema.
    fn fit(&self, batch: &RecordBatch) -> Result<RecordBatch, AppendError> {
        let table = self.def.name;
        let batch = adapt(&self.schema, batch).map_err(|error| AppendError::unfit(table, &error))?;
        if batch.get_array_memory_size() > self.max_memory_bytes / 2 {
            return Err(AppendError::Unfit {
                table,
                reason: format!(
                    "more than {} bytes at once; append fewer rows",
                    self.max_memory_bytes / 2
                ),
            });
        }
        Ok(batch)
    }

    /// Looks at files and rows in memory at once.
    pub(crate) fn view<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.view.read())
    }

    /// Changes what readers see.
    pub(crate) fn change_view<T>(&self, change: impl FnOnce(&mut View) -> T) -> T {
        change(&mut self.view.write())
    }

    /// Returns the files.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.view.read().snapshot)
    }

    /// Returns the bytes of rows in no file.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Tells whether it is time to write files.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting_bytes() >= self.flush_bytes
    }

    /// Counts rows as written to a file.
    pub(crate) fn settle(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Tells the log that files hold everything up to a place.
    pub(crate) fn forget_log(&self, sequence: u64) {
        self.writer.forget(sequence);
    }

    /// Begins a new segment of the log, so that the one before can go soon.
    pub(crate) fn roll_log(&self) {
        self.writer.roll();
    }

    /// Ends the thread that writes the log, after what was handed to it.
    pub(crate) fn close(&self) {
        self.writer.close();
    }

    /// Commits a change; readers see it when this returns. `settle` is done in the same moment. The caller has the
    /// turn.
    ///
    /// # Errors
    /// The table is as it was.
    pub(crate) async fn commit(
        &self,
        change: Change,
        settle: impl FnOnce(&mut Memory),
    ) -> Result<(), LakeError> {
        let table = self.def.name;
        let removed: Vec<Path> = change.remove.iter().map(|path| self.path_of(path)).collect();
        let next = self.write_commit(change).await?;
        self.change_view(|view| {
            view.snapshot = Arc::clone(&next);
            settle(&mut view.memory);
        });
        self.discard(removed);
        match self.delta.ensure_checkpoint(&next).await {
            Ok(()) => self.change_view(|view| view.snapshot = next.after_checkpoint()),
            // The log is only longer than it could be; the next commit tries again.
            Err(error) => {
                let error = model::with_causes(&error);
                tracing::warn!(table, error, "failed to sum up the transaction log");
            }
        }
        Ok(())
    }

    async fn write_commit(&self, change: Change) -> Result<Arc<Snapshot>, LakeError> {
        let table = self.def.name;
        let before = self.snapshot();
        let committed = self.delta.commit(&before, change, self.clock.now()).await;
        committed.map(Arc::new).map_err(|source| {
            self.doubtful.store(true, Ordering::Relaxed);
            LakeError::Transactions { table, source }
        })
    }

    /// Finds out what a failed commit left, so that the next one stands on what there is. The caller has the turn.
    ///
    /// # Errors
    /// The transaction log cannot be read.
    pub(crate) async fn settle_doubt(&self) -> Result<(), LakeError> {
        if !self.doubtful.load(Ordering::Relaxed) {
            return Ok(());
        }
        let table = self.def.name;
        let found = self.delta.open(&self.def, self.clock.now()).await;
        let found = Arc::new(found.map_err(|source| LakeError::Transactions { table, source })?);
        let applied = found.applied;
        let settled = self.change_view(|view| {
            view.snapshot = found;
            view.memory.drop_through(applied)
        });
        self.settle(settled);
        self.forget_log(applied);
        self.doubtful.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Takes note of a name that there is, so that no file gets it again even if the clock stood still or went back.
    pub(crate) fn note_name(&self, name: &str) {
        let opened = name
            .split_once('-')
            .and_then(|(opened, _)| opened.parse::<Millis>().ok());
        if let Some(opened) = opened {
            self.names
                .0
                .fetch_max(opened.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Returns a name for a file, without its ending.
    pub(crate) fn new_name(&self) -> String {
        let (opened, number) = &self.names;
        let opened = opened.load(Ordering::Relaxed);
        format!("{opened:013}-{:06}", number.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns where a file of the table lies.
    pub(crate) fn path_of(&self, file: &str) -> Path {
        Path::from(format!("{}/{file}", self.def.name))
    }

    /// Returns the table's folder.
    pub(crate) fn folder(&self) -> Path {
        Path::from(self.def.name)
    }

    /// Remembers files that are to be removed when nobody reads them any more.
    pub(crate) fn discard(&self, paths: impl IntoIterator<Item = Path>) {
        let now = Instant::now();
        self.garbage
            .lock()
            .extend(paths.into_iter().map(|path| (path, now)));
    }

    /// Takes the files that left the table before a time.
    pub(crate) fn take_garbage(&self, before: Instant) -> Vec<Path> {
        let mut garbage = self.garbage.lock();
        let (ripe, rest) = garbage.drain(..).partition(|(_, since)| *since <= before);
        *garbage = rest;
        let ripe: Vec<(Path, Instant)> = ripe;
        ripe.into_iter().map(|(path, _)| path).collect()
    }

    /// Takes damaged files out of the table and sets them aside. The caller has the turn.
    ///
    /// # Errors
    /// The table is as it was.
    pub(crate) async fn quarantine(&self, damaged: &[(Arc<DataFile>, String)]) -> Result<(), LakeError> {
        let table = self.def.name;
        let here = self.snapshot();
        let damaged = damaged
            .iter()
            .filter(|(file, _)| here.files.contains_key(&file.path));
        let damaged: Vec<_> = damaged.collect();
        if damaged.is_empty() {
            return Ok(());
        }
        let change = Change {
            remove: damaged.iter().map(|(file, _)| file.path.clone()).collect(),
            operation: "DELETE",
            ..Change::default()
        };
        let next = self.write_commit(change).await?;
        self.change_view(|view| view.snapshot = next);
        for (file, reason) in damaged {
            let from = self.path_of(&file.path);
            let to = self.folder().join(QUARANTINE).join(file.path.replace('/', "."));
            tracing::error!(table, path = %from, aside = %to, rows = file.rows, reason, "a file is damaged and was set aside");
            self.counters.quarantined_files.add(1);
            self.counters.quarantined_rows.add(file.rows);
            if let Err(error) = self.objects.rename(&from, &to).await {
                let error = model::with_causes(&error);
                tracing::warn!(table, path = %from, error, "a damaged file could not be set aside");
            }
        }
        Ok(())
    }
}

async fn read_log(
    folder: std::path::PathBuf,
    (table, schema): (&'static str, SchemaRef),
    applied: u64,
) -> Result<crate::log::Recovered, LakeError> {
    let path: Box<LocalPath> = folder.clone().into_boxed_path();
    let read = tokio::task::spawn_blocking(move || recover(&path, schema, applied)).await;
    let read = read.map_err(|error| LakeError::Open {
        path: folder,
        source: std::io::Error::other(error),
    })?;
    read.map_err(|source| LakeError::Log { table, source })
}

/// Gives rows the schema of the table. Columns are found by name; one that is not there is null throughout, which is
/// how rows of an older version fit, and one that the table does not have is an error.
fn adapt(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    use arrow::array::new_null_array;
    use arrow::error::ArrowError;

    let given = batch.schema();
    if let Some(unknown) = given
        .fields()
        .iter()
        .find(|field| schema.index_of(field.name()).is_err())
    {
        return Err(ArrowError::SchemaError(format!(
            "there is no column {}",
            unknown.name()
        )));
    }
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => Arc::clone(column),
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
    RecordBatch::try_new(Arc::clone(schema), columns.collect())
}
