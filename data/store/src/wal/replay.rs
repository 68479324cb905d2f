//! Reading the log back.
//!
//! What a crash leaves is a last segment that ends inside a frame: it is cut there. Any other frame that does
//! not fit its checksum is damage: the frames around it are kept in a rewritten segment, the original moves to
//! the quarantine, and records after the gap are used as far as they do not depend on what is lost.

use std::fs;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use model::{Metadata, Millis};

use super::record::{Base, SamplesReader, decode_metadata, read_value};
use super::segment::{self, Frame, Header, KIND_METADATA, KIND_SAMPLES, MAX_FRAME, SegmentInfo};
use crate::StoreError;
use crate::bytes::{Malformed, Reader};
use crate::disk::{Disk, replace_file};
use crate::error::io_error;

/// Takes what the log holds.
pub(crate) trait ReplayTarget {
    /// Returns a handle for a series, `None` if it cannot be had.
    fn series(&mut self, packed: &str) -> Option<u64>;
    /// Takes a sample.
    fn sample(&mut self, series: u64, t: Millis, bits: u64);
    /// Takes metadata.
    fn metadata(&mut self, name: &str, metadata: Metadata);
    /// Returns the time before which samples are in parts.
    fn floor(&self) -> Millis;
}

/// What a replay found.
#[derive(Default)]
pub(crate) struct Replayed {
    pub(crate) segments: Vec<SegmentInfo>,
    pub(crate) last_position: u64,
    pub(crate) last_epoch: u64,
    pub(crate) last_sequence: u64,
    pub(crate) n_samples: u64,
    /// Chained samples whose base is lost, and samples of series whose definition is lost.
    pub(crate) n_lost: u64,
    pub(crate) quarantined: Vec<PathBuf>,
}

/// Reads all segments of `dir` in order, giving what is in them to `target`.
pub(crate) fn replay(
    disk: &dyn Disk,
    (dir, quarantine): (&Path, &Path),
    target: &mut dyn ReplayTarget,
) -> Result<Replayed, StoreError> {
    let paths = list_segments(disk, dir)?;
    let mut decoder = Decoder {
        target,
        replayed: Replayed::default(),
        shards: HashMap::new(),
        newest: Millis::MIN,
        first_position: None,
    };
    // A bad end that only a gap in the positions after it proves to be a loss.
    let mut suspect: Option<PathBuf> = None;
    let n = paths.len();
    for (i, (sequence, path)) in paths.into_iter().enumerate() {
        let content = fs::read(&path).map_err(io_error("read", &path))?;
        decoder.replayed.last_sequence = sequence;
        let epoch = match segment::decode_header(&content) {
            Header::Valid { epoch } => epoch,
            Header::Newer { version } => {
                return Err(StoreError::NewerFormat {
                    path,
                    found: version,
                    supported: segment::VERSION,
                });
            }
            Header::Invalid if content.len() <= segment::HEADER_LEN || content.iter().all(|b| *b == 0) => {
                disk.remove(&path).map_err(io_error("remove", &path))?;
                continue;
            }
            Header::Invalid => {
                decoder
                    .replayed
                    .quarantined
                    .push(move_to(disk, &path, quarantine)?);
                continue;
            }
        };
        decoder.start_segment(epoch);
        let before = decoder.replayed.last_position;
        let (kept, verdict) = decoder.read_segment(&content);
        let first_here = decoder.first_position.take();
        if let (Some(suspect), Some(first)) = (suspect.take(), first_here)
            && first > before + 1
        {
            decoder
                .replayed
                .quarantined
                .push(copy_to(disk, &suspect, quarantine)?);
        }
        let mut bytes = content.len() as u64;
        match verdict {
            Verdict::Sound => {}
            Verdict::Torn if i + 1 < n => suspect = Some(path.clone()),
            Verdict::Torn => {
                tracing::info!(path = %path.display(), bytes = content.len() - kept.len(), "cut torn end of the log");
                replace_file(disk, &path, &kept)?;
                bytes = kept.len() as u64;
            }
            Verdict::Damaged => {
                decoder
                    .replayed
                    .quarantined
                    .push(copy_to(disk, &path, quarantine)?);
                replace_file(disk, &path, &kept)?;
                bytes = kept.len() as u64;
            }
        }
        let newest = decoder.newest;
        decoder.replayed.segments.push(SegmentInfo {
            path,
            epoch,
            bytes,
            newest,
        });
        tracing::info!(
            segment = i + 1,
            of = n,
            samples = decoder.replayed.n_samples,
            "log segment replayed"
        );
    }
    Ok(decoder.replayed)
}

/// Lists segments in order and removes what an interrupted rewrite left.
fn list_segments(disk: &dyn Disk, dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        if path.extension().is_some_and(|e| e == "tmp") {
            disk.remove(&path).map_err(io_error("remove", &path))?;
        } else if path.extension().is_some_and(|e| e == "wal")
            && let Some(sequence) = path
                .file_stem()
                .and_then(|s| s.to_str())
                .and_then(|s| s.parse().ok())
        {
            paths.push((sequence, path));
        }
    }
    paths.sort();
    Ok(paths)
}

/// Moves a file to the quarantine and returns its new path.
pub(crate) fn move_to(disk: &dyn Disk, path: &Path, quarantine: &Path) -> Result<PathBuf, StoreError> {
    let target = quarantine.join(path.file_name().unwrap_or_default());
    tracing::error!(path = %path.display(), to = %target.display(), "file is damaged and put in quarantine");
    disk.rename(path, &target).map_err(io_error("move", path))?;
    disk.sync_dir(quarantine).map_err(io_error("fsync", quarantine))?;
    Ok(target)
}

fn copy_to(disk: &dyn Disk, path: &Path, quarantine: &Path) -> Result<PathBuf, StoreError> {
    let target = quarantine.join(path.file_name().unwrap_or_default());
    tracing::error!(path = %path.display(), to = %target.display(), "log segment is damaged and put in quarantine");
    let content = fs::read(path).map_err(io_error("read", path))?;
    replace_file(disk, &target, &content)?;
    Ok(target)
}

enum Verdict {
    Sound,
    Torn,
    Damaged,
}

struct Known {
    labels: Box<str>,
    handle: Option<u64>,
    /// Chain and latest value in it.
    chain: Option<(u32, u64)>,
}

struct ShardState {
    incarnation: u32,
    series: HashMap<u32, Known>,
}

struct Decoder<'t> {
    target: &'t mut dyn ReplayTarget,
    replayed: Replayed,
    shards: HashMap<u32, ShardState>,
    newest: Millis,
    first_position: Option<u64>,
}

impl Decoder<'_> {
    fn start_segment(&mut self, epoch: u64) {
        if epoch != self.replayed.last_epoch {
            self.shards.clear();
        }
        self.replayed.last_epoch = epoch;
        self.newest = Millis::MIN;
        self.first_position = None;
    }

    /// Applies all whole frames; returns the segment without what is not one, and what that was.
    fn read_segment(&mut self, content: &[u8]) -> (Vec<u8>, Verdict) {
        let mut at = segment::HEADER_LEN;
        let mut kept = content.get(..at).unwrap_or_default().to_vec();
        let mut verdict = Verdict::Sound;
        while let Some(rest) = content.get(at..).filter(|rest| !rest.is_empty()) {
            let frame = segment::decode_frame(rest);
            let applied = match frame {
                Frame::Whole { stored, raw_len, len } => {
                    self.read_frame(stored, raw_len).is_ok().then_some(len)
                }
                Frame::Torn | Frame::Damaged => None,
            };
            if let Some(len) = applied {
                kept.extend_from_slice(rest.get(..len).unwrap_or_default());
                at += len;
                continue;
            }
            match segment::find_frame(content, at + 1) {
                Some(next) => {
                    verdict = Verdict::Damaged;
                    at = next;
                }
                None => {
                    let torn = matches!(frame, Frame::Torn) && matches!(verdict, Verdict::Sound);
                    verdict = if torn { Verdict::Torn } else { Verdict::Damaged };
                    break;
                }
            }
        }
        (kept, verdict)
    }

    fn read_frame(&mut self, stored: &[u8], raw_len: usize) -> Result<(), Malformed> {
        let raw = zstd::bulk::decompress(stored, raw_len.min(MAX_FRAME)).map_err(|_| Malformed)?;
        let mut reader = Reader::new(&raw);
        while !reader.is_empty() {
            let kind = reader.u8()?;
            let position = reader.uvarint()?;
            let len = reader.number::<usize>()?;
            let payload = reader.bytes(len)?;
            self.first_position.get_or_insert(position);
            if position <= self.replayed.last_position {
                continue;
            }
            if position != self.replayed.last_position + 1 {
                self.break_chains();
            }
            self.replayed.last_position = position;
            match kind {
                KIND_SAMPLES => self.read_samples(payload)?,
                KIND_METADATA => decode_metadata(payload, |name, m| self.target.metadata(name, m))?,
                _ => tracing::warn!(kind, position, "log record of unknown kind is skipped"),
            }
        }
        Ok(())
    }

    /// After a gap no value before it is known to be the latest of its chain.
    fn break_chains(&mut self) {
        for known in self
            .shards
            .values_mut()
            .flat_map(|shard| shard.series.values_mut())
        {
            known.chain = None;
        }
    }

    fn read_samples(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        let record = SamplesReader::new(payload)?;
        let (incarnation, chain) = (record.incarnation, record.chain);
        let shard = self.shards.entry(record.shard).or_insert_with(|| ShardState {
            incarnation,
            series: HashMap::new(),
        });
        if shard.incarnation != incarnation {
            *shard = ShardState {
                incarnation,
                series: HashMap::new(),
            };
        }
        for (id, labels) in &record.definitions {
            shard.series.insert(
                *id,
                Known {
                    labels: (*labels).into(),
                    handle: None,
                    chain: None,
                },
            );
        }
        let (target, replayed, newest) = (&mut *self.target, &mut self.replayed, &mut self.newest);
        let floor = target.floor();
        record.for_each_row(|base, id, t, reader| {
            let known = shard.series.get_mut(&id);
            let before = known
                .as_ref()
                .and_then(|known| known.chain)
                .filter(|(at, _)| *at == chain)
                .map(|(_, bits)| bits);
            let value = read_value(base, before, reader)?;
            let (Some(known), Some(bits)) = (known, value) else {
                replayed.n_lost += 1;
                return Ok(());
            };
            if base != Base::Late {
                known.chain = Some((chain, bits));
            }
            *newest = t.max(*newest);
            if t < floor {
                return Ok(());
            }
            if known.handle.is_none() {
                known.handle = target.series(&known.labels);
            }
            if let Some(handle) = known.handle {
                target.sample(handle, t, bits);
                replayed.n_samples += 1;
            }
            Ok(())
        })
    }
}
