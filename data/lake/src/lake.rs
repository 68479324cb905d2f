//! The lake: its tables, the threads that keep them in order, and the way in and out.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use model::{Clock, Millis, Sink};
use parking_lot::Mutex;
use rustix::fs::FlockOperation;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{LakeConfig, LakeConfigError};
use crate::definition::TableDef;
use crate::delta::DeltaError;
use crate::error::{AppendError, LakeError};
use crate::metrics;
use crate::objects::Objects;
use crate::sql::{self, Answer, Aside, EndWithUs, Engine, Question, Select, SqlError};
use crate::table::Table;
use crate::upkeep::{self, Upkeep};

const LOCK: &str = "lake.lock";
/// Threads of upkeep; those that wait for appends belong to the caller.
const UPKEEP_WORKERS: usize = 2;
/// Threads for files.
const MAX_BLOCKING_THREADS: usize = 16;
/// Longest time that what still runs gets when the lake closes.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Tables of rows with SQL over them. Queries and upkeep run on threads of its own.
pub struct Lake {
    tables: Vec<Arc<Table>>,
    /// Tables that could not be opened.
    aside: Vec<Aside>,
    engine: Arc<Engine>,
    /// Threads of upkeep.
    handle: Handle,
    /// Threads of queries: what computes for long there holds up no file.
    queries: Handle,
    stop: CancellationToken,
    /// `None` once closed.
    running: Mutex<Option<Running>>,
}

struct Running {
    runtime: Runtime,
    queries: Runtime,
    upkeep: Vec<JoinHandle<()>>,
    _lock: File,
}

/// How a table stands.
#[derive(Clone, Debug)]
pub struct TableStatus {
    /// What the table is.
    pub def: TableDef,
    /// Files.
    pub n_files: usize,
    /// Bytes of all files.
    pub file_bytes: u64,
    /// Rows in files.
    pub file_rows: u64,
    /// Rows that are in no file yet.
    pub memory_rows: u64,
    /// Time of the oldest row in a file.
    pub oldest: Option<Millis>,
    /// Files that were damaged and set aside since the start.
    pub n_quarantined: u64,
    /// Why the table as a whole is set aside, if it is, and what to do: it then takes no rows and answers no query.
    pub aside: Option<Arc<str>>,
}

impl Lake {
    /// Opens a lake with all tables of [`crate::tables`], and reads back what is in no file yet. Blocks; call it from
    /// where blocking is allowed. A table whose transaction log is damaged is set aside, see [`TableStatus::aside`].
    ///
    /// # Errors
    /// The configuration is wrong, somebody else has it open, or a file that it cannot do without cannot be read.
    pub fn open(config: LakeConfig, clock: Arc<dyn Clock>) -> Result<Self, LakeError> {
        Self::open_with(config, clock, crate::tables())
    }

    /// Opens a lake with other tables.
    ///
    /// # Errors
    /// As [`Lake::open`].
    pub fn open_with(
        config: LakeConfig,
        clock: Arc<dyn Clock>,
        defs: Vec<TableDef>,
    ) -> Result<Self, LakeError> {
        config.check()?;
        check_retention(&config, &defs)?;
        let lock = lock(&config)?;
        let objects = Objects::open(&config)?;
        let runtime = threads("lake-upkeep", UPKEEP_WORKERS)?;
        let queries = threads("lake-query", sql::threads(&config.query))?;
        let (tables, aside) = runtime.block_on(open_tables(defs, &config, (&objects, &clock)))?;
        let engine = Engine::new(&objects, config.query, (tables.clone(), aside.clone()));
        let engine = Arc::new(engine.map_err(|error| LakeError::Parquet {
            table: "of queries",
            source: Box::new(error),
        })?);
        let stop = CancellationToken::new();
        let handle = runtime.handle().clone();
        let start = |table: &Arc<Table>| {
            let upkeep = Upkeep {
                table: Arc::clone(table),
                config: config.clone(),
                merge: engine.merge(config.file_bytes),
            };
            handle.spawn(upkeep.run(stop.clone()))
        };
        let upkeep = tables.iter().map(start).collect();
        Ok(Self {
            tables,
            aside,
            engine,
            handle,
            queries: queries.handle().clone(),
            stop,
            running: Mutex::new(Some(Running {
                runtime,
                queries,
                upkeep,
                _lock: lock,
            })),
        })
    }

    /// Appends rows to a table. They are durable, and seen by the next query, when this returns well; they may be so
    /// too if it is dropped before. Columns are found by name; those left out are null.
    ///
    /// # Errors
    /// Nothing of it is stored.
    pub async fn append(&self, table: &str, batch: &RecordBatch) -> Result<(), AppendError> {
        self.find(table)?.append(batch).await
    }

    /// Answers a query in SQL. Dropping the future ends the query.
    ///
    /// # Errors
    /// The query is wrong, would change something, or needs more than it may.
    pub async fn sql(&self, query: &str) -> Result<Answer, SqlError> {
        self.answer(Question::Sql(query.to_owned())).await
    }

    /// Writes all rows that are in memory to files.
    ///
    /// # Errors
    /// Those of the table named stay in memory and in the log.
    pub async fn flush(&self) -> Result<(), LakeError> {
        for table in &self.tables {
            let table = Arc::clone(table);
            let flushed = self.handle.spawn(async move { upkeep::flush_now(&table).await });
            flushed.await.unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// Returns how all tables stand.
    pub fn status(&self) -> Vec<TableStatus> {
        let open = self.tables.iter().map(|table| status(table));
        open.chain(self.aside.iter().map(status_aside)).collect()
    }

    /// Hands over what the lake counts of itself.
    pub fn report(&self, out: &mut dyn Sink) {
        for table in &self.tables {
            metrics::report_table(table, out);
        }
        let open = self.tables.iter().map(|table| (table.def.name, 0));
        let aside = self.aside.iter().map(|aside| (aside.def.name, 1));
        metrics::report_aside(open.chain(aside), out);
        metrics::report_queries(&self.engine.counters, out);
    }

    /// Takes no more rows, writes what is in memory to files, and ends all threads. Blocks. What cannot be written
    /// stays in the log and is read back at the next start.
    pub fn close(&self) {
        self.stop.cancel();
        let Some(running) = self.running.lock().take() else {
            return;
        };
        let Running {
            runtime,
            queries,
            upkeep,
            _lock,
        } = running;
        runtime.block_on(async {
            for task in upkeep {
                if task.await.is_err() {
                    tracing::error!("the lake's upkeep panicked");
                }
            }
            for table in &self.tables {
                if let Err(error) = upkeep::flush_now(table).await {
                    let error = model::with_causes(&error);
                    tracing::warn!(table = table.def.name, error, "rows stay in the lake's log");
                }
            }
        });
        for table in &self.tables {
            table.close();
        }
        queries.shutdown_timeout(CLOSE_PATIENCE);
        runtime.shutdown_timeout(CLOSE_PATIENCE);
    }

    /// Answers what `select` makes of a table.
    pub(crate) async fn select(&self, table: &'static str, select: Select) -> Result<Answer, SqlError> {
        self.answer(Question::Table(table, select)).await
    }

    fn find(&self, name: &str) -> Result<&Arc<Table>, AppendError> {
        let found = self.tables.iter().find(|table| table.def.name == name);
        found.ok_or_else(|| {
            let aside = self.aside.iter().find(|aside| aside.def.name == name);
            match aside {
                Some(aside) => AppendError::Aside {
                    table: aside.def.name,
                    reason: aside.reason.to_string(),
                },
                None => AppendError::UnknownTable {
                    name: name.to_owned(),
                },
            }
        })
    }

    async fn answer(&self, question: Question) -> Result<Answer, SqlError> {
        if self.stop.is_cancelled() {
            return Err(SqlError::Closed);
        }
        let engine = Arc::clone(&self.engine);
        let queries = self.queries.clone();
        let watched = async move { engine.answer(question, &queries).await };
        let mut watched = EndWithUs(self.handle.spawn(watched));
        (&mut watched.0).await.unwrap_or(Err(SqlError::Closed))
    }
}

impl Drop for Lake {
    /// Ends without writing files: everything is in the log.
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(running) = self.running.lock().take() {
            running.queries.shutdown_background();
            running.runtime.shutdown_background();
        }
    }
}

fn threads(name: &str, workers: usize) -> Result<Runtime, LakeError> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .thread_name(name)
        // Buckets are reached over the network.
        .enable_all()
        .build()
        .map_err(LakeError::Threads)
}

/// Opens what can be opened, and says of the rest why it cannot.
async fn open_tables(
    defs: Vec<TableDef>,
    config: &LakeConfig,
    (objects, clock): (&Objects, &Arc<dyn Clock>),
) -> Result<(Vec<Arc<Table>>, Vec<Aside>), LakeError> {
    let mut tables = Vec::with_capacity(defs.len());
    let mut aside = Vec::new();
    for def in defs {
        let opened = Table::open(def.clone(), config, (objects.clone(), Arc::clone(clock))).await;
        let table = match opened {
            Ok(table) => Arc::new(table),
            Err(LakeError::Transactions { table, source }) if is_damage(&source) => {
                let reason: Arc<str> = model::with_causes(&source).into();
                tracing::error!(table, %reason, "a table is set aside");
                aside.push(Aside { def, reason });
                continue;
            }
            Err(error) => return Err(error),
        };
        upkeep::find_strays(&table).await?;
        tables.push(table);
    }
    Ok((tables, aside))
}

/// Tells whether it concerns one table only; what keeps files from being read at all concerns every table.
fn is_damage(error: &DeltaError) -> bool {
    match error {
        DeltaError::Damaged { .. } | DeltaError::Missing { .. } | DeltaError::Version { .. } => true,
        DeltaError::Objects(_) | DeltaError::Conflict { .. } => false,
    }
}

fn check_retention(config: &LakeConfig, defs: &[TableDef]) -> Result<(), LakeConfigError> {
    let known = |name: &str| defs.iter().any(|def| def.name == name);
    let Some((unknown, _)) = config.retention.iter().find(|(name, _)| !known(name)) else {
        return Ok(());
    };
    let names: Vec<&str> = defs.iter().map(|def| def.name).collect();
    Err(LakeConfigError::UnknownTable {
        name: unknown.clone(),
        known: names.join(", "),
    })
}

/// Keeps other processes out as long as the file is open.
fn lock(config: &LakeConfig) -> Result<File, LakeError> {
    let failed = |path: &std::path::Path| {
        let path = path.to_owned();
        move |source| LakeError::Open { path, source }
    };
    crate::log::create_folder(&config.folder).map_err(failed(&config.folder))?;
    let path = config.folder.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed(&path))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(LakeError::InUse {
            path: config.folder.clone(),
        }),
        Err(error) => Err(failed(&path)(error.into())),
    }
}

fn status(table: &Table) -> TableStatus {
    let (snapshot, memory_rows) = table.view(|view| (Arc::clone(&view.snapshot), view.memory.rows()));
    TableStatus {
        def: table.def.clone(),
        n_files: snapshot.files.len(),
        file_bytes: snapshot.bytes(),
        file_rows: snapshot.rows(),
        memory_rows: memory_rows as u64,
        oldest: snapshot.files.values().map(|file| file.span().start).min(),
        n_quarantined: table.counters.quarantined_files.get(),
        aside: None,
    }
}

fn status_aside(aside: &Aside) -> TableStatus {
    TableStatus {
        def: aside.def.clone(),
        n_files: 0,
        file_bytes: 0,
        file_rows: 0,
        memory_rows: 0,
        oldest: None,
        n_quarantined: 0,
        aside: Some(Arc::clone(&aside.reason)),
    }
}
