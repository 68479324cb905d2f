//! Events to rows and back.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray as _, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use model::{Event, Millis};

use super::columns::{COUNTS, TEXTS, TIMES};
use super::definition;

const MICROS_OF_MILLI: i64 = 1000;

/// Packs events into rows of the table.
///
/// # Errors
/// There is more text than a batch holds: 2 GiB a column.
pub fn to_batch(events: &[Event]) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(TIMES.len() + COUNTS.len() + TEXTS.len());
    for column in TIMES {
        let mut values = TimestampMicrosecondBuilder::with_capacity(events.len()).with_timezone("UTC");
        for event in events {
            values.append_value((column.get)(event).saturating_mul(MICROS_OF_MILLI));
        }
        columns.push(Arc::new(values.finish()));
    }
    for column in COUNTS {
        let mut values = Int64Builder::with_capacity(events.len());
        for event in events {
            values.append_value(i64::try_from((column.get)(event)).unwrap_or(i64::MAX));
        }
        columns.push(Arc::new(values.finish()));
    }
    for column in TEXTS {
        let bytes: usize = events.iter().map(|event| (column.get)(event).len()).sum();
        if i32::try_from(bytes).is_err() {
            return Err(ArrowError::OffsetOverflowError(bytes));
        }
        let mut values = StringBuilder::with_capacity(events.len(), bytes);
        for event in events {
            values.append_value((column.get)(event));
        }
        columns.push(Arc::new(values.finish()));
    }
    RecordBatch::try_new(definition().schema(), columns)
}

/// Unpacks rows of the table. Columns are found by name; what is missing or of another kind stays as in an empty
/// event, so rows of an older and of a newer version can be read.
pub fn from_batch(batch: &RecordBatch) -> Vec<Event> {
    let mut events = vec![Event::default(); batch.num_rows()];
    for column in TIMES {
        let Some(values) = batch.column_by_name(column.name) else {
            continue;
        };
        let Some(values) = values.as_primitive_opt::<TimestampMicrosecondType>() else {
            continue;
        };
        for (event, micros) in events.iter_mut().zip(values) {
            let millis: Millis = micros.unwrap_or(0).div_euclid(MICROS_OF_MILLI);
            (column.set)(event, millis);
        }
    }
    for column in COUNTS {
        let Some(values) = batch.column_by_name(column.name) else {
            continue;
        };
        let Some(values) = values.as_primitive_opt::<Int64Type>() else {
            continue;
        };
        for (event, count) in events.iter_mut().zip(values) {
            (column.set)(
                event,
                count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            );
        }
    }
    for column in TEXTS {
        let Some(values) = batch.column_by_name(column.name) else {
            continue;
        };
        if let Some(values) = values.as_string_opt::<i32>() {
            set_texts(&mut events, values.iter(), column.set);
        } else if let Some(values) = values.as_string_view_opt() {
            set_texts(&mut events, values.iter(), column.set);
        }
    }
    events
}

fn set_texts<'a>(
    events: &mut [Event],
    values: impl Iterator<Item = Option<&'a str>>,
    set: fn(&mut Event, String),
) {
    for (event, text) in events.iter_mut().zip(values) {
        set(event, text.unwrap_or("").to_owned());
    }
}
