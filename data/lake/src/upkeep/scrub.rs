//! Checksums are compared, a little at a time, so that damage is known before the file is asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::delta::DataFile;
use crate::error::LakeError;
use crate::objects::ObjectsError;
use crate::table::Table;

/// Time between two steps.
const EVERY: Duration = Duration::from_secs(60);
/// Bytes that a step reads at least, if there are as many.
const STEP_BYTES: u64 = 16 << 20;

/// Goes round and round.
#[derive(Default)]
pub(super) struct Scrubber {
    /// The file looked at last.
    at: String,
    last: Option<Instant>,
}

impl Scrubber {
    /// Looks at the next files, if it is time.
    ///
    /// # Errors
    /// A damaged file cannot be taken out of the table.
    pub(super) async fn step(&mut self, table: &Arc<Table>) -> Result<(), LakeError> {
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        let snapshot = table.snapshot();
        let after = (
            std::ops::Bound::Excluded(self.at.clone()),
            std::ops::Bound::Unbounded,
        );
        let mut next = Vec::new();
        let mut bytes = 0;
        for (_, file) in snapshot.files.range(after) {
            bytes += file.bytes;
            next.push(Arc::clone(file));
            if bytes >= STEP_BYTES {
                break;
            }
        }
        self.at = next.last().map(|file| file.path.clone()).unwrap_or_default();
        let damaged = check(table, &next).await;
        table.quarantine(&damaged).await
    }
}

/// Reads files and compares their checksums; returns those that are damaged, and what is wrong with each. A file that
/// cannot be read now for another reason than that it is missing is not damaged.
pub(crate) async fn check(table: &Table, files: &[Arc<DataFile>]) -> Vec<(Arc<DataFile>, String)> {
    let mut damaged = Vec::new();
    for file in files {
        let path = table.path_of(&file.path);
        let wrong = match table.objects.read(&path).await {
            Ok(content) if content.len() as u64 != file.bytes => Some(format!(
                "it has {} bytes and should have {}",
                content.len(),
                file.bytes
            )),
            Ok(content) => match file.checksum {
                Some(checksum) if checksum != crc32c::crc32c(&content) => {
                    Some("its checksum is wrong".to_owned())
                }
                _ => None,
            },
            Err(ObjectsError::Missing { .. }) => Some("it is missing".to_owned()),
            Err(error) => {
                let error = model::with_causes(&error);
                tracing::warn!(%path, error, "a file could not be checked");
                None
            }
        };
        table.counters.checked_files.add(1);
        damaged.extend(wrong.map(|wrong| (Arc::clone(file), wrong)));
    }
    damaged
}
