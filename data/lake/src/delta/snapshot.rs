//! A version of a table: what the actions up to it add up to.

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::ObjectMeta;
use object_store::path::Path;

use super::action::{self, Action, DataFile, MetaData, Protocol};
use super::{APP_ID, DeltaError, checkpoint};
use crate::objects::Objects;

/// A version of a table. Cheap to clone: files are shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// `None` before the first commit.
    pub(crate) version: Option<u64>,
    /// Version of the newest checkpoint; 0 if there is none.
    pub(crate) checkpoint: u64,
    /// Files by path.
    pub(crate) files: BTreeMap<String, Arc<DataFile>>,
    /// Place in our log up to which the files hold everything.
    pub(crate) applied: u64,
    /// What the table is.
    pub(super) metadata: Option<Arc<MetaData>>,
}

impl Snapshot {
    pub(super) fn before_the_first() -> Self {
        Self::default()
    }

    pub(super) fn next_version(&self) -> u64 {
        self.version.map_or(0, |version| version + 1)
    }

    pub(super) fn schema(&self) -> Option<&str> {
        self.metadata
            .as_ref()
            .map(|metadata| metadata.schema_string.as_str())
    }

    /// Returns the bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }

    /// Returns the rows of all files.
    pub(crate) fn rows(&self) -> u64 {
        self.files.values().map(|file| file.rows).sum()
    }

    /// Adds an action up.
    pub(super) fn apply(&mut self, action: Action) -> Result<(), DeltaError> {
        match action {
            Action::Add(add) => {
                let file = DataFile::from_add(add);
                self.files.insert(file.path.clone(), Arc::new(file));
            }
            Action::Remove(remove) => {
                self.files.remove(&remove.path);
            }
            Action::MetaData(metadata) => self.metadata = Some(Arc::new(metadata)),
            Action::Protocol(protocol) => {
                let ours = Protocol::OURS;
                if protocol.min_reader_version > ours.min_reader_version
                    || protocol.min_writer_version > ours.min_writer_version
                {
                    return Err(DeltaError::Version {
                        reader: protocol.min_reader_version,
                        writer: protocol.min_writer_version,
                    });
                }
            }
            Action::Txn(txn) if txn.app_id == APP_ID => {
                self.applied = u64::try_from(txn.version).unwrap_or(0);
            }
            Action::Txn(_) | Action::CommitInfo(_) => {}
        }
        Ok(())
    }

    /// Returns the actions that make this version out of nothing.
    pub(super) fn actions(&self) -> Vec<Action> {
        let mut actions = vec![Action::Protocol(Protocol::OURS)];
        actions.extend(self.metadata.as_deref().cloned().map(Action::MetaData));
        actions.push(Action::Txn(super::Transaction {
            app_id: APP_ID.to_owned(),
            version: i64::try_from(self.applied).unwrap_or(i64::MAX),
            last_updated: None,
        }));
        let files = self.files.values();
        actions.extend(files.map(|file| Action::Add(DataFile::clone(file).into_add(false))));
        actions
    }
}

/// Returns where a commit lies.
pub(super) fn commit_path(folder: &Path, version: u64) -> Path {
    folder.clone().join(format!("{version:020}.json"))
}

/// A file of the log, by its name.
#[derive(Clone, Copy, PartialEq)]
enum Piece {
    Commit(u64),
    Checkpoint(u64),
}

fn piece(object: &ObjectMeta) -> Option<Piece> {
    let name = object.location.filename()?;
    if let Some(version) = name.strip_suffix(checkpoint::SUFFIX) {
        return Some(Piece::Checkpoint(version.parse().ok()?));
    }
    Some(Piece::Commit(name.strip_suffix(".json")?.parse().ok()?))
}

/// Reads the newest version; `None` if there is no table.
pub(super) async fn load(objects: &Objects, folder: &Path) -> Result<Option<Snapshot>, DeltaError> {
    let listed = objects.list(folder).await?;
    let mut commits: Vec<u64> = Vec::new();
    let mut checkpoints: Vec<u64> = Vec::new();
    for object in &listed {
        match piece(object) {
            Some(Piece::Commit(version)) => commits.push(version),
            Some(Piece::Checkpoint(version)) => checkpoints.push(version),
            None => {}
        }
    }
    commits.sort_unstable();
    checkpoints.sort_unstable();
    if commits.is_empty() && checkpoints.is_empty() {
        return Ok(None);
    }
    let mut snapshot = newest_checkpoint(objects, folder, &checkpoints).await?;
    for version in commits {
        if version < snapshot.next_version() {
            continue;
        }
        if version > snapshot.next_version() {
            return Err(DeltaError::Missing {
                path: commit_path(folder, snapshot.next_version()).to_string(),
            });
        }
        read_commit(objects, folder, version, &mut snapshot).await?;
        snapshot.version = Some(version);
    }
    Ok(Some(snapshot))
}

/// Reads the newest checkpoint that can be read. One that cannot is named and passed over: the commits since the one
/// before it are still there.
async fn newest_checkpoint(
    objects: &Objects,
    folder: &Path,
    checkpoints: &[u64],
) -> Result<Snapshot, DeltaError> {
    for &version in checkpoints.iter().rev() {
        match checkpoint::read(objects, folder, version).await {
            Ok(actions) => {
                let mut snapshot = Snapshot {
                    version: Some(version),
                    checkpoint: version,
                    ..Snapshot::default()
                };
                for action in actions {
                    snapshot.apply(action)?;
                }
                return Ok(snapshot);
            }
            Err(error) => {
                let error = model::with_causes(&error);
                tracing::error!(%folder, version, error, "a checkpoint of the transaction log cannot be read");
            }
        }
    }
    Ok(Snapshot::default())
}

async fn read_commit(
    objects: &Objects,
    folder: &Path,
    version: u64,
    snapshot: &mut Snapshot,
) -> Result<(), DeltaError> {
    let path = commit_path(folder, version);
    let content = objects.read(&path).await?;
    for line in content
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let action = action::parse(line).map_err(|error| DeltaError::Damaged {
            path: path.to_string(),
            reason: error.to_string(),
        })?;
        if let Some(action) = action {
            snapshot.apply(action)?;
        }
    }
    Ok(())
}

/// Removes commits and checkpoints before a checkpoint.
pub(super) async fn remove_before(
    objects: &Objects,
    folder: &Path,
    checkpoint: u64,
) -> Result<(), DeltaError> {
    if checkpoint == 0 {
        return Ok(());
    }
    for object in objects.list(folder).await? {
        if let Some(Piece::Commit(version) | Piece::Checkpoint(version)) = piece(&object)
            && version < checkpoint
        {
            objects.delete(&object.location).await?;
        }
    }
    Ok(())
}
