//! From many parts to fewer: flushed parts of one larger range become one part.
//!
//! Parts are in one order of series, so they are read side by side and one series at a time is in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{Millis, PackedLabels, SampleBuffer, TimeRange};

use super::flush::align;
use super::{PartsChange, commit, next_part, open_part, quarantine};
use crate::StoreError;
use crate::config::millis;
use crate::part::{Part, PartError, PartInfo, PartWriter, order};
use crate::select::merge::merge;
use crate::store::Inner;
use crate::store::manifest::part_path;

/// Labels read ahead per part.
const READ_AHEAD: u32 = 256;

/// Merges the parts of every larger range that is over.
pub(super) fn compact(inner: &Inner) -> Result<(), StoreError> {
    let range = millis(inner.config.compacted_range.max(inner.config.head_range)).max(1);
    while let Some(group) = next_group(inner, range) {
        if inner.is_stopping() {
            break;
        }
        match merge_parts(inner, &group) {
            Ok(()) => {}
            Err(Failed::Part(at, error @ PartError::Damaged { .. })) => {
                let Some(part) = group.get(at) else { break };
                tracing::error!(part = %part.path.display(), %error, "part is damaged");
                quarantine(inner, part)?;
            }
            Err(Failed::Part(at, PartError::Io(source))) => {
                let path = group.get(at).map(|part| part.path.clone()).unwrap_or_default();
                return Err(StoreError::Io {
                    action: "read",
                    path,
                    source,
                });
            }
            Err(Failed::Store(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Returns the parts of the oldest range that is over and has more than one.
fn next_group(inner: &Inner, range: Millis) -> Option<Vec<Arc<Part>>> {
    let floor = inner.manifest.lock().floor;
    let parts = Arc::clone(&inner.parts.read());
    let start_of = |part: &Part| align(part.info().min_t, range);
    let mut rest = parts.as_slice();
    while let Some(first) = rest.first() {
        let start = start_of(first);
        let n = rest.iter().take_while(|part| start_of(part) == start).count();
        let (group, after) = rest.split_at(n);
        if n > 1 && start.saturating_add(range) <= floor {
            return Some(group.to_vec());
        }
        rest = after;
    }
    None
}

enum Failed {
    Store(StoreError),
    /// The part at this place of the group.
    Part(usize, PartError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Walks over the series of a part.
struct Cursor<'a> {
    part: &'a Part,
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
    let id = next_part(&mut inner.manifest.lock());
    let path = part_path(&inner.config.dir, id);
    let info = PartInfo {
        id,
        level: 1,
        min_t: group.iter().map(|part| part.info().min_t).min().unwrap_or(0),
        max_t: Millis::MIN,
        floor: group
            .iter()
            .map(|part| part.info().floor)
            .max()
            .unwrap_or(Millis::MIN),
        n_series: 0,
        n_chunks: 0,
        n_samples: 0,
        bytes: 0,
    };
    let mut writer = PartWriter::create(Arc::clone(&inner.disk), &path, info)?;
    let mut cursors: Vec<Cursor<'_>> = group
        .iter()
        .map(|part| Cursor {
            part,
            next: 0,
            ahead: VecDeque::new(),
        })
        .collect();
    let mut samples = SampleBuffer::default();
    let mut more = SampleBuffer::default();
    loop {
        for (at, cursor) in cursors.iter_mut().enumerate() {
            cursor.fill().map_err(|error| Failed::Part(at, error))?;
        }
        let first = cursors.iter().filter_map(Cursor::peek).min_by(|a, b| order(a, b));
        let Some(packed) = first.map(str::to_owned) else {
            break;
        };
        samples.clear();
        for (at, cursor) in cursors.iter_mut().enumerate() {
            if cursor.peek() != Some(&packed) {
                continue;
            }
            let Some((id, _)) = cursor.ahead.pop_front() else {
                continue;
            };
            more.clear();
            let read = cursor.part.samples(id, TimeRange::ALL, &mut more);
            read.map_err(|error| Failed::Part(at, error))?;
            merge(&mut samples, &more);
        }
        if !samples.is_empty() {
            writer.add_series(PackedLabels::trusted(&packed), &samples)?;
        }
    }
    let added = match writer.finish()? {
        Some(path) => vec![open_part(inner, &path)?],
        None => Vec::new(),
    };
    commit(
        inner,
        PartsChange {
            added,
            removed: group.to_vec(),
            floor: None,
            backfilled: None,
        },
    )?;
    inner.counters.compactions.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
