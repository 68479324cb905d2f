//! Running queries: one session each, over the tables as they are at its beginning.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use datafusion::catalog::{
    CatalogProvider as _, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider as _,
};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use futures_util::StreamExt as _;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::answer::{Answer, Cut};
use super::aside::Aside;
use super::mistake::SqlError;
use super::provider::{Moment, Touched};
use crate::config::QueryBounds;
use crate::error::LakeError;
use crate::metrics::QueryCounters;
use crate::objects::Objects;
use crate::table::Table;
use crate::upkeep;

const CATALOG: &str = "lake";
const SCHEMA: &str = "tables";
/// Rows that operators hand on at once.
const BATCH_ROWS: usize = 8192;
/// Longest query; far above what people write and far below what takes a parser long.
const MAX_QUERY_BYTES: usize = 64 << 10;
/// Most threads of queries.
const MAX_THREADS: usize = 32;
/// Names of consumers that an error about memory tells.
const TOP_CONSUMERS: std::num::NonZeroUsize = std::num::NonZeroUsize::MIN;

/// Returns as many threads as one query keeps busy.
fn partitions() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .clamp(1, 4)
}

/// Returns how many threads queries need so that none waits for a thread while others compute: the system shares the
/// cores among them, and an operator without a pause holds up its own query only.
pub(crate) fn threads(bounds: &QueryBounds) -> usize {
    partitions()
        .saturating_mul(bounds.max_concurrent)
        .clamp(1, MAX_THREADS)
}

/// Runs queries.
pub(crate) struct Engine {
    runtime: Arc<RuntimeEnv>,
    config: SessionConfig,
    url: ObjectStoreUrl,
    bounds: QueryBounds,
    permits: Semaphore,
    pub(crate) counters: QueryCounters,
    tables: Vec<Arc<Table>>,
    aside: Vec<Aside>,
}

/// What is asked.
pub(crate) enum Question {
    /// A query in SQL.
    Sql(String),
    /// What is made of a table.
    Table(&'static str, Select),
}

/// A task that ends when nobody waits for it any more.
pub(crate) struct EndWithUs<T>(pub(crate) JoinHandle<T>);

impl<T> Drop for EndWithUs<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes a query of a table.
pub(crate) type Select = Box<dyn Fn(DataFrame) -> Result<DataFrame, DataFusionError> + Send + Sync>;

impl Engine {
    /// Prepares to run queries.
    ///
    /// # Errors
    /// The query engine refuses its settings.
    pub(crate) fn new(
        objects: &Objects,
        bounds: QueryBounds,
        (tables, aside): (Vec<Arc<Table>>, Vec<Aside>),
    ) -> Result<Self, DataFusionError> {
        let pool = TrackConsumersPool::new(FairSpillPool::new(bounds.memory_bytes), TOP_CONSUMERS);
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        let (url, store) = objects.for_queries();
        runtime.register_object_store(url.as_ref(), store);
        let mut config = SessionConfig::new()
            .with_information_schema(true)
            .with_default_catalog_and_schema(CATALOG, SCHEMA)
            .with_create_default_catalog_and_schema(false)
            .with_target_partitions(partitions())
            .with_batch_size(BATCH_ROWS);
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.sql_parser.collect_spans = true;
        Ok(Self {
            runtime,
            config,
            url,
            bounds,
            permits: Semaphore::new(bounds.max_concurrent),
            counters: QueryCounters::default(),
            tables,
            aside,
        })
    }

    /// Returns what merging files needs.
    pub(crate) fn merge(&self, file_bytes: u64) -> upkeep::Merge {
        let context = SessionContext::new_with_config_rt(self.config.clone(), Arc::clone(&self.runtime));
        upkeep::Merge {
            context: context.task_ctx(),
            url: self.url.clone(),
            file_bytes,
        }
    }

    /// Answers a question on the threads of `queries`, within all bounds. The time is watched from other threads: an
    /// operator that computes for long without a pause does not hold up the answer that it took too long, and
    /// dropping the future ends the query at its next pause.
    ///
    /// # Errors
    /// The query is wrong, or needs more than it may.
    pub(crate) async fn answer(
        self: Arc<Self>,
        question: Question,
        queries: &Handle,
    ) -> Result<Answer, SqlError> {
        let began = Instant::now();
        if let Question::Sql(query) = &question
            && query.len() > MAX_QUERY_BYTES
        {
            let message = format!("the query is longer than {MAX_QUERY_BYTES} bytes");
            return self.count(Err(SqlError::mistake(message, None, None)), began.elapsed());
        }
        let engine = Arc::clone(&self);
        let began_to_run = Arc::new(AtomicBool::new(false));
        let began_there = Arc::clone(&began_to_run);
        let mut task = EndWithUs(queries.spawn(async move {
            let Ok(_permit) = engine.permits.acquire().await else {
                return Err(SqlError::Closed);
            };
            began_there.store(true, Ordering::Relaxed);
            engine.answer_now(&question).await
        }));
        let result = match tokio::time::timeout(self.bounds.timeout, &mut task.0).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.is_panic() => Err(SqlError::Unreadable {
                reason: "the query engine failed at this query".to_owned(),
            }),
            Ok(Err(_cancelled)) => Err(SqlError::Closed),
            Err(_elapsed) => Err(self.too_late(began_to_run.load(Ordering::Relaxed))),
        };
        self.count(result, began.elapsed())
    }

    fn too_late(&self, began: bool) -> SqlError {
        let seconds = self.bounds.timeout.as_secs();
        if began {
            return SqlError::TimedOut { seconds };
        }
        SqlError::Busy {
            seconds,
            running: self.bounds.max_concurrent,
        }
    }

    /// Where rows cannot be read, damaged files are set aside, and it is asked once more.
    async fn answer_now(&self, question: &Question) -> Result<Answer, SqlError> {
        match self.run(question).await {
            Err((SqlError::Unreadable { .. }, touched)) if self.set_damaged_aside(&touched).await => {
                self.run(question).await.map_err(|(error, _)| error)
            }
            other => other.map_err(|(error, _)| error),
        }
    }

    async fn run(&self, question: &Question) -> Result<Answer, (SqlError, Touched)> {
        let touched = Touched::default();
        let answer = self.try_run(question, &touched).await;
        answer.map_err(|error| {
            let open = self.tables.iter().map(|table| table.def.name);
            let names: Vec<&str> = open
                .chain(self.aside.iter().map(|aside| aside.def.name))
                .collect();
            (SqlError::from_engine(&error, &names), touched)
        })
    }

    async fn try_run(&self, question: &Question, touched: &Touched) -> Result<Answer, DataFusionError> {
        let context = self.session(touched)?;
        let frame = match question {
            Question::Sql(query) => {
                let read_only = SQLOptions::new()
                    .with_allow_ddl(false)
                    .with_allow_dml(false)
                    .with_allow_statements(false);
                context.sql_with_options(query, read_only).await?
            }
            Question::Table(name, select) => select(context.table(*name).await?)?,
        };
        collect(frame, &self.bounds).await
    }

    /// Checks the files that a query read; tells whether any was damaged and is gone now.
    async fn set_damaged_aside(&self, touched: &Touched) -> bool {
        let touched = std::mem::take(&mut *touched.lock());
        let mut any = false;
        for table in &self.tables {
            let files = touched.iter().filter(|(of, _)| Arc::ptr_eq(of, table));
            let files: Vec<_> = files.map(|(_, file)| Arc::clone(file)).collect();
            let damaged = upkeep::check(table, &files).await;
            if damaged.is_empty() {
                continue;
            }
            let Ok(_turn) = table.turn.acquire().await else {
                return false;
            };
            match table.quarantine(&damaged).await {
                Ok(()) => any = true,
                Err(error) => note(table, &error),
            }
        }
        any
    }

    /// Makes a session over the tables as they are now.
    fn session(&self, touched: &Touched) -> Result<SessionContext, DataFusionError> {
        let schema = MemorySchemaProvider::new();
        for table in &self.tables {
            let moment = Moment::of(table, self.url.clone(), Arc::clone(touched));
            schema.register_table(table.def.name.to_owned(), Arc::new(moment))?;
        }
        for aside in &self.aside {
            schema.register_table(aside.def.name.to_owned(), Arc::new(aside.clone()))?;
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(schema))?;
        let state = SessionStateBuilder::new()
            .with_config(self.config.clone())
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        context.register_catalog(CATALOG, Arc::new(catalog));
        Ok(context)
    }

    fn count(&self, result: Result<Answer, SqlError>, took: Duration) -> Result<Answer, SqlError> {
        let counters = &self.counters;
        counters
            .micros
            .add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        match result {
            Ok(mut answer) => {
                counters.answered.add(1);
                counters.cut.add(u64::from(answer.cut.is_some()));
                answer.took = took;
                Ok(answer)
            }
            Err(error) => {
                let end = match error {
                    SqlError::Mistake { .. } | SqlError::ReadOnly { .. } => &counters.refused,
                    SqlError::TimedOut { .. } | SqlError::Busy { .. } => &counters.timed_out,
                    SqlError::TooLarge { .. } | SqlError::Unreadable { .. } | SqlError::Closed => {
                        &counters.failed
                    }
                };
                end.add(1);
                Err(error)
            }
        }
    }
}

fn note(table: &Table, error: &LakeError) {
    let error = model::with_causes(error);
    tracing::error!(
        table = table.def.name,
        error,
        "a damaged file could not be taken out of its table"
    );
}

/// Runs a query until its answer is complete or as large as it may be.
async fn collect(frame: DataFrame, bounds: &QueryBounds) -> Result<Answer, DataFusionError> {
    let explains = matches!(
        frame.logical_plan(),
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)
    );
    // One more than is shown tells whether there is more; the engine then looks no further. What explains a plan is
    // short, and nothing may stand above it.
    let frame = if explains {
        frame
    } else {
        frame.limit(0, Some(bounds.max_rows + 1))?
    };
    let mut stream = frame.execute_stream().await?;
    let schema = stream.schema();
    let mut batches: Vec<RecordBatch> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    let mut cut = None;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        bytes += batch.get_array_memory_size();
        if bytes > bounds.max_bytes {
            cut = Some(Cut::Bytes(bounds.max_bytes));
            break;
        }
        let left = bounds.max_rows - rows;
        if batch.num_rows() > left {
            batches.push(batch.slice(0, left));
            cut = Some(Cut::Rows(bounds.max_rows));
            break;
        }
        rows += batch.num_rows();
        batches.push(batch);
    }
    Ok(Answer {
        schema,
        batches,
        cut,
        took: Duration::ZERO,
    })
}
