//! Reading a part.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::TimeRange;
use parking_lot::Mutex;
use zstd::zstd_safe::get_frame_content_size;

use super::cache::{Page, PageCache, Unpacker};
use super::footer::{Footer, N_SECTIONS, POSTINGS, PartInfo, SERIES, SYMBOLS};
use super::index::MatchCache;
use super::{END_MAGIC, FORMAT, TRAILER_LEN};
use crate::StoreError;
use crate::bytes::{HEADER_LEN, Header, Malformed, Reader, xxh3};
use crate::error::io_error;
use crate::tombstones::Buried;

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

/// The pages of a part whose checksum was found right, a bit for each.
struct Verified([Box<[AtomicU64]>; N_SECTIONS]);

impl Verified {
    fn new(footer: &Footer) -> Self {
        Self(std::array::from_fn(|section| {
            let words = footer.sections[section].pages.len().div_ceil(64);
            (0..words).map(|_| AtomicU64::new(0)).collect()
        }))
    }

    fn word(&self, section: usize, page: usize) -> Option<&AtomicU64> {
        self.0.get(section)?.get(page / 64)
    }

    fn has(&self, section: usize, page: usize) -> bool {
        let word = self.word(section, page);
        word.is_some_and(|word| word.load(Ordering::Relaxed) >> (page % 64) & 1 == 1)
    }

    fn insert(&self, section: usize, page: usize) {
        if let Some(word) = self.word(section, page) {
            word.fetch_or(1 << (page % 64), Ordering::Relaxed);
        }
    }
}

/// One part, open. The file stays readable when it is removed meanwhile.
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(super) footer: Footer,
    file: File,
    cache: Arc<PageCache>,
    verified: Verified,
    /// Ids by matcher, of those lately asked for.
    pub(super) matched: Mutex<MatchCache>,
    /// Which series tombstones hit.
    pub(crate) buried: Mutex<Option<Arc<Buried>>>,
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
        let version = match FORMAT.read(&mut Reader::new(&header)) {
            Header::Known(version) => version,
            Header::Newer(found) => {
                return Err(StoreError::NewerFormat {
                    path: path.to_owned(),
                    found,
                    supported: FORMAT.version,
                });
            }
            Header::Damaged => return Err(corrupt("header is not that of a part")),
        };
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
        // Nothing vouches for the trailer, so memory is taken only for what the footer itself says.
        if !matches!(get_frame_content_size(&stored), Ok(Some(len)) if len == u64::from(raw_len)) {
            return Err(corrupt("footer is not as long as the trailer says"));
        }
        let raw = zstd::bulk::decompress(&stored, raw_len as usize).map_err(|e| corrupt(&e.to_string()))?;
        let footer = Footer::decode(&raw, (version, bytes)).map_err(|_| corrupt("footer is malformed"))?;
        Ok(Self {
            path: path.to_owned(),
            verified: Verified::new(&footer),
            footer,
            file,
            cache,
            matched: Mutex::default(),
            buried: Mutex::default(),
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

    /// Returns the format of the file.
    pub(crate) fn version(&self) -> u32 {
        self.footer.version
    }

    /// Returns how many bytes of the file are there to find series.
    pub(crate) fn index_bytes(&self) -> u64 {
        let sections = [SERIES, SYMBOLS, POSTINGS].iter();
        let pages = sections.flat_map(|section| &self.footer.sections[*section].pages);
        pages.map(|page| u64::from(page.stored)).sum()
    }

    pub(super) fn page(&self, section: usize, page: usize) -> Result<Page, PartError> {
        let key = (self.footer.info.id, section as u8, page as u32);
        if let Some(bytes) = self.cache.get(key) {
            return Ok(bytes);
        }
        let damaged = || PartError::Damaged { section, page };
        let table = self.footer.sections.get(section).ok_or_else(damaged)?;
        let raw = self.cache.unpack(|unpacker| {
            let Unpacker { context, stored } = unpacker;
            // What was read once and was sound is what the system has; decay of the disk is the scrubber's.
            let known = self.verified.has(section, page);
            let compressed = self.read_stored((section, page), !known, stored)?;
            if !known {
                self.verified.insert(section, page);
            }
            if compressed {
                context
                    .decompress(stored, table.raw_len(page))
                    .map_err(|_| damaged())
            } else {
                Ok(stored.clone())
            }
        })?;
        if raw.len() != table.raw_len(page) {
            return Err(damaged());
        }
        let raw = Arc::new(raw);
        self.cache.insert(key, &raw);
        Ok(raw)
    }

    /// Reads a page from the disk and compares it with its checksum.
    pub(crate) fn verify_page(&self, section: usize, page: usize) -> Result<(), PartError> {
        self.cache.unpack(|unpacker| {
            let read = self.read_stored((section, page), true, &mut unpacker.stored);
            read.map(|_| ())
        })
    }

    /// Reads a page as stored, compares it with its checksum if so wanted, and returns whether it is compressed.
    fn read_stored(
        &self,
        (section, page): (usize, usize),
        verify: bool,
        stored: &mut Vec<u8>,
    ) -> Result<bool, PartError> {
        let damaged = || PartError::Damaged { section, page };
        let table = self.footer.sections.get(section).ok_or_else(damaged)?;
        let entry = table.pages.get(page).ok_or_else(damaged)?;
        if entry.offset.saturating_add(u64::from(entry.stored)) > self.footer.info.bytes {
            return Err(damaged());
        }
        stored.resize(entry.stored as usize, 0);
        match self.file.read_exact_at(stored, entry.offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(damaged()),
            other => other?,
        }
        if verify && xxh3(stored) != entry.sum {
            return Err(damaged());
        }
        Ok(entry.compressed)
    }

    /// Reads header and footer again and compares them with their checksum; returns their size.
    pub(crate) fn verify_footer(&self) -> Result<u64, PartError> {
        let again = Self::open(&self.path, Arc::clone(&self.cache)).map_err(|error| match error {
            StoreError::Io { source, .. } => PartError::Io(source),
            _ => Malformed.into(),
        })?;
        let pages = again.footer.sections.iter().flat_map(|section| &section.pages);
        let stored: u64 = pages.map(|page| u64::from(page.stored)).sum();
        Ok(again.footer.info.bytes.saturating_sub(stored))
    }

    /// Returns how many pages each section has.
    pub(crate) fn n_pages(&self) -> [usize; N_SECTIONS] {
        std::array::from_fn(|section| self.footer.sections[section].pages.len())
    }

    /// Returns how many bytes of the file a page is.
    pub(crate) fn page_bytes(&self, section: usize, page: usize) -> u64 {
        let pages = self.footer.sections.get(section).map(|s| &s.pages);
        pages
            .and_then(|pages| pages.get(page))
            .map_or(0, |page| u64::from(page.stored))
    }
}
