//! What keeps a table in order, one step after the other: rows go to files, small files are merged, old ones go, and
//! checksums are compared.

mod compact;
mod file;
mod flush;
mod retain;
mod scrub;

pub(crate) use compact::Merge;
pub(crate) use scrub::check;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::LakeConfig;
use crate::error::LakeError;
use crate::table::Table;

/// After a failure the next round waits so many times the interval.
const PATIENCE: u32 = 4;

/// Keeps one table in order until told to stop.
pub(crate) struct Upkeep {
    pub(crate) table: Arc<Table>,
    pub(crate) config: LakeConfig,
    pub(crate) merge: Merge,
}

impl Upkeep {
    /// Works until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let interval = self.config.upkeep_interval;
        let mut failed = false;
        let mut scrubber = scrub::Scrubber::default();
        loop {
            let waited = stop.run_until_cancelled(self.wait(interval, failed)).await;
            if waited.is_none() {
                return;
            }
            // A piece of work is not cut off: what it began would have to be cleaned up.
            failed = self.round(&mut scrubber).await;
        }
    }

    /// Waits for the next round, or until there is enough to do; after a failure nothing makes the wait shorter.
    async fn wait(&self, interval: Duration, failed: bool) {
        if failed {
            return tokio::time::sleep(interval * PATIENCE).await;
        }
        let woken = self.table.wake.notified();
        // Woken or not, there is something to look at.
        _ = tokio::time::timeout(interval, woken).await;
    }

    /// Does what is due; tells whether anything failed.
    async fn round(&self, scrubber: &mut scrub::Scrubber) -> bool {
        let Ok(_turn) = self.table.turn.acquire().await else {
            return false;
        };
        let table = &self.table;
        let mut failed = self.note("read what a failed commit left", table.settle_doubt().await);
        if failed {
            return true;
        }
        if flush::is_due(table, self.config.flush_age) {
            failed |= self.note("write rows to files", flush::flush(table).await);
        }
        failed |= self.note("drop old files", retain::expire(table).await);
        failed |= self.note("merge files", compact::compact(table, &self.merge).await);
        failed |= self.note("check files", scrubber.step(table).await);
        retain::remove_garbage(table, self.config.grace).await;
        failed
    }

    fn note(&self, what: &str, result: Result<(), LakeError>) -> bool {
        let Err(error) = result else { return false };
        self.table.counters.failed_upkeep.add(1);
        let error = model::with_causes(&error);
        tracing::error!(
            table = self.table.def.name,
            error,
            "failed to {what}; it is tried again"
        );
        true
    }
}

/// Writes all rows to files now.
///
/// # Errors
/// They stay in memory and in the log.
pub(crate) async fn flush_now(table: &Arc<Table>) -> Result<(), LakeError> {
    match table.turn.acquire().await {
        Ok(_turn) => {
            table.settle_doubt().await?;
            flush::flush(table).await
        }
        Err(_closed) => Ok(()),
    }
}

/// Finds files of the folder that do not belong to the table, left by an end in between.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) async fn find_strays(table: &Arc<Table>) -> Result<(), LakeError> {
    retain::find_strays(table).await
}
