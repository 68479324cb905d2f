//! The transaction log of a table: which files it consists of, in the public format of Delta Lake.
//!
//! A table's version N is what the actions of `_delta_log/00…0.json` to `00…N.json` add up to. A commit creates the
//! next file, which fails if it is there, so a commit happened entirely or not at all. A commit that adds files also
//! says up to which place in our own log they hold everything (a `txn` action): that is what makes a crash between
//! the two harmless. Checkpoints sum the actions up, so that the log does not grow without end.
//!
//! Format: <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>, reader version 1, writer version 2.

mod action;
mod checkpoint;
mod schema;
mod snapshot;

pub(crate) use action::DataFile;
pub(crate) use snapshot::Snapshot;

use std::sync::Arc;

use model::Millis;
use object_store::path::Path;

use self::action::{Action, CommitInfo, MetaData, Protocol, Remove, Transaction};
use crate::definition::TableDef;
use crate::objects::{Objects, ObjectsError};

const LOG_FOLDER: &str = "_delta_log";
/// Commits between two checkpoints.
const CHECKPOINT_EVERY: u64 = 50;
/// Who writes the `txn` actions that count places in our log.
const APP_ID: &str = "periplus";
const ENGINE: &str = concat!("periplus/", env!("CARGO_PKG_VERSION"));

/// Why a transaction log cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// A file of it.
    #[error("failed at a file of the transaction log")]
    Objects(#[from] ObjectsError),
    /// A file does not hold what the format says.
    #[error(
        "{path} is damaged: {reason}; restore it from a copy, or move the table's folder away to begin anew"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A file is not there.
    #[error("{path} is missing; restore it from a copy, or move the table's folder away to begin anew")]
    Missing {
        /// The file.
        path: String,
    },
    /// The table needs a reader that knows more.
    #[error(
        "the table asks for reader version {reader} and writer version {writer}; this program knows 1 and 2"
    )]
    Version {
        /// Least version of a reader.
        reader: i32,
        /// Least version of a writer.
        writer: i32,
    },
    /// Somebody else committed.
    #[error("another program committed version {version}; only one may write a table")]
    Conflict {
        /// The version that was taken.
        version: u64,
    },
}

/// What a commit changes.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Files that join.
    pub(crate) add: Vec<DataFile>,
    /// Paths of files that leave.
    pub(crate) remove: Vec<String>,
    /// Place in our log up to which the files hold everything, if it moves.
    pub(crate) applied: Option<u64>,
    /// The operation, for people: `WRITE`, `OPTIMIZE`, `DELETE`.
    pub(crate) operation: &'static str,
}

/// The transaction log of one table.
#[derive(Debug)]
pub(crate) struct DeltaLog {
    objects: Objects,
    folder: Path,
}

impl DeltaLog {
    /// Names the log of a table.
    pub(crate) fn new(objects: Objects, table: &str) -> Self {
        Self {
            objects,
            folder: Path::from(table).join(LOG_FOLDER),
        }
    }

    /// Reads the newest version; creates the table where there is none, and adds the columns that are new.
    ///
    /// # Errors
    /// The log cannot be read or written, or is not one that this program may write.
    pub(crate) async fn open(&self, def: &TableDef, now: Millis) -> Result<Snapshot, DeltaError> {
        let schema = schema::schema_string(def);
        let Some(mut snapshot) = snapshot::load(&self.objects, &self.folder).await? else {
            return self.begin(def, schema, now).await;
        };
        if snapshot.schema() != Some(schema.as_str()) {
            let mut metadata = snapshot.metadata.as_deref().cloned().unwrap_or_default();
            metadata.schema_string = schema;
            let actions = vec![Action::MetaData(metadata), info("ALTER TABLE", now)];
            snapshot = self.write(&snapshot, actions).await?;
        }
        Ok(snapshot)
    }

    async fn begin(&self, def: &TableDef, schema: String, now: Millis) -> Result<Snapshot, DeltaError> {
        let actions = vec![
            Action::Protocol(Protocol::OURS),
            Action::MetaData(MetaData::new(def, schema, now)),
            info("CREATE TABLE", now),
        ];
        self.write(&Snapshot::before_the_first(), actions).await
    }

    /// Commits a change on top of a version and returns the next one.
    ///
    /// # Errors
    /// The commit cannot be written; the table is as it was.
    pub(crate) async fn commit(
        &self,
        snapshot: &Snapshot,
        change: Change,
        now: Millis,
    ) -> Result<Snapshot, DeltaError> {
        let rearranged = change.operation == action::OPTIMIZE;
        let mut actions = Vec::new();
        actions.extend(change.applied.map(|version| {
            Action::Txn(Transaction {
                app_id: APP_ID.to_owned(),
                version: i64::try_from(version).unwrap_or(i64::MAX),
                last_updated: Some(now),
            })
        }));
        let removed = change.remove.into_iter();
        actions.extend(removed.map(|path| Action::Remove(Remove::new(path, now, !rearranged))));
        let added = change.add.into_iter();
        actions.extend(added.map(|file| Action::Add(file.into_add(!rearranged))));
        actions.push(info(change.operation, now));
        self.write(snapshot, actions).await
    }

    async fn write(&self, snapshot: &Snapshot, actions: Vec<Action>) -> Result<Snapshot, DeltaError> {
        let version = snapshot.next_version();
        let path = snapshot::commit_path(&self.folder, version);
        let mut content = Vec::new();
        for action in &actions {
            serde_json::to_writer(&mut content, action).map_err(|error| DeltaError::Damaged {
                path: path.to_string(),
                reason: error.to_string(),
            })?;
            content.push(b'\n');
        }
        match self.objects.create(&path, content.into()).await {
            Ok(()) => {}
            Err(ObjectsError::Exists { .. }) => return Err(DeltaError::Conflict { version }),
            Err(error) => return Err(error.into()),
        }
        let mut next = snapshot.clone();
        next.version = Some(version);
        for action in actions {
            next.apply(action)?;
        }
        Ok(next)
    }

    /// Sums the log up, if it is time, and removes what older checkpoints made superfluous.
    ///
    /// # Errors
    /// Something cannot be written or removed; the table is fine and this may be tried again.
    pub(crate) async fn ensure_checkpoint(&self, snapshot: &Snapshot) -> Result<(), DeltaError> {
        let version = snapshot.version.unwrap_or(0);
        if version < snapshot.checkpoint + CHECKPOINT_EVERY {
            return Ok(());
        }
        checkpoint::write(&self.objects, &self.folder, snapshot).await?;
        // Readers that began before this one may still need what the checkpoint before it stands on.
        snapshot::remove_before(&self.objects, &self.folder, snapshot.checkpoint).await
    }
}

/// Says that a checkpoint of this version exists.
impl Snapshot {
    /// Returns the same version, which now has a checkpoint if [`DeltaLog::ensure_checkpoint`] wrote one.
    pub(crate) fn after_checkpoint(self: &Arc<Self>) -> Arc<Self> {
        let version = self.version.unwrap_or(0);
        if version < self.checkpoint + CHECKPOINT_EVERY {
            return Arc::clone(self);
        }
        let mut next = Self::clone(self);
        next.checkpoint = version;
        Arc::new(next)
    }
}

fn info(operation: &str, now: Millis) -> Action {
    Action::CommitInfo(CommitInfo {
        timestamp: now,
        operation: operation.to_owned(),
        engine_info: ENGINE.to_owned(),
    })
}

#[cfg(test)]
mod tests;
