//! A table as the query engine sees it: files and rows in memory, taken in one look.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use parking_lot::Mutex;

use crate::delta::DataFile;
use crate::table::{Held, Table};

/// Files that a query read, so that a failed one knows where to look.
pub(super) type Touched = Arc<Mutex<Vec<(Arc<Table>, Arc<DataFile>)>>>;

/// A table at one moment.
pub(super) struct Moment {
    table: Arc<Table>,
    files: Vec<Arc<DataFile>>,
    memory: Vec<Held>,
    url: ObjectStoreUrl,
    touched: Touched,
}

impl Moment {
    /// Looks at a table.
    pub(super) fn of(table: &Arc<Table>, url: ObjectStoreUrl, touched: Touched) -> Self {
        let (files, memory) = table.view(|view| {
            let files: Vec<_> = view.snapshot.files.values().cloned().collect();
            let memory: Vec<_> = view.memory.batches().cloned().collect();
            (files, memory)
        });
        Self {
            table: Arc::clone(table),
            files,
            memory,
            url,
            touched,
        }
    }

    /// Tells of each of these spans of time whether rows in it can pass the filters.
    fn prune(&self, state: &dyn Session, filters: &[Expr], spans: Spans) -> Result<Vec<bool>> {
        let all = vec![true; spans.min.len()];
        let Some(filter) = conjunction(filters.to_vec()) else {
            return Ok(all);
        };
        let schema = DFSchema::try_from(Arc::clone(&self.table.schema))?;
        let Ok(filter) = state.create_physical_expr(filter, &schema) else {
            return Ok(all);
        };
        // What cannot be decided by statistics is decided row by row.
        let Ok(predicate) = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(&self.table.schema))
            .try_build(filter)
        else {
            return Ok(all);
        };
        predicate.prune(&spans)
    }

    fn spans<'a>(&self, spans: impl Iterator<Item = (i64, i64, u64)> + 'a) -> Spans {
        let (mut min, mut max, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (least, greatest, n_rows) in spans {
            min.push(least);
            max.push(greatest);
            rows.push(n_rows);
        }
        Spans {
            time: self.table.def.time,
            min,
            max,
            rows,
        }
    }

    fn scan_files(
        &self,
        (state, projection): (&dyn Session, Option<&Vec<usize>>),
        mut files: Vec<Arc<DataFile>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The newest first: who asks for the newest rows then has them before the older files are looked at.
        files.sort_by_key(|file| std::cmp::Reverse(file.max_time));
        let n_groups = state.config().target_partitions().clamp(1, files.len().max(1));
        let mut groups = vec![Vec::new(); n_groups];
        for (idx, file) in files.iter().enumerate() {
            let path = self.table.path_of(&file.path).to_string();
            let object = PartitionedFile::new(path, file.bytes);
            if let Some(group) = groups.get_mut(idx % n_groups) {
                group.push(object);
            }
        }
        let touched = files.into_iter().map(|file| (Arc::clone(&self.table), file));
        self.touched.lock().extend(touched);
        let options = state.config().options().execution.parquet.clone();
        let source = ParquetSource::new(Arc::clone(&self.table.schema)).with_table_parquet_options(
            datafusion::common::config::TableParquetOptions {
                global: options,
                ..Default::default()
            },
        );
        let config = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for Moment {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let of_files = self
            .files
            .iter()
            .map(|file| (file.min_time, file.max_time, file.rows));
        let keep = self.prune(state, filters, self.spans(of_files))?;
        let files = self.files.iter().zip(keep).filter(|(_, keep)| *keep);
        let files: Vec<_> = files.map(|(file, _)| Arc::clone(file)).collect();
        let of_memory = self.memory.iter();
        let of_memory = of_memory.map(|held| (held.min_time, held.max_time, held.batch.num_rows() as u64));
        let keep = self.prune(state, filters, self.spans(of_memory))?;
        let batches = self.memory.iter().zip(keep).filter(|(_, keep)| *keep);
        let batches: Vec<RecordBatch> = batches.map(|(held, _)| held.batch.clone()).collect();

        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !batches.is_empty() {
            let schema = Arc::clone(&self.table.schema);
            let source = MemorySourceConfig::try_new(&[batches], schema, projection.cloned())?;
            plans.push(DataSourceExec::from_data_source(source));
        }
        if !files.is_empty() {
            // A filter is applied after the scan unless it was pushed down; a limit may then not cut before it.
            let limit = limit.filter(|_| filters.is_empty());
            plans.push(self.scan_files((state, projection), files, limit)?);
        }
        match plans.len() {
            0 => {
                let schema = match projection {
                    Some(columns) => Arc::new(self.table.schema.project(columns)?),
                    None => Arc::clone(&self.table.schema),
                };
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(plans.remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment")
            .field("table", &self.table.def.name)
            .finish_non_exhaustive()
    }
}

/// Spans of time, as statistics of the time column.
struct Spans {
    time: &'static str,
    min: Vec<i64>,
    max: Vec<i64>,
    rows: Vec<u64>,
}

impl Spans {
    fn times(&self, column: &Column, values: &[i64]) -> Option<ArrayRef> {
        let times = TimestampMicrosecondArray::from(values.to_vec()).with_timezone("UTC");
        (column.name == self.time).then(|| Arc::new(times) as ArrayRef)
    }
}

impl PruningStatistics for Spans {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.times(column, &self.min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.times(column, &self.max)
    }

    fn num_containers(&self) -> usize {
        self.min.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let none: UInt64Array = self.min.iter().map(|_| Some(0)).collect();
        (column.name == self.time).then(|| Arc::new(none) as ArrayRef)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        // A file of another program says nothing of its rows.
        let rows: UInt64Array = self
            .rows
            .iter()
            .map(|rows| Some(*rows).filter(|rows| *rows > 0))
            .collect();
        Some(Arc::new(rows))
    }

    fn contained(
        &self,
        _column: &Column,
        _values: &std::collections::HashSet<ScalarValue>,
    ) -> Option<BooleanArray> {
        None
    }
}
