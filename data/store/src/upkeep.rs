//! What is done to stored samples in the background, and in which order.
//!
//! Flush, compact, forget tombstones, drop what is too old or too much, verify checksums, save metadata, drop log
//! segments. Every step can fail and be repeated: a part counts once it is in the manifest, a log segment goes
//! only when its samples are kept elsewhere.

mod backfill;
pub(crate) mod compact;
mod flush;
mod log;
pub(crate) mod scrub;
mod snapshot;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::Millis;

use crate::StoreError;
use crate::config::millis;
use crate::error::io_error;
use crate::part::{Part, PartInfo, PartWriter};
use crate::store::Inner;
use crate::store::manifest::{self, Manifest, part_path};
use crate::tombstones;
use crate::wal::move_to;

pub(crate) use backfill::{FLUSH_AT as BACKFILL_FLUSH_AT, Seen as BackfillSeen};
pub(crate) use log::Pace;

type Task<'a> = &'a dyn Fn() -> Result<(), StoreError>;

/// Name and result of a task.
type Outcome = (&'static str, Result<(), StoreError>);

/// Runs all tasks.
pub(crate) fn run(inner: &Inner, now: Millis) -> Vec<Outcome> {
    let tasks: [(&'static str, Task<'_>); 6] = [
        ("flush", &|| flush::flush(inner)),
        ("backfill", &|| backfill::flush(inner, now)),
        ("compaction", &|| compact::compact(inner)),
        ("deletion", &|| tombstones::prune(inner)),
        ("retention", &|| drop_expired(inner, now)),
        ("scrub", &|| scrub::scrub(inner, now)),
    ];
    let mut results = Vec::new();
    for (name, task) in tasks {
        results.push((name, task()));
        if inner.is_stopping() {
            return results;
        }
    }
    results.extend(shorten_log(inner, Pace::Busy));
    results
}

/// Runs the tasks that keep the log short, and with it the next start.
pub(crate) fn shorten_log(inner: &Inner, pace: Pace) -> Vec<Outcome> {
    let saved = inner.metadata.save(&*inner.disk, &inner.config.dir);
    if saved.is_err() {
        // Log segments may hold metadata that nothing else does.
        return vec![("metadata", saved)];
    }
    vec![
        ("metadata", saved),
        ("snapshot", log::save_snapshot(inner, pace)),
        ("log", log::retire(inner)),
    ]
}

/// Makes a change of the parts count: manifest first, then what readers see, then the files that are left over.
fn commit(inner: &Inner, change: PartsChange) -> Result<(), StoreError> {
    let PartsChange {
        added,
        removed,
        floor,
        backfilled,
    } = change;
    {
        let mut manifest = inner.manifest.lock();
        let mut next = manifest.clone();
        next.parts
            .retain(|id| removed.iter().all(|part| part.info().id != *id));
        next.parts.extend(added.iter().map(|part| part.info().id));
        next.floor = floor.map_or(next.floor, |floor| next.floor.max(floor));
        next.backfilled = backfilled.map_or(next.backfilled, |epoch| next.backfilled.max(epoch));
        manifest::save(&*inner.disk, &inner.config.dir, &next)?;
        *manifest = next;
        let mut parts = inner.parts.write();
        let mut list: Vec<Arc<Part>> = parts
            .iter()
            .filter(|part| removed.iter().all(|gone| gone.info().id != part.info().id))
            .map(Arc::clone)
            .collect();
        list.extend(added);
        list.sort_by_key(|part| (part.info().min_t, part.info().id));
        *parts = Arc::new(list);
    }
    for part in removed {
        inner
            .disk
            .remove(&part.path)
            .map_err(io_error("remove", &part.path))?;
    }
    Ok(())
}

#[derive(Default)]
struct PartsChange {
    added: Vec<Arc<Part>>,
    removed: Vec<Arc<Part>>,
    /// Raises the time before which samples are in parts.
    floor: Option<Millis>,
    /// Raises the epoch of the log up to which backfill is in parts.
    backfilled: Option<u64>,
}

/// Writes a part and opens it; `None` if it has no samples. `describe` adds to what is known of it, `write` adds its
/// series. Nothing is left of one that fails, so that a full disk does not get fuller with every attempt.
fn write_part<E: From<StoreError>>(
    inner: &Inner,
    (level, describe): (u32, impl FnOnce(PartInfo) -> PartInfo),
    write: impl FnOnce(&mut PartWriter) -> Result<(), E>,
) -> Result<Option<Arc<Part>>, E> {
    // The number is taken before anything is read: a later deletion hits the new part by its number.
    let id = next_part(&mut inner.manifest.lock());
    let info = PartInfo {
        created: inner.clock.now(),
        ..PartInfo::new(id, level)
    };
    let path = part_path(&inner.config.dir, id);
    let mut writer = PartWriter::create(Arc::clone(&inner.disk), &path, describe(info))?;
    if let Err(error) = write(&mut writer) {
        writer.abandon();
        return Err(error);
    }
    let Some(path) = writer.finish()? else {
        return Ok(None);
    };
    Ok(Some(Arc::new(Part::open(&path, Arc::clone(&inner.cache))?)))
}

/// Takes the number of a part that is about to be written.
fn next_part(manifest: &mut Manifest) -> u64 {
    let id = manifest.next_part;
    manifest.next_part += 1;
    id
}

/// Puts a damaged part aside. Readers that have it open may run into it again; then there is nothing to do.
pub(crate) fn quarantine(inner: &Inner, part: &Arc<Part>) -> Result<(), StoreError> {
    let mut manifest = inner.manifest.lock();
    let id = part.info().id;
    if !manifest.parts.contains(&id) {
        return Ok(());
    }
    let folder = inner.config.dir.join("quarantine");
    let moved = move_to(&*inner.disk, &part.path, &folder)?;
    inner.quarantined.lock().push(moved);
    let mut next = manifest.clone();
    next.parts.retain(|other| *other != id);
    manifest::save(&*inner.disk, &inner.config.dir, &next)?;
    *manifest = next;
    let mut parts = inner.parts.write();
    let rest = parts
        .iter()
        .filter(|other| other.info().id != id)
        .map(Arc::clone)
        .collect();
    *parts = Arc::new(rest);
    Ok(())
}

/// Drops parts by age, then by size, oldest first.
fn drop_expired(inner: &Inner, now: Millis) -> Result<(), StoreError> {
    let oldest = now.saturating_sub(millis(inner.config.retention));
    let parts = Arc::clone(&inner.parts.read());
    let mut total = inner.wal.stats().bytes + parts.iter().map(|part| part.info().bytes).sum::<u64>();
    let mut removed = Vec::new();
    for part in parts.iter() {
        let too_old = part.info().max_t < oldest;
        let too_much = inner.config.retention_bytes.is_some_and(|limit| total > limit);
        if too_old || too_much {
            total = total.saturating_sub(part.info().bytes);
            removed.push(Arc::clone(part));
        }
    }
    if removed.is_empty() {
        return Ok(());
    }
    for part in &removed {
        tracing::info!(part = %part.path.display(), newest = part.info().max_t, "drop part past its retention");
    }
    inner
        .counters
        .dropped_parts
        .fetch_add(removed.len() as u64, Ordering::Relaxed);
    commit(
        inner,
        PartsChange {
            removed,
            ..PartsChange::default()
        },
    )
}

#[cfg(test)]
mod tests;
