//! Old files go.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use object_store::path::Path;
use tokio::time::Instant;

use crate::delta::{Change, DataFile};
use crate::error::LakeError;
use crate::table::Table;

/// Drops files whose newest row is too old, then the oldest ones until the others are small enough. The caller has
/// the turn.
///
/// # Errors
/// The table is as it was.
pub(super) async fn expire(table: &Arc<Table>) -> Result<(), LakeError> {
    let snapshot = table.snapshot();
    let age = i64::try_from(table.retention.age.as_millis()).unwrap_or(i64::MAX);
    let oldest = table.clock.now().saturating_sub(age);
    let mut files: Vec<&Arc<DataFile>> = snapshot.files.values().collect();
    files.sort_by_key(|file| file.max_time);
    let mut left: u64 = snapshot.bytes();
    let most = table.retention.bytes.unwrap_or(u64::MAX);
    let mut expired = Vec::new();
    for file in files {
        if file.span().end >= oldest && left <= most {
            break;
        }
        left -= file.bytes;
        expired.push(file);
    }
    if expired.is_empty() {
        return Ok(());
    }
    let rows: u64 = expired.iter().map(|file| file.rows).sum();
    let change = Change {
        remove: expired.iter().map(|file| file.path.clone()).collect(),
        operation: "DELETE",
        ..Change::default()
    };
    let n_files = expired.len();
    table.commit(change, |_| {}).await?;
    table.counters.expired_files.add(n_files as u64);
    table.counters.expired_rows.add(rows);
    tracing::info!(table = table.def.name, files = n_files, rows, "old files dropped");
    Ok(())
}

/// Removes files that left the table long enough ago.
pub(super) async fn remove_garbage(table: &Arc<Table>, grace: Duration) {
    let Some(before) = Instant::now().checked_sub(grace) else {
        return;
    };
    for path in table.take_garbage(before) {
        if let Err(error) = table.objects.delete(&path).await {
            let error = model::with_causes(&error);
            tracing::warn!(%path, error, "failed to remove a file that left its table; it is tried again");
            table.discard([path]);
        }
    }
}

/// Finds files that no version names: written by a process that ended before it committed them, or removed from the
/// table by one that ended before it removed them from the disk.
///
/// # Errors
/// The folder cannot be listed.
pub(super) async fn find_strays(table: &Arc<Table>) -> Result<(), LakeError> {
    let failed = |source| LakeError::File {
        table: table.def.name,
        source,
    };
    let listed = table.objects.list(&table.folder()).await.map_err(failed)?;
    for object in &listed {
        table.note_name(object.location.filename().unwrap_or(""));
    }
    let snapshot = table.snapshot();
    let known: HashSet<Path> = snapshot.files.keys().map(|path| table.path_of(path)).collect();
    let strays = listed.into_iter().map(|object| object.location);
    let strays = strays.filter(|path| is_data(table, path) && !known.contains(path));
    table.discard(strays);
    Ok(())
}

/// Tells whether a path is one that files of rows have: `table/day=…/….parquet`.
fn is_data(table: &Table, path: &Path) -> bool {
    let parts: Vec<_> = path.parts().collect();
    match parts.as_slice() {
        [folder, day, file] => {
            folder.as_ref() == table.def.name
                && day.as_ref().starts_with("day=")
                && file.as_ref().ends_with(".parquet")
        }
        _ => false,
    }
}
