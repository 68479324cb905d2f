//! A part out of bytes from a fuzzer: checksums are made to fit, then all of it is read.

use std::path::Path;
use std::sync::Arc;

use model::{SampleBuffer, TimeRange};

use super::footer::Footer;
use super::{Cursor, END_MAGIC, FORMAT, Part, PartError};
use crate::StoreError;
use crate::bytes::{HEADER_LEN, xxh3};
use crate::part::PageCache;

/// Series that are read; a footer may claim any number.
const MAX_SERIES: u64 = 64;

pub(crate) fn read(bytes: &[u8]) {
    let Some(file) = sealed(bytes) else { return };
    // In memory where there is a place for it: this happens thousands of times a second.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let path = tempfile::NamedTempFile::new_in(folder).expect("a temporary file can be made");
    std::fs::write(path.path(), file).expect("a temporary file can be written");
    if let Ok(part) = Part::open(path.path(), Arc::new(PageCache::new(1 << 20))) {
        let _damaged = read_all(&part);
    }
}

/// Returns the file that a fuzzer's bytes stand for.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (low, rest) = bytes.split_first()?;
    let (high, rest) = rest.split_first()?;
    let (raw, stream) = rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
    let mut file = FORMAT.header();
    file.extend_from_slice(stream);
    let mut footer = Footer::decode(raw, (FORMAT.version, file.len() as u64)).ok()?;
    for page in footer.sections.iter_mut().flat_map(|section| &mut section.pages) {
        let from = usize::try_from(page.offset).ok()?;
        if let Some(stored) = file.get(from..from.checked_add(page.stored as usize)?) {
            page.sum = xxh3(stored);
        }
    }
    Some(finish(file, &footer))
}

/// Appends footer and trailer.
fn finish(mut file: Vec<u8>, footer: &Footer) -> Vec<u8> {
    let raw = footer.encode();
    let stored = zstd::bulk::compress(&raw, 1).expect("what is in memory can be compressed");
    let offset = file.len() as u64;
    file.extend_from_slice(&stored);
    file.extend_from_slice(&offset.to_le_bytes());
    for len in [stored.len(), raw.len()] {
        file.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    }
    file.extend_from_slice(&xxh3(&stored).to_le_bytes());
    file.extend_from_slice(END_MAGIC);
    file
}

/// Turns a part into what [`read`] takes, its pages unpacked.
pub(crate) fn input(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut part = Part::open(path, Arc::new(PageCache::new(1 << 20)))?;
    let n_pages = part.n_pages();
    let mut stream = Vec::new();
    for (section, n) in n_pages.into_iter().enumerate() {
        for page in 0..n {
            let raw = part.page(section, page).map_err(|error| StoreError::Corrupt {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
            if let Some(entry) = part.footer.sections[section].pages.get_mut(page) {
                entry.offset = (HEADER_LEN + stream.len()) as u64;
                entry.stored = raw.len() as u32;
                entry.compressed = false;
            }
            stream.extend_from_slice(&raw);
        }
    }
    let raw = part.footer.encode();
    let len = u16::try_from(raw.len()).map_err(|_| StoreError::Corrupt {
        path: path.to_owned(),
        reason: "footer is larger than 64 KiB".to_owned(),
    })?;
    Ok([&len.to_le_bytes()[..], &raw, &stream].concat())
}

/// Reads all there is of a part.
fn read_all(part: &Part) -> Result<(), PartError> {
    let ids: Vec<u32> = (0..part.info().n_series.min(MAX_SERIES) as u32).collect();
    let mut labels = Vec::new();
    let listed = part.labels(&ids, |_, packed| labels.push(packed.to_owned()));
    let mut cursor = Cursor::default();
    let mut samples = SampleBuffer::default();
    for id in &ids {
        samples.clear();
        if cursor.samples((part, *id), TimeRange::ALL, &mut samples).is_ok() {
            assert_eq!(samples.timestamps.len(), samples.values.len());
        }
    }
    for packed in labels {
        if model::PackedLabels::parse(&packed).is_ok() {
            let _found = part.find(&packed)?;
        }
    }
    let mut names = Vec::new();
    part.label_names(|name| names.push(name.to_owned()));
    for name in names {
        let mut n_values = 0u64;
        part.label_values(&name, |_| n_values += 1)?;
        let mut hits = Vec::new();
        part.scan(&name, (&[], &mut |_| true), &mut hits)?;
        hits.clear();
        part.equal(&name, "", &mut hits)?;
    }
    listed
}
