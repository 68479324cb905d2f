//! Reading the log back.
//!
//! One thread reads segments frame by frame and checks them; workers, one a shard of the head, apply the records
//! of their shard. Records of different shards are independent, those of one shard come in order.
//!
//! What a crash leaves is a last segment that ends inside a frame: it is cut there. Any other frame that does
//! not fit its checksum is damage: the frames around it are kept in a rewritten segment, the original moves to
//! the quarantine, and records after the gap are used as far as they do not depend on what is lost.

mod file;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Exemplar, Metadata, Millis, PackedLabels};

use super::decode::{RecordSink, RefTable};
use super::extent::Extent;
use super::queue::LogEnd;
use super::record::{decode_exemplars, decode_metadata};
use super::segment::{
    self, Beginning, Frame, Header, KIND_EXEMPLARS, KIND_METADATA, SegmentInfo, for_each_record,
};
use crate::StoreError;
use crate::bytes::Malformed;
use crate::disk::{Disk, replace_file};
use crate::error::io_error;
pub(crate) use file::SegmentFile;
use worker::{Message, Workers};

/// A slice of the head while the log is read back.
pub(crate) trait ReplayTarget: RecordSink + Send {
    /// Says what the samples that follow belong to.
    fn begin_segment(&mut self, epoch: u64, floor: Millis);
    /// Returns what samples there were since.
    fn end_segment(&mut self) -> Extent;
    /// Says that records from a position on come next.
    fn begin_record(&mut self, position: u64);
    /// Says that nothing more comes.
    fn end(&mut self);
}

/// Takes what is not a sample.
pub(crate) trait ReplaySide {
    /// Takes metadata.
    fn metadata(&mut self, name: &str, metadata: Metadata);
    /// Takes an exemplar of a series.
    fn exemplar(&mut self, series: PackedLabels<'_>, exemplar: Exemplar);
}

/// Where a snapshot leaves off.
#[derive(Default)]
pub(crate) struct Resume {
    /// Where records begin that the snapshot may not hold.
    pub(crate) end: LogEnd,
    /// Segments up to there.
    pub(crate) segments: Vec<SegmentInfo>,
    /// State of the refs, by logged shard.
    pub(crate) tables: Vec<RefTable>,
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

/// Tells whether a head of so many shards wrote all segments from `sequence` on.
pub(crate) fn logged_shards(dir: &Path, sequence: u64, n_shards: usize) -> Result<bool, StoreError> {
    for (_, path) in file::list_segments(dir)?.into_iter().filter(|s| s.0 >= sequence) {
        if let Beginning::Valid(header) = file::read_header(&path)?
            && header.n_shards as usize != n_shards
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the segments of `dir` in order from where a snapshot leaves off. With several targets, the records of a
/// logged shard go to the target of its number; a single one takes all.
pub(crate) fn replay<T: ReplayTarget>(
    disk: &dyn Disk,
    (dir, quarantine): (&Path, &Path),
    (targets, resume): (Vec<T>, Resume),
    side: &mut dyn ReplaySide,
) -> Result<(Replayed, Vec<T>), StoreError> {
    file::remove_temporary(disk, dir)?;
    let paths = file::list_segments(dir)?;
    let Resume {
        end,
        segments: known,
        tables,
    } = resume;
    std::thread::scope(|scope| {
        let mut reading = Reading {
            disk,
            quarantine,
            workers: Workers::start(scope, targets, (tables, end.position))?,
            side,
            replayed: Replayed {
                last_position: end.position,
                last_epoch: known.last().map_or(0, |segment| segment.epoch),
                last_sequence: end.sequence,
                ..Replayed::default()
            },
            suspect: None,
        };
        let n = paths.len();
        for (i, (sequence, path)) in paths.into_iter().enumerate() {
            let known = known.iter().find(|segment| segment.sequence == sequence);
            reading.replayed.last_sequence = reading.replayed.last_sequence.max(sequence);
            match known {
                Some(known) if sequence < end.sequence => reading.replayed.segments.push(known.clone()),
                _ => {
                    let from = known.filter(|_| sequence == end.sequence);
                    let from = from.map(|known| (known.clone(), end.bytes));
                    reading.segment((sequence, path), from, i + 1 == n)?;
                }
            }
        }
        reading.finish()
    })
}

struct Reading<'a, 's, T> {
    disk: &'a dyn Disk,
    quarantine: &'a Path,
    workers: Workers<'s, T>,
    side: &'a mut dyn ReplaySide,
    replayed: Replayed,
    /// A bad end that only a gap in the positions after it proves to be a loss.
    suspect: Option<PathBuf>,
}

enum Verdict {
    Sound,
    Torn,
    Damaged,
}

impl<T: ReplayTarget> Reading<'_, '_, T> {
    fn segment(
        &mut self,
        (sequence, path): (u64, PathBuf),
        from: Option<(SegmentInfo, u64)>,
        is_last: bool,
    ) -> Result<(), StoreError> {
        let mut file = SegmentFile::open(&path).map_err(io_error("open", &path))?;
        file.ensure(segment::HEADER_LEN)
            .map_err(io_error("read", &path))?;
        let header = match segment::decode_header(file.rest()) {
            Beginning::Valid(header) => header,
            Beginning::Newer { version } => {
                return Err(StoreError::NewerFormat {
                    path,
                    found: version,
                    supported: segment::VERSION,
                });
            }
            Beginning::Invalid => {
                file.read_all().map_err(io_error("read", &path))?;
                let rest = file.rest();
                if rest.len() <= segment::HEADER_LEN || rest.iter().all(|b| *b == 0) {
                    return self.disk.remove(&path).map_err(io_error("remove", &path));
                }
                let moved = move_to(self.disk, &path, self.quarantine)?;
                self.replayed.quarantined.push(moved);
                return Ok(());
            }
        };
        let Header { epoch, floor, .. } = header;
        let (mut info, offset) =
            from.unwrap_or_else(|| (SegmentInfo::empty(path.clone(), (sequence, epoch), floor), 0));
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).max(header.len);
        file.skip_to(offset).map_err(io_error("read", &path))?;
        self.replayed.last_epoch = self.replayed.last_epoch.max(epoch);
        self.workers.send(&Message::Segment { epoch, floor });
        let before = self.replayed.last_position;
        let mut kept = Vec::new();
        kept.push(0..offset);
        let mut positions = (u64::MAX, 0);
        let verdict = self
            .frames(&mut file, (&mut kept, &mut positions))
            .map_err(io_error("read", &path))?;
        if let Some(suspect) = self.suspect.take()
            && positions.0 > before + 1
            && positions.0 != u64::MAX
        {
            let copied = copy_to(self.disk, &suspect, self.quarantine)?;
            self.replayed.quarantined.push(copied);
        }
        info.positions = (
            info.positions.0.min(positions.0),
            info.positions.1.max(positions.1),
        );
        info.bytes = kept.iter().map(|range| range.len() as u64).sum();
        match verdict {
            Verdict::Sound => {}
            Verdict::Torn if !is_last => self.suspect = Some(path.clone()),
            Verdict::Torn => {
                tracing::info!(path = %path.display(), at = info.bytes, "cut torn end of the log");
                self.disk.cut(&path, info.bytes).map_err(io_error("cut", &path))?;
            }
            Verdict::Damaged => {
                let copied = copy_to(self.disk, &path, self.quarantine)?;
                self.replayed.quarantined.push(copied);
                let content = std::fs::read(&path).map_err(io_error("read", &path))?;
                let kept: Vec<u8> = kept
                    .iter()
                    .flat_map(|range| content.get(range.clone()).unwrap_or_default())
                    .copied()
                    .collect();
                replace_file(self.disk, &path, &kept)?;
            }
        }
        info.durable_bytes = info.bytes;
        self.replayed.segments.push(info);
        Ok(())
    }

    /// Hands all whole frames to the workers; notes which bytes and positions these are, and what the others were.
    fn frames(
        &mut self,
        file: &mut SegmentFile,
        (kept, positions): (&mut Vec<std::ops::Range<usize>>, &mut (u64, u64)),
    ) -> std::io::Result<Verdict> {
        let mut verdict = Verdict::Sound;
        loop {
            file.ensure(segment::FRAME_HEADER_LEN)?;
            if file.rest().is_empty() {
                return Ok(verdict);
            }
            if let Frame::Torn { len } = segment::decode_frame(file.rest()) {
                file.ensure(len)?;
            }
            let whole = match segment::decode_frame(file.rest()) {
                Frame::Whole { stored, raw_len, len } => {
                    segment::decompress(stored, raw_len).ok().map(|raw| (raw, len))
                }
                Frame::Torn { .. } | Frame::Damaged => None,
            };
            if let Some((raw, len)) = whole
                && self.frame(raw, positions).is_ok()
            {
                let at = file.offset();
                match kept.last_mut().filter(|range| range.end == at) {
                    Some(range) => range.end += len,
                    None => kept.push(at..at + len),
                }
                file.consume(len);
                continue;
            }
            // Rare, so the rest may be in memory as a whole.
            file.read_all()?;
            match segment::find_frame(file.rest(), 1) {
                Some(next) => {
                    verdict = Verdict::Damaged;
                    file.consume(next);
                }
                None => {
                    let torn = matches!(segment::decode_frame(file.rest()), Frame::Torn { .. });
                    let torn = torn && matches!(verdict, Verdict::Sound);
                    return Ok(if torn { Verdict::Torn } else { Verdict::Damaged });
                }
            }
        }
    }

    fn frame(&mut self, raw: Vec<u8>, positions: &mut (u64, u64)) -> Result<(), Malformed> {
        // All of a frame or nothing: its records are looked at before any of them counts.
        for_each_record(&raw, |_, _, _| Ok(()))?;
        let (side, replayed) = (&mut *self.side, &mut self.replayed);
        for_each_record(&raw, |kind, position, payload| {
            *positions = (positions.0.min(position), positions.1.max(position));
            if position <= replayed.last_position {
                return Ok(());
            }
            replayed.last_position = position;
            let read = match kind {
                KIND_METADATA => decode_metadata(payload, |name, metadata| side.metadata(name, metadata)),
                KIND_EXEMPLARS => {
                    decode_exemplars(payload, |series, exemplar| side.exemplar(series, exemplar))
                }
                _ => Ok(()),
            };
            if read.is_err() {
                tracing::warn!(kind, position, "log record is malformed and skipped");
                replayed.n_lost += 1;
            }
            Ok(())
        })?;
        self.workers.send(&Message::Frame(Arc::new(raw)));
        Ok(())
    }

    fn finish(mut self) -> Result<(Replayed, Vec<T>), StoreError> {
        let outcome = self.workers.finish();
        let n_read = outcome.segments.len();
        let skip = self.replayed.segments.len().saturating_sub(n_read);
        // Segments without a valid header were not announced to the workers, nor are they listed.
        for (info, extent) in self
            .replayed
            .segments
            .iter_mut()
            .skip(skip)
            .zip(&outcome.segments)
        {
            info.extent.join(extent);
        }
        self.replayed.n_samples = outcome.n_samples;
        self.replayed.n_lost += outcome.n_lost;
        Ok((self.replayed, outcome.targets))
    }
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
    let content = std::fs::read(path).map_err(io_error("read", path))?;
    replace_file(disk, &target, &content)?;
    Ok(target)
}
