//! Rows go from memory to files.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray as _, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{
    SortColumn, concat_batches, filter_record_batch, lexsort_to_indices, take_record_batch,
};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;

use super::file::{FileWriter, day_of, path};
use crate::definition::TableDef;
use crate::delta::{Change, DataFile};
use crate::error::LakeError;
use crate::table::{Held, Table};

/// Tells whether there are enough rows in memory, or old enough ones.
pub(super) fn is_due(table: &Table, age: Duration) -> bool {
    let Some(since) = table.view(|view| view.memory.since()) else {
        return false;
    };
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    table.is_full() || table.clock.now().saturating_sub(since) >= age
}

/// Writes all rows in memory to files, one or more a day. The caller has the turn.
///
/// # Errors
/// The rows stay in memory and in the log.
pub(super) async fn flush(table: &Arc<Table>) -> Result<(), LakeError> {
    let sealed = table.change_view(|view| view.memory.seal());
    let Some(last) = sealed.last().map(|held| held.sequence) else {
        return Ok(());
    };
    table.roll_log();
    let bytes: usize = sealed.iter().map(|held| held.bytes).sum();
    let encoded = {
        let table = Arc::clone(table);
        tokio::task::spawn_blocking(move || encode(&table, &sealed)).await
    };
    let name = table.def.name;
    let failed =
        |source: Box<dyn std::error::Error + Send + Sync>| LakeError::Parquet { table: name, source };
    let encoded = encoded.map_err(|error| failed(error.into()))?.map_err(failed)?;
    let mut add: Vec<DataFile> = Vec::with_capacity(encoded.len());
    for (mut file, content) in encoded {
        file.path = path(day_of(file.min_time), table);
        let written = table
            .objects
            .create(&table.path_of(&file.path), content.into())
            .await;
        written.map_err(|source| LakeError::File { table: name, source })?;
        add.push(file);
    }
    let change = Change {
        add,
        applied: Some(last),
        operation: "WRITE",
        ..Change::default()
    };
    table.commit(change, |memory| memory.drop_sealed()).await?;
    table.settle(bytes);
    table.forget_log(last);
    table.counters.flushes.add(1);
    Ok(())
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn encode(table: &Table, sealed: &[Held]) -> Result<Vec<(DataFile, Vec<u8>)>, Failure> {
    let rows = concat_batches(&table.schema, sealed.iter().map(|held| &held.batch))?;
    let mut files = Vec::new();
    for day in by_day(&table.def, rows)? {
        let mut writer = FileWriter::begin(table)?;
        writer.write(&sorted(&table.def, &day)?)?;
        files.push(writer.finish(&table.def)?);
    }
    Ok(files)
}

/// Parts rows by the day of their time.
fn by_day(def: &TableDef, rows: RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
    let times = rows
        .column_by_name(def.time)
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>().cloned());
    let Some(times) = times else {
        return Err(ArrowError::SchemaError(format!("{} is no time", def.time)));
    };
    let days: Vec<i64> = times.values().iter().map(|micros| day_of(*micros)).collect();
    let mut distinct = days.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() <= 1 {
        return Ok(vec![rows]);
    }
    let of_day = |day: &i64| {
        let mask: BooleanArray = days.iter().map(|other| Some(other == day)).collect();
        filter_record_batch(&rows, &mask)
    };
    distinct.iter().map(of_day).collect()
}

/// Sorts rows as the table has them.
fn sorted(def: &TableDef, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = def.sort.iter().filter_map(|name| rows.column_by_name(name));
    let columns: Vec<SortColumn> = columns
        .map(|values| SortColumn {
            values: Arc::clone(values),
            options: None,
        })
        .collect();
    if columns.is_empty() {
        return Ok(rows.clone());
    }
    let order: UInt32Array = lexsort_to_indices(&columns, None)?;
    take_record_batch(rows, &order)
}
