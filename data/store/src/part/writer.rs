//! Writing a part, series by series.
//!
//! In memory are what is needed to write the index at the end (postings and symbols, the table of series) and
//! at most a megabyte of each section's finished pages; samples stream through.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use model::{Millis, PackedLabels, SampleBuffer};

use super::directory::{ChunkEntry, Summary};
use super::footer::{CHUNKS, Footer, N_SECTIONS, PartInfo, SERIES, TIMES, VALUES};
use super::index::rows::{Row, RowsWriter};
use super::index::vocabulary::Vocabulary;
use super::section::SectionWriter;
use super::{END_MAGIC, FORMAT, MAX_CHUNK, MAX_HISTOGRAM_CHUNK};
use crate::StoreError;
use crate::bytes::{put_uvarint, xxh3};
use crate::chunk::{MAX_NUMBERS, encode_ints, encode_samples, numbers_of};
use crate::disk::{Disk, DiskFile};
use crate::error::io_error;

/// Finished pages of a section that are written at once.
const WRITE_BYTES: usize = 1 << 20;

/// Pages of sections of which few bytes are read at a time.
const SMALL_PAGE: u32 = 16 << 10;
const LARGE_PAGE: u32 = 64 << 10;

/// Vectors of times that are remembered, to be stored once; more than any set of targets has in a day.
const MAX_VECTORS: usize = 1 << 20;

/// Writes one part. Series come in the order of the format; dropping it unfinished leaves a temporary file.
pub(crate) struct PartWriter {
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    temp: PathBuf,
    path: PathBuf,
    /// Bytes in the file.
    written: u64,
    info: PartInfo,
    base: Option<Millis>,
    sections: [SectionWriter; N_SECTIONS],
    rows: RowsWriter,
    vocabulary: Vocabulary,
    /// Offset of each vector of times, by its hash and length.
    time_vectors: HashMap<(u64, usize), u64>,
    series: OpenSeries,
}

/// The series whose chunks are being added.
#[derive(Default)]
struct OpenSeries {
    entries: Vec<u8>,
    n_chunks: u64,
    n_samples: u64,
    values_len: u64,
    last_t: Option<Millis>,
}

impl PartWriter {
    /// Starts a part at `path`. Of `info`, number, level, floor, time of writing and sources are taken.
    pub(crate) fn create(disk: Arc<dyn Disk>, path: &Path, info: PartInfo) -> Result<Self, StoreError> {
        let temp = path.with_extension("tmp");
        let file = disk.create(&temp).map_err(io_error("create", &temp))?;
        let page = |section| match section {
            VALUES => LARGE_PAGE,
            _ => SMALL_PAGE,
        };
        let mut writer = Self {
            disk,
            file,
            temp,
            path: path.to_owned(),
            written: 0,
            info: PartInfo {
                min_t: Millis::MAX,
                max_t: Millis::MIN,
                n_series: 0,
                n_chunks: 0,
                n_samples: 0,
                bytes: 0,
                ..info
            },
            base: None,
            sections: std::array::from_fn(|section| SectionWriter::new(page(section))),
            rows: RowsWriter::default(),
            vocabulary: Vocabulary::default(),
            time_vectors: HashMap::new(),
            series: OpenSeries::default(),
        };
        match writer.put(&FORMAT.header()) {
            Ok(()) => Ok(writer),
            Err(error) => {
                writer.abandon();
                Err(error)
            }
        }
    }

    /// Adds a series with its samples, ascending and not empty.
    pub(crate) fn add_series(
        &mut self,
        labels: PackedLabels<'_>,
        samples: &SampleBuffer,
    ) -> Result<(), StoreError> {
        self.push_samples(samples);
        self.end_series(labels)
    }

    /// Adds samples, later than all before, to the series that [`PartWriter::end_series`] will name.
    pub(crate) fn push_samples(&mut self, samples: &SampleBuffer) {
        // Chunks of equal length rather than full ones and a rest.
        let n_chunks = samples.len().div_ceil(max_chunk(samples));
        let per_chunk = samples.len().div_ceil(n_chunks.max(1)).max(1);
        for from in (0..samples.len()).step_by(per_chunk) {
            let rows = from..samples.len().min(from + per_chunk);
            let times = samples.timestamps.get(rows.clone()).unwrap_or_default();
            let values = samples.values.get(rows.clone()).unwrap_or_default();
            let (Some(first_t), Some(last_t)) = (times.first().copied(), times.last().copied()) else {
                continue;
            };
            let mut payload = Vec::new();
            let kind = encode_samples(samples, rows, &mut payload);
            let mut vector = Vec::new();
            encode_ints(times, &mut vector);
            let entry = ChunkEntry {
                kind,
                n: times.len(),
                first_t,
                last_t,
                times_at: self.time_vector(&vector, times.len()),
                values_at: 0,
                len: payload.len(),
                summary: Some(Summary::of(values)),
            };
            self.push_stored(&entry, &payload);
        }
    }

    /// Adds a chunk as another part holds it, later than all before. Its times are those at `times_at` of this
    /// part.
    pub(crate) fn push_stored(&mut self, entry: &ChunkEntry, payload: &[u8]) {
        let base = *self.base.get_or_insert(entry.first_t);
        let series = &mut self.series;
        entry.encode(series.last_t.unwrap_or(base), &mut series.entries);
        series.last_t = Some(entry.last_t);
        series.n_chunks += 1;
        series.n_samples += entry.n as u64;
        series.values_len += payload.len() as u64;
        self.sections[VALUES].write(payload);
        self.info.min_t = self.info.min_t.min(entry.first_t);
        self.info.max_t = self.info.max_t.max(entry.last_t);
    }

    /// Returns the offset of an encoded vector of `n` times, storing it if it is new.
    pub(crate) fn time_vector(&mut self, bytes: &[u8], n: usize) -> u64 {
        if self.time_vectors.len() >= MAX_VECTORS {
            self.time_vectors.clear();
        }
        let section = &mut self.sections[TIMES];
        *self.time_vectors.entry((xxh3(bytes), n)).or_insert_with(|| {
            let offset = section.len();
            section.write(bytes);
            offset
        })
    }

    /// Names the series whose samples were pushed; without samples there is no series.
    pub(crate) fn end_series(&mut self, labels: PackedLabels<'_>) -> Result<(), StoreError> {
        let series = std::mem::take(&mut self.series);
        if series.n_chunks == 0 {
            return Ok(());
        }
        let id = u32::try_from(self.info.n_series).map_err(|_| StoreError::Corrupt {
            path: self.path.clone(),
            reason: "more than 4 billion series".to_owned(),
        })?;
        let mut directory = Vec::with_capacity(series.entries.len() + 2);
        put_uvarint(&mut directory, series.n_chunks);
        directory.extend_from_slice(&series.entries);
        self.sections[CHUNKS].write(&directory);
        self.rows.push(Row {
            chunks_len: directory.len() as u64,
            values_len: series.values_len,
            labels: self.vocabulary.note(labels, id),
        });
        self.info.n_series += 1;
        self.info.n_chunks += series.n_chunks;
        self.info.n_samples += series.n_samples;
        self.drain(WRITE_BYTES)
    }

    /// Writes finished pages of sections that have many.
    fn drain(&mut self, at_least: usize) -> Result<(), StoreError> {
        for section in 0..N_SECTIONS {
            let writer = &mut self.sections[section];
            if writer.waiting() >= at_least {
                let bytes = writer.drain(self.written);
                self.put(&bytes)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(io_error("write", &self.temp))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Gives the part up. What stopped the work is what counts, so nothing comes of it if the file stays: the store
    /// removes it when it is opened again.
    pub(crate) fn abandon(self) {
        if let Err(error) = self.disk.remove(&self.temp) {
            tracing::debug!(path = %self.temp.display(), %error, "cannot remove unfinished part");
        }
    }

    /// Makes the part durable under its name; `None` if it has no samples. Nothing is left of one that fails before
    /// it has its name.
    pub(crate) fn finish(mut self) -> Result<Option<PathBuf>, StoreError> {
        if self.info.n_samples == 0 {
            self.abandon();
            return Ok(None);
        }
        if let Err(error) = self.complete() {
            self.abandon();
            return Err(error);
        }
        self.disk
            .rename(&self.temp, &self.path)
            .map_err(io_error("rename", &self.temp))?;
        let dir = self.path.parent().unwrap_or(&self.path);
        self.disk.sync_dir(dir).map_err(io_error("fsync", dir))?;
        Ok(Some(self.path))
    }

    /// Writes the index and the footer, and makes the file durable.
    fn complete(&mut self) -> Result<(), StoreError> {
        let malformed = |path: &Path| StoreError::Corrupt {
            path: path.to_owned(),
            reason: "table of series does not read back".to_owned(),
        };
        let vocabulary = std::mem::take(&mut self.vocabulary);
        let [.., symbols, postings] = &mut self.sections;
        let (names, numbers) = vocabulary.write(self.info.n_series, (symbols, postings));
        let mut series_offsets = Vec::new();
        let table = &mut self.sections[SERIES];
        let rows = std::mem::take(&mut self.rows);
        rows.finish(
            |label| numbers.of(label),
            |block| {
                series_offsets.push(table.len());
                table.write(block);
            },
        )
        .map_err(|_| malformed(&self.temp))?;
        self.sections.iter_mut().for_each(SectionWriter::close);
        self.drain(1)?;
        let writers = std::mem::replace(&mut self.sections, std::array::from_fn(|_| SectionWriter::new(1)));
        let footer = Footer {
            info: self.info.clone(),
            version: FORMAT.version,
            base: self.base.unwrap_or(0),
            sections: writers.map(SectionWriter::into_section),
            series_offsets,
            names,
        }
        .encode();
        let stored = zstd::bulk::compress(&footer, 3).map_err(io_error("compress", &self.temp))?;
        let mut trailer = self.written.to_le_bytes().to_vec();
        for len in [stored.len(), footer.len()] {
            let len = u32::try_from(len).map_err(|_| StoreError::Corrupt {
                path: self.path.clone(),
                reason: "footer is larger than 4 GiB".to_owned(),
            })?;
            trailer.extend_from_slice(&len.to_le_bytes());
        }
        trailer.extend_from_slice(&xxh3(&stored).to_le_bytes());
        trailer.extend_from_slice(END_MAGIC);
        self.put(&stored)?;
        self.put(&trailer)?;
        self.file.sync().map_err(io_error("fsync", &self.temp))
    }
}

/// Returns how many samples a chunk may have: fewer where each is large.
fn max_chunk(samples: &SampleBuffer) -> usize {
    let numbers = samples
        .histograms
        .iter()
        .map(|(_, histogram)| numbers_of(histogram));
    match numbers.max() {
        None => MAX_CHUNK,
        Some(most) => (MAX_NUMBERS / most.max(1)).clamp(1, MAX_HISTOGRAM_CHUNK),
    }
}
