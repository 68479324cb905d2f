//! Reading a part.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Millis, SampleBuffer, TimeRange};
use parking_lot::Mutex;

use super::cache::PageCache;
use super::footer::{CHUNKS, Footer, PartInfo, SERIES, TIMES, VALUES};
use super::{END_MAGIC, HEADER_LEN, MAGIC, SERIES_BLOCK, TRAILER_LEN, VERSION};
use crate::StoreError;
use crate::bytes::{Malformed, Reader, xxh3};
use crate::chunk::{decode_ints, decode_samples};
use crate::error::io_error;
use crate::select::merge::{append, truncate};

/// Decoded vectors of times kept per part: the series of a target follow each other.
const KEPT_TIMES: usize = 4;

/// Why a part cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartError {
    /// The content contradicts its checksum or format: the part is to be put aside.
    #[error("checksum or format does not fit in section {section}, page {page}")]
    Damaged { section: usize, page: usize },
    /// The system refuses; the part may be sound.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl From<Malformed> for PartError {
    fn from(_: Malformed) -> Self {
        Self::Damaged {
            section: usize::MAX,
            page: 0,
        }
    }
}

/// One part, open. The file stays readable when it is removed meanwhile.
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(super) footer: Footer,
    file: File,
    cache: Arc<PageCache>,
    times: Mutex<Vec<(u64, Arc<[Millis]>)>>,
}

/// Where a series' chunks are.
pub(super) struct SeriesRow {
    pub(super) labels: String,
    chunks: u64,
    values: u64,
}

impl Part {
    /// Opens a part and checks its header and footer; pages are checked when they are read.
    pub(crate) fn open(path: &Path, cache: Arc<PageCache>) -> Result<Self, StoreError> {
        let corrupt = |reason: &str| StoreError::Corrupt {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let file = File::open(path).map_err(io_error("open", path))?;
        let bytes = file.metadata().map_err(io_error("stat", path))?.len();
        if bytes < (HEADER_LEN + TRAILER_LEN) as u64 {
            return Err(corrupt("file is too short"));
        }
        let mut header = [0; HEADER_LEN];
        file.read_exact_at(&mut header, 0)
            .map_err(io_error("read", path))?;
        let mut reader = Reader::new(&header);
        if reader.bytes(8) != Ok(MAGIC) {
            return Err(corrupt("header is not that of a part"));
        }
        let version = reader.u32().map_err(|_| corrupt("header is too short"))?;
        if version > VERSION {
            return Err(StoreError::NewerFormat {
                path: path.to_owned(),
                found: version,
                supported: VERSION,
            });
        }
        let trailer_at = bytes - TRAILER_LEN as u64;
        let mut trailer = [0; TRAILER_LEN];
        file.read_exact_at(&mut trailer, trailer_at)
            .map_err(io_error("read", path))?;
        let mut reader = Reader::new(&trailer);
        let fields = (|| Ok::<_, Malformed>((reader.u64()?, reader.u32()?, reader.u32()?, reader.u64()?)))();
        let (offset, stored_len, raw_len, sum) = fields.map_err(|_| corrupt("trailer is too short"))?;
        if reader.rest() != END_MAGIC || offset.checked_add(u64::from(stored_len)) != Some(trailer_at) {
            return Err(corrupt("trailer does not fit the file"));
        }
        let mut stored = vec![0; stored_len as usize];
        file.read_exact_at(&mut stored, offset)
            .map_err(io_error("read", path))?;
        if xxh3(&stored) != sum {
            return Err(corrupt("footer does not match its checksum"));
        }
        let raw = zstd::bulk::decompress(&stored, raw_len as usize).map_err(|e| corrupt(&e.to_string()))?;
        let footer = Footer::decode(&raw, bytes).map_err(|_| corrupt("footer is malformed"))?;
        Ok(Self {
            path: path.to_owned(),
            footer,
            file,
            cache,
            times: Mutex::new(Vec::new()),
        })
    }

    /// Returns what the part is about.
    pub(crate) fn info(&self) -> &PartInfo {
        &self.footer.info
    }

    /// Returns the span of the part's samples.
    pub(crate) fn range(&self) -> TimeRange {
        TimeRange {
            start: self.footer.info.min_t,
            end: self.footer.info.max_t,
        }
    }

    fn page(&self, section: usize, page: usize) -> Result<Arc<[u8]>, PartError> {
        let key = (self.footer.info.id, section as u8, page as u32);
        if let Some(bytes) = self.cache.get(key) {
            return Ok(bytes);
        }
        let damaged = || PartError::Damaged { section, page };
        let table = self.footer.sections.get(section).ok_or_else(damaged)?;
        let entry = table.pages.get(page).ok_or_else(damaged)?;
        if entry.offset.saturating_add(u64::from(entry.stored)) > self.footer.info.bytes {
            return Err(damaged());
        }
        let mut stored = vec![0; entry.stored as usize];
        match self.file.read_exact_at(&mut stored, entry.offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(damaged()),
            other => other?,
        }
        if xxh3(&stored) != entry.sum {
            return Err(damaged());
        }
        let raw = if entry.compressed {
            zstd::bulk::decompress(&stored, table.raw_len(page)).map_err(|_| damaged())?
        } else {
            stored
        };
        if raw.len() != table.raw_len(page) {
            return Err(damaged());
        }
        let raw: Arc<[u8]> = raw.into();
        self.cache.insert(key, &raw);
        Ok(raw)
    }

    /// Replaces what is in `out` by up to `len` bytes of a section from `offset` on.
    pub(super) fn read(
        &self,
        section: usize,
        (offset, len): (u64, usize),
        out: &mut Vec<u8>,
    ) -> Result<(), PartError> {
        out.clear();
        let table = &self.footer.sections[section];
        let size = u64::from(table.page_size);
        let end = offset.saturating_add(len as u64).min(table.len);
        let mut at = offset;
        while at < end {
            let page = self.page(section, usize::try_from(at / size).map_err(|_| Malformed)?)?;
            let from = (at % size) as usize;
            let to = page
                .len()
                .min(from + usize::try_from(end - at).map_err(|_| Malformed)?);
            let bytes = page.get(from..to).ok_or(Malformed)?;
            if bytes.is_empty() {
                return Err(Malformed.into());
            }
            out.extend_from_slice(bytes);
            at += bytes.len() as u64;
        }
        Ok(())
    }

    /// Calls `each` with the rows of the series asked for, which come in ascending order.
    pub(super) fn series_rows(
        &self,
        ids: &[u32],
        mut each: impl FnMut(u32, SeriesRow) -> bool,
    ) -> Result<(), PartError> {
        let mut block_bytes = Vec::new();
        let mut loaded = usize::MAX;
        let (mut next, mut at) = (0u32, 0usize);
        for id in ids {
            let block = *id as usize / SERIES_BLOCK;
            if block != loaded {
                let start = *self.footer.series_offsets.get(block).ok_or(Malformed)?;
                let end = self.footer.series_offsets.get(block + 1).copied();
                let end = end.unwrap_or(self.footer.sections[SERIES].len);
                let len = usize::try_from(end.saturating_sub(start)).map_err(|_| Malformed)?;
                self.read(SERIES, (start, len), &mut block_bytes)?;
                loaded = block;
                next = (block * SERIES_BLOCK) as u32;
                at = 0;
            }
            let mut reader = Reader::new(block_bytes.get(at..).unwrap_or_default());
            loop {
                let (chunks, values) = (reader.uvarint()?, reader.uvarint()?);
                let labels = reader.str()?;
                next += 1;
                if next > *id {
                    let row = SeriesRow {
                        labels: labels.to_owned(),
                        chunks,
                        values,
                    };
                    at = block_bytes.len() - reader.rest().len();
                    if !each(*id, row) {
                        return Ok(());
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    /// Calls `each` with the packed labels of the series asked for, which come in ascending order.
    pub(crate) fn labels(&self, ids: &[u32], mut each: impl FnMut(u32, &str)) -> Result<(), PartError> {
        self.series_rows(ids, |id, row| {
            each(id, &row.labels);
            true
        })
    }

    /// Appends the samples of a series in `range` to `out`. Chunks outside are not read.
    pub(crate) fn samples(&self, id: u32, range: TimeRange, out: &mut SampleBuffer) -> Result<(), PartError> {
        let mut row = None;
        self.series_rows(&[id], |_, found| {
            row = Some(found);
            false
        })?;
        let row = row.ok_or(Malformed)?;
        // Most series have few chunks; more of the directory is read if it turns out to be longer.
        let mut directory = Vec::new();
        let mut len = 256;
        loop {
            self.read(CHUNKS, (row.chunks, len), &mut directory)?;
            let kept = out.len();
            match self.read_chunks(&directory, row.values, (range, out)) {
                Err(PartError::Damaged {
                    section: usize::MAX, ..
                }) if directory.len() == len => {
                    truncate(out, kept);
                    len *= 8;
                }
                other => return other,
            }
        }
    }

    fn read_chunks(
        &self,
        directory: &[u8],
        mut values_at: u64,
        (range, out): (TimeRange, &mut SampleBuffer),
    ) -> Result<(), PartError> {
        let mut reader = Reader::new(directory);
        let mut last = self.footer.info.min_t;
        let mut payload = Vec::new();
        let mut chunk = SampleBuffer::default();
        for _ in 0..reader.uvarint()? {
            let kind = reader.u8()?;
            let n = reader.number::<usize>()?;
            let first_t = last.wrapping_add(reader.ivarint()?);
            let last_t = first_t.wrapping_add(reader.uvarint()?.cast_signed());
            let times_at = reader.uvarint()?;
            let len = reader.number::<usize>()?;
            let start = values_at;
            values_at = values_at.checked_add(len as u64).ok_or(Malformed)?;
            last = last_t;
            if !range.overlaps(TimeRange {
                start: first_t,
                end: last_t,
            }) {
                continue;
            }
            if n > usize::from(u16::MAX) {
                return Err(Malformed.into());
            }
            let times = self.time_vector(times_at, n)?;
            self.read(VALUES, (start, len), &mut payload)?;
            chunk.clear();
            chunk.timestamps.extend_from_slice(&times);
            decode_samples(kind, &payload, (n, &mut chunk))?;
            let from = times.partition_point(|t| *t < range.start);
            let to = times.partition_point(|t| *t <= range.end);
            append(out, &chunk, from..to);
        }
        Ok(())
    }

    fn time_vector(&self, offset: u64, n: usize) -> Result<Arc<[Millis]>, PartError> {
        {
            let kept = self.times.lock();
            if let Some((_, times)) = kept.iter().find(|(at, times)| *at == offset && times.len() == n) {
                return Ok(Arc::clone(times));
            }
        }
        let mut bytes = Vec::new();
        // A vector takes at most eleven bytes a time, and a block header.
        self.read(TIMES, (offset, 11 * n + 64), &mut bytes)?;
        let mut times = Vec::with_capacity(n);
        decode_ints(&mut Reader::new(&bytes), n, &mut times)?;
        let times: Arc<[Millis]> = times.into();
        let mut kept = self.times.lock();
        if kept.len() == KEPT_TIMES {
            kept.remove(0);
        }
        kept.push((offset, Arc::clone(&times)));
        Ok(times)
    }
}
