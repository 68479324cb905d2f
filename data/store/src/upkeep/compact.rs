//! From many parts to fewer: parts of one larger range become one part, and parts that overlap too.
//!
//! Parts are in one order of series, so they are read side by side and one series at a time is in memory. Chunks
//! that no other part reaches into and that nothing was deleted from are copied as they are.

mod series;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{Millis, PackedLabels};

use super::flush::align;
use super::{PartsChange, commit, quarantine, write_part};
use crate::StoreError;
use crate::config::millis;
use crate::error::io_error;
use crate::part::{Part, PartError, PartInfo, PartWriter, order};
use crate::store::Inner;
use crate::tombstones::Buried;
use series::SeriesMerger;

/// Labels read ahead per part.
const READ_AHEAD: u32 = 1024;

/// Disk space that is left to others.
const SPARE_BYTES: u64 = 64 << 20;

/// Share of a part's series that tombstones must hit to have the part rewritten, as a divisor.
const MANY_HITS: u64 = 20;

/// Parts that come in pieces wait to be merged until none has come for so long, so that they are not all written again
/// with each of them,
const SETTLED_AFTER: Millis = 30_000;

/// or until they are so many.
const MANY_PARTS: usize = 32;

/// Merges parts of one larger range, and rewrites those of which much is deleted.
pub(super) fn compact(inner: &Inner) -> Result<(), StoreError> {
    let range = millis(inner.config.compacted_range.max(inner.config.head_range)).max(1);
    while let Some(group) = next_group(inner, range) {
        if inner.is_stopping() {
            break;
        }
        rewrite(inner, &group)?;
    }
    Ok(())
}

/// Returns parts that are to be merged: of the oldest range that is over and has several; of one, over or not, that
/// has more than it has flushes, as backfill makes them, once they are ripe; or a part of which much is deleted.
fn next_group(inner: &Inner, range: Millis) -> Option<Vec<Arc<Part>>> {
    let floor = inner.manifest.lock().floor;
    let parts = Arc::clone(&inner.parts.read());
    let tombstones = Arc::clone(&inner.tombstones.read());
    let much_deleted = |part: &Arc<Part>| {
        let buried = part.buried(&tombstones);
        buried.is_ok_and(|buried| buried.n_hits() > part.info().n_series / MANY_HITS)
    };
    // Parts come in order of their first time, so a group is a run of them.
    let mut rest = parts.as_slice();
    while let Some(first) = rest.first() {
        let start = align(first.info().min_t, range);
        let mut end = first.info().max_t;
        let mut n = 0;
        for part in rest {
            let info = part.info();
            if align(info.min_t, range) != start && info.min_t > end {
                break;
            }
            end = end.max(info.max_t);
            n += 1;
        }
        let (group, after) = rest.split_at(n);
        let over = start.saturating_add(range) <= floor;
        let in_pieces = n > n_flushes(inner, group);
        let is_due = if in_pieces {
            is_ripe(inner, group)
        } else {
            over && n > 1
        };
        if is_due || (over && group.iter().any(much_deleted)) {
            return Some(group.to_vec());
        }
        rest = after;
    }
    None
}

/// Returns how many flushes make the parts of a span if nothing comes late.
fn n_flushes(inner: &Inner, group: &[Arc<Part>]) -> usize {
    let range = millis(inner.config.head_range).max(1);
    let first = group.iter().map(|part| align(part.info().min_t, range)).min();
    let last = group.iter().map(|part| align(part.info().max_t, range)).max();
    let span = last.unwrap_or(0).saturating_sub(first.unwrap_or(0));
    usize::try_from(span / range + 1).unwrap_or(usize::MAX)
}

fn is_ripe(inner: &Inner, group: &[Arc<Part>]) -> bool {
    let newest = group.iter().map(|part| part.info().created).max().unwrap_or(0);
    group.len() >= MANY_PARTS || inner.clock.now().saturating_sub(newest) >= SETTLED_AFTER
}

/// Writes parts anew as one, without what is deleted. A part that turns out to be damaged is put aside instead.
pub(crate) fn rewrite(inner: &Inner, group: &[Arc<Part>]) -> Result<(), StoreError> {
    match merge_parts(inner, group) {
        Ok(()) | Err(Failed::Stopped) => Ok(()),
        Err(Failed::Part(at, error @ PartError::Damaged { .. })) => {
            let Some(part) = group.get(at) else { return Ok(()) };
            tracing::error!(part = %part.path.display(), %error, "part is damaged");
            quarantine(inner, part)
        }
        Err(Failed::Part(at, PartError::Io(source))) => {
            let path = group.get(at).map(|part| part.path.clone()).unwrap_or_default();
            Err(io_error("read", path)(source))
        }
        Err(Failed::Store(error)) => Err(error),
    }
}

enum Failed {
    Store(StoreError),
    /// The part at this place of the group.
    Part(usize, PartError),
    /// The store is being closed.
    Stopped,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Walks over the series of a part.
struct Cursor<'a> {
    part: &'a Part,
    buried: Arc<Buried>,
    next: u32,
    ahead: VecDeque<(u32, String)>,
}

impl Cursor<'_> {
    fn fill(&mut self) -> Result<(), PartError> {
        if !self.ahead.is_empty() {
            return Ok(());
        }
        let n = u32::try_from(self.part.info().n_series).unwrap_or(u32::MAX);
        let end = self.next.saturating_add(READ_AHEAD).min(n);
        let ids: Vec<u32> = (self.next..end).collect();
        self.next = end;
        let ahead = &mut self.ahead;
        self.part
            .labels(&ids, |id, packed| ahead.push_back((id, packed.to_owned())))
    }

    fn peek(&self) -> Option<&str> {
        self.ahead.front().map(|(_, packed)| packed.as_str())
    }
}

fn merge_parts(inner: &Inner, group: &[Arc<Part>]) -> Result<(), Failed> {
    ensure_space(inner, group)?;
    let mut sources: Vec<u64> = group
        .iter()
        .flat_map(|part| part.info().sources.clone())
        .collect();
    sources.sort_unstable();
    sources.dedup();
    let floor = group.iter().map(|part| part.info().floor).max();
    let describe = |info| PartInfo {
        floor: floor.unwrap_or(Millis::MIN),
        sources,
        ..info
    };
    let part = write_part(inner, (1, describe), |writer| merge_into(inner, group, writer))?;
    let change = PartsChange {
        added: part.into_iter().collect(),
        removed: group.to_vec(),
        ..PartsChange::default()
    };
    commit(inner, change)?;
    inner.counters.compactions.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Writes what is left of parts to another one.
fn merge_into(inner: &Inner, group: &[Arc<Part>], writer: &mut PartWriter) -> Result<(), Failed> {
    let tombstones = Arc::clone(&inner.tombstones.read());
    let mut cursors: Vec<Cursor<'_>> = Vec::with_capacity(group.len());
    for (at, part) in group.iter().enumerate() {
        cursors.push(Cursor {
            part,
            buried: part
                .buried(&tombstones)
                .map_err(|error| Failed::Part(at, error))?,
            next: 0,
            ahead: VecDeque::new(),
        });
    }
    merge_series(inner, &mut cursors, writer)
}

/// Fails if the disk has no room for parts to stand beside what they are merged into.
fn ensure_space(inner: &Inner, group: &[Arc<Part>]) -> Result<(), StoreError> {
    let dir = &inner.config.dir;
    let needed = group.iter().map(|part| part.info().bytes).sum::<u64>() + SPARE_BYTES;
    let available = inner.disk.available(dir).map_err(io_error("stat", dir))?;
    if available < needed {
        return Err(StoreError::NoSpace {
            path: dir.clone(),
            needed,
            available,
        });
    }
    Ok(())
}

fn merge_series(inner: &Inner, cursors: &mut [Cursor<'_>], writer: &mut PartWriter) -> Result<(), Failed> {
    let parts: Vec<&Part> = cursors.iter().map(|cursor| cursor.part).collect();
    let mut merger = SeriesMerger::new(&parts);
    let mut places = Vec::new();
    loop {
        if inner.is_stopping() {
            return Err(Failed::Stopped);
        }
        for (at, cursor) in cursors.iter_mut().enumerate() {
            cursor.fill().map_err(|error| Failed::Part(at, error))?;
        }
        let first = cursors.iter().filter_map(Cursor::peek).min_by(|a, b| order(a, b));
        let Some(packed) = first.map(str::to_owned) else {
            return Ok(());
        };
        places.clear();
        for (at, cursor) in cursors.iter_mut().enumerate() {
            if cursor.peek() != Some(&packed) {
                continue;
            }
            if let Some((id, _)) = cursor.ahead.pop_front() {
                places.push((at, id, cursor.buried.of(id)));
            }
        }
        merger
            .merge(&places, writer)
            .map_err(|(at, error)| Failed::Part(at, error))?;
        writer.end_series(PackedLabels::trusted(&packed))?;
    }
}
