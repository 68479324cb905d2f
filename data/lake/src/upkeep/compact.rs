//! Small files are merged, sorted into one.
//!
//! Files are merged within a day, and within a class of size: a file is rewritten only when there are as many others
//! like it, so every row is rewritten a few times however often rows go to files. When a day has been quiet for a
//! while, what is left of its small files becomes as few as possible.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures_util::StreamExt as _;
use model::Millis;

use super::file::{FileWriter, day_of, path};
use super::scrub;
use crate::delta::{Change, DataFile};
use crate::error::LakeError;
use crate::table::Table;

/// As many files of a class are merged.
const CLASS_FILES: usize = 8;
/// At most so many files are read at once.
const MAX_FILES: usize = 32;
/// The lowest class ends here; each further one holds files four times as large.
const CLASS_BYTES: u64 = 64 << 10;
/// A day is quiet when no file of it was written for so long.
const QUIET_MS: Millis = 3_600_000;

/// What merging needs of the query engine.
#[derive(Clone)]
pub(crate) struct Merge {
    pub(crate) context: Arc<TaskContext>,
    pub(crate) url: ObjectStoreUrl,
    pub(crate) file_bytes: u64,
}

/// Merges the files that are worth it most, if any are. The caller has the turn.
///
/// # Errors
/// The table is as it was.
pub(super) async fn compact(table: &Arc<Table>, merge: &Merge) -> Result<(), LakeError> {
    let snapshot = table.snapshot();
    let files: Vec<&Arc<DataFile>> = snapshot.files.values().collect();
    let chosen = choose(&files, table.clock.now(), merge.file_bytes);
    if chosen.is_empty() {
        return Ok(());
    }
    let damaged = scrub::check(table, &chosen).await;
    if !damaged.is_empty() {
        // The others are merged in a later round.
        return table.quarantine(&damaged).await;
    }
    let name = table.def.name;
    let merged = merge_files(table, merge, &chosen).await;
    let (mut file, content) = merged.map_err(|source| LakeError::Parquet { table: name, source })?;
    file.path = path(day_of(file.min_time), table);
    let written = table
        .objects
        .create(&table.path_of(&file.path), content.into())
        .await;
    written.map_err(|source| LakeError::File { table: name, source })?;
    let bytes: u64 = chosen.iter().map(|file| file.bytes).sum();
    let change = Change {
        add: vec![file],
        remove: chosen.iter().map(|file| file.path.clone()).collect(),
        operation: "OPTIMIZE",
        ..Change::default()
    };
    table.commit(change, |_| {}).await?;
    table.counters.compactions.add(1);
    table.counters.compacted_bytes.add(bytes);
    Ok(())
}

/// Chooses files to merge; none if nothing is worth it.
fn choose(files: &[&Arc<DataFile>], now: Millis, file_bytes: u64) -> Vec<Arc<DataFile>> {
    let mut days: BTreeMap<i64, Vec<&Arc<DataFile>>> = BTreeMap::new();
    for &file in files {
        // What another program wrote may be in another order.
        let ours = file.checksum.is_some() && day_of(file.min_time) == day_of(file.max_time);
        if ours && file.bytes < file_bytes / 2 {
            days.entry(day_of(file.min_time)).or_default().push(file);
        }
    }
    let today = day_of(now.saturating_mul(1000));
    for (day, mut small) in days {
        small.sort_by_key(|file| file.bytes);
        let quiet = small
            .iter()
            .all(|file| now.saturating_sub(file.written) > QUIET_MS);
        if day < today && quiet && small.len() > 1 {
            return within(&small, file_bytes);
        }
        let mut classes: BTreeMap<u32, Vec<&Arc<DataFile>>> = BTreeMap::new();
        for file in small {
            classes.entry(class(file.bytes)).or_default().push(file);
        }
        if let Some(class) = classes.into_values().find(|files| files.len() >= CLASS_FILES) {
            return within(&class, file_bytes);
        }
    }
    Vec::new()
}

fn class(bytes: u64) -> u32 {
    (bytes / CLASS_BYTES).max(1).ilog(4)
}

/// Takes files, the smallest first, as long as they make one file.
fn within(files: &[&Arc<DataFile>], file_bytes: u64) -> Vec<Arc<DataFile>> {
    let mut bytes = 0;
    let taken = files.iter().take(MAX_FILES).take_while(|file| {
        bytes += file.bytes;
        bytes <= file_bytes
    });
    taken.map(|file| Arc::clone(file)).collect()
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn merge_files(
    table: &Table,
    merge: &Merge,
    files: &[Arc<DataFile>],
) -> Result<(DataFile, Vec<u8>), Failure> {
    let mut rows = merged_rows(table, merge, files)?;
    let mut writer = FileWriter::begin(table)?;
    while let Some(batch) = rows.next().await {
        writer.write(&batch?)?;
    }
    let (file, content) = writer.finish(&table.def)?;
    let before: u64 = files.iter().map(|file| file.rows).sum();
    if file.rows != before {
        return Err(format!("merging {before} rows gave {}; nothing was changed", file.rows).into());
    }
    Ok((file, content))
}

/// Reads sorted files as one sorted stream.
fn merged_rows(
    table: &Table,
    merge: &Merge,
    files: &[Arc<DataFile>],
) -> Result<SendableRecordBatchStream, DataFusionError> {
    let groups = files.iter().map(|file| {
        let path = table.path_of(&file.path).to_string();
        FileGroup::new(vec![datafusion::datasource::listing::PartitionedFile::new(
            path, file.bytes,
        )])
    });
    let source = Arc::new(ParquetSource::new(Arc::clone(&table.schema)));
    let mut config = FileScanConfigBuilder::new(merge.url.clone(), source).with_file_groups(groups.collect());
    let order = order(&table.schema, table.def.sort)?;
    if let Some(order) = &order {
        config = config.with_output_ordering(vec![order.clone()]);
    }
    let scan: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(config.build());
    let plan: Arc<dyn ExecutionPlan> = match order {
        Some(order) => Arc::new(SortPreservingMergeExec::new(order, scan)),
        None => Arc::new(datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec::new(scan)),
    };
    plan.execute(0, Arc::clone(&merge.context))
}

fn order(schema: &SchemaRef, columns: &[&str]) -> Result<Option<LexOrdering>, DataFusionError> {
    let columns = columns.iter().map(|name| {
        Ok(PhysicalSortExpr {
            expr: col(name, schema)?,
            options: arrow::compute::SortOptions::default(),
        })
    });
    Ok(LexOrdering::new(
        columns.collect::<Result<Vec<_>, DataFusionError>>()?,
    ))
}

#[cfg(test)]
mod tests;
