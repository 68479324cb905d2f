//! Writing a part, series by series.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use model::{Histogram, Millis, PackedLabels, SampleBuffer};

use super::footer::{CHUNKS, Footer, N_SECTIONS, Name, POSTINGS, PartInfo, SERIES, SYMBOLS, TIMES, VALUES};
use super::section::{Section, SectionWriter};
use super::{
    END_MAGIC, HEADER_LEN, MAGIC, MAX_CHUNK, MAX_HISTOGRAM_CHUNK, SERIES_BLOCK, SYMBOL_BLOCK, VERSION,
};
use crate::StoreError;
use crate::bytes::{put_ivarint, put_str, put_uvarint, xxh3};
use crate::chunk::{MAX_COUNTS, encode_ints, encode_samples};
use crate::disk::{Disk, DiskFile};
use crate::error::io_error;
use crate::head::Postings;

/// Finished payload pages that are written at once.
const WRITE_BYTES: usize = 1 << 20;

/// Pages of sections of which few bytes are read at a time.
const SMALL_PAGE: u32 = 16 << 10;
const LARGE_PAGE: u32 = 64 << 10;

/// Writes one part. Series come in the order of the format; dropping it unfinished leaves a temporary file.
pub(crate) struct PartWriter {
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    temp: PathBuf,
    path: PathBuf,
    /// Bytes in the file.
    written: u64,
    info: PartInfo,
    sections: [SectionWriter; N_SECTIONS],
    series_offsets: Vec<u64>,
    /// Offset of each vector of times, by its hash and length.
    time_vectors: HashMap<(u64, usize), u64>,
    symbols: HashMap<Box<str>, HashMap<Box<str>, Postings>>,
}

impl PartWriter {
    /// Starts a part at `path`. Of `info`, number, level and floor are taken, and the first time, which all
    /// samples must not be before.
    pub(crate) fn create(disk: Arc<dyn Disk>, path: &Path, info: PartInfo) -> Result<Self, StoreError> {
        let temp = path.with_extension("tmp");
        let mut file = disk.create(&temp).map_err(io_error("create", &temp))?;
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&[0; 4]);
        file.write_all(&header).map_err(io_error("write", &temp))?;
        let page = |section| match section {
            VALUES | SERIES => LARGE_PAGE,
            _ => SMALL_PAGE,
        };
        Ok(Self {
            disk,
            file,
            temp,
            path: path.to_owned(),
            written: HEADER_LEN as u64,
            info: PartInfo {
                max_t: Millis::MIN,
                n_series: 0,
                n_chunks: 0,
                n_samples: 0,
                bytes: 0,
                ..info
            },
            sections: std::array::from_fn(|section| SectionWriter::new(page(section))),
            series_offsets: Vec::new(),
            time_vectors: HashMap::new(),
            symbols: HashMap::new(),
        })
    }

    /// Adds a series with its samples, ascending and not empty.
    pub(crate) fn add_series(
        &mut self,
        labels: PackedLabels<'_>,
        samples: &SampleBuffer,
    ) -> Result<(), StoreError> {
        let id = u32::try_from(self.info.n_series).map_err(|_| StoreError::Corrupt {
            path: self.path.clone(),
            reason: "more than 4 billion series".to_owned(),
        })?;
        if self.info.n_series.is_multiple_of(SERIES_BLOCK as u64) {
            self.series_offsets.push(self.sections[SERIES].len());
        }
        let mut row = Vec::new();
        put_uvarint(&mut row, self.sections[CHUNKS].len());
        put_uvarint(&mut row, self.sections[VALUES].len());
        put_str(&mut row, labels.packed());
        self.sections[SERIES].write(&row);
        for (name, value) in labels.iter() {
            if !self.symbols.contains_key(name) {
                self.symbols.insert(name.into(), HashMap::new());
            }
            let Some(values) = self.symbols.get_mut(name) else {
                continue;
            };
            match values.get_mut(value) {
                Some(postings) => postings.push(id),
                None => values.entry(value.into()).or_default().push(id),
            }
        }
        self.add_chunks(samples);
        self.info.n_series += 1;
        self.info.n_samples += samples.len() as u64;
        self.drain_values(WRITE_BYTES)
    }

    fn add_chunks(&mut self, samples: &SampleBuffer) {
        let mut directory = Vec::new();
        // Chunks of equal length rather than full ones and a rest.
        let n_chunks = samples.len().div_ceil(max_chunk(samples));
        let per_chunk = samples.len().div_ceil(n_chunks.max(1)).max(1);
        put_uvarint(&mut directory, samples.len().div_ceil(per_chunk) as u64);
        let mut last = self.info.min_t;
        for from in (0..samples.len()).step_by(per_chunk) {
            let rows = from..samples.len().min(from + per_chunk);
            let times = samples.timestamps.get(rows.clone()).unwrap_or_default();
            let (Some(first_t), Some(last_t)) = (times.first().copied(), times.last().copied()) else {
                continue;
            };
            let mut payload = Vec::new();
            directory.push(encode_samples(samples, rows, &mut payload));
            put_uvarint(&mut directory, times.len() as u64);
            put_ivarint(&mut directory, first_t.wrapping_sub(last));
            put_uvarint(&mut directory, last_t.wrapping_sub(first_t).cast_unsigned());
            put_uvarint(&mut directory, self.time_vector(times));
            put_uvarint(&mut directory, payload.len() as u64);
            self.sections[VALUES].write(&payload);
            last = last_t;
            self.info.max_t = self.info.max_t.max(last_t);
            self.info.n_chunks += 1;
        }
        self.sections[CHUNKS].write(&directory);
    }

    /// Returns the offset of a vector of times, storing it if it is new.
    fn time_vector(&mut self, times: &[Millis]) -> u64 {
        let mut bytes = Vec::new();
        encode_ints(times, &mut bytes);
        let key = (xxh3(&bytes), times.len());
        let section = &mut self.sections[TIMES];
        *self.time_vectors.entry(key).or_insert_with(|| {
            let offset = section.len();
            section.write(&bytes);
            offset
        })
    }

    fn drain_values(&mut self, at_least: usize) -> Result<(), StoreError> {
        let section = &mut self.sections[VALUES];
        if section.waiting() >= at_least {
            let bytes = section.drain();
            self.put(&bytes)?;
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

    /// Writes symbols and postings and returns the names for the footer.
    fn write_symbols(&mut self) -> Vec<Name> {
        let mut symbols: Vec<_> = std::mem::take(&mut self.symbols).into_iter().collect();
        symbols.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut names = Vec::with_capacity(symbols.len());
        for (text, values) in symbols {
            let mut values: Vec<_> = values.into_iter().collect();
            values.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            let mut name = Name {
                text,
                n_values: values.len() as u64,
                blocks: Vec::new(),
            };
            let mut previous: &str = "";
            for (i, (value, postings)) in values.iter().enumerate() {
                if i % SYMBOL_BLOCK == 0 {
                    name.blocks.push((value.clone(), self.sections[SYMBOLS].len()));
                    previous = "";
                }
                let entry = self.symbol_entry(previous, value, postings);
                self.sections[SYMBOLS].write(&entry);
                previous = value;
            }
            names.push(name);
        }
        names
    }

    fn symbol_entry(&mut self, previous: &str, value: &str, postings: &Postings) -> Vec<u8> {
        let mut entry = Vec::new();
        let shared = value
            .bytes()
            .zip(previous.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        // The rest of a string must be text by itself.
        let shared = (0..=shared)
            .rev()
            .find(|at| value.is_char_boundary(*at))
            .unwrap_or(0);
        put_uvarint(&mut entry, shared as u64);
        put_str(&mut entry, value.get(shared..).unwrap_or(""));
        put_uvarint(&mut entry, u64::from(postings.len()));
        if postings.len() == 1 {
            put_uvarint(&mut entry, u64::from(postings.last()));
        } else {
            put_uvarint(&mut entry, self.sections[POSTINGS].len());
            put_uvarint(&mut entry, postings.bytes().len() as u64);
            self.sections[POSTINGS].write(postings.bytes());
        }
        entry
    }

    /// Makes the part durable under its name; `None` if it has no samples.
    pub(crate) fn finish(mut self) -> Result<Option<PathBuf>, StoreError> {
        if self.info.n_samples == 0 {
            self.disk
                .remove(&self.temp)
                .map_err(io_error("remove", &self.temp))?;
            return Ok(None);
        }
        let names = self.write_symbols();
        let mut placed: [Section; N_SECTIONS] = Default::default();
        let writers = std::mem::replace(&mut self.sections, std::array::from_fn(|_| SectionWriter::new(1)));
        for (section, (slot, mut writer)) in placed.iter_mut().zip(writers).enumerate() {
            // Pages of the values are in the file already, from behind the header on.
            let start = if section == VALUES {
                HEADER_LEN as u64
            } else {
                self.written
            };
            writer.close();
            let bytes = writer.drain();
            self.put(&bytes)?;
            *slot = writer.place(start);
        }
        let series_offsets = std::mem::take(&mut self.series_offsets);
        let footer = Footer {
            info: self.info.clone(),
            sections: placed,
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
        self.file.sync().map_err(io_error("fsync", &self.temp))?;
        self.disk
            .rename(&self.temp, &self.path)
            .map_err(io_error("rename", &self.temp))?;
        let dir = self.path.parent().unwrap_or(&self.path);
        self.disk.sync_dir(dir).map_err(io_error("fsync", dir))?;
        Ok(Some(self.path))
    }
}

/// Returns how many samples a chunk may have: fewer where each is large.
fn max_chunk(samples: &SampleBuffer) -> usize {
    let buckets = |(_, h): &(u32, Histogram)| h.positive.counts.len() + h.negative.counts.len();
    match samples.histograms.iter().map(buckets).max() {
        None => MAX_CHUNK,
        Some(most) => (MAX_COUNTS / most.max(1)).clamp(1, MAX_HISTOGRAM_CHUNK),
    }
}
