//! A stream of bytes in checksummed, compressed pages.
//!
//! Section in the footer: uvarint page size, uvarint bytes of the stream, page table. Page table entry: uvarint
//! bytes of the file between the page before (first page: the file's start) and this one, u32 stored bytes with
//! the highest bit set if compressed (zstd-1, where it saves 5 % or more), u64 xxh3 of the stored bytes. In
//! format 1 pages follow each other, and the offset of the first one stands before the table.

use crate::bytes::{Malformed, Reader, put_uvarint, xxh3};

const COMPRESSED: u32 = 1 << 31;

/// Largest page that is read, far above those that are written: each is held in memory as a whole.
const MAX_PAGE: u32 = 1 << 20;

/// One page of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// Where it starts in the file.
    pub(super) offset: u64,
    pub(super) stored: u32,
    pub(super) compressed: bool,
    pub(super) sum: u64,
}

/// Where a section's pages are.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub(super) page_size: u32,
    /// Bytes of the stream.
    pub(super) len: u64,
    pub(super) pages: Vec<Page>,
}

impl Section {
    /// Returns how many bytes of the stream are in a page.
    pub(super) fn raw_len(&self, page: usize) -> usize {
        let start = page as u64 * u64::from(self.page_size);
        // At most a page's size, which fits.
        self.len.saturating_sub(start).min(u64::from(self.page_size)) as usize
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_uvarint(out, u64::from(self.page_size));
        put_uvarint(out, self.len);
        let mut end = 0;
        for page in &self.pages {
            put_uvarint(out, page.offset - end);
            end = page.offset + u64::from(page.stored);
            let flag = if page.compressed { COMPRESSED } else { 0 };
            out.extend_from_slice(&(page.stored | flag).to_le_bytes());
            out.extend_from_slice(&page.sum.to_le_bytes());
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>, version: u32) -> Result<Self, Malformed> {
        let page_size = reader.number::<u32>()?;
        if page_size > MAX_PAGE {
            return Err(Malformed);
        }
        let len = reader.uvarint()?;
        let mut offset = if version == 1 { reader.uvarint()? } else { 0 };
        let n = len.checked_div(u64::from(page_size)).ok_or(Malformed)?
            + u64::from(len % u64::from(page_size) > 0);
        let mut pages = Vec::new();
        for _ in 0..n {
            let gap = if version == 1 { 0 } else { reader.uvarint()? };
            offset = offset.checked_add(gap).ok_or(Malformed)?;
            let flagged = reader.u32()?;
            let (stored, compressed) = (flagged & !COMPRESSED, flagged & COMPRESSED != 0);
            pages.push(Page {
                offset,
                stored,
                compressed,
                sum: reader.u64()?,
            });
            offset = offset.checked_add(u64::from(stored)).ok_or(Malformed)?;
        }
        Ok(Self {
            page_size,
            len,
            pages,
        })
    }
}

/// Builds a section. Finished pages gather until they are drained to the file.
pub(super) struct SectionWriter {
    raw: Vec<u8>,
    stored: Vec<u8>,
    /// Pages that have a place in the file.
    n_placed: usize,
    section: Section,
}

impl SectionWriter {
    pub(super) fn new(page_size: u32) -> Self {
        let section = Section {
            page_size,
            ..Section::default()
        };
        Self {
            raw: Vec::new(),
            stored: Vec::new(),
            n_placed: 0,
            section,
        }
    }

    /// Returns the length of the stream so far.
    pub(super) fn len(&self) -> u64 {
        self.section.len
    }

    /// Appends bytes to the stream.
    pub(super) fn write(&mut self, mut bytes: &[u8]) {
        self.section.len += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = self.section.page_size as usize - self.raw.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.raw.extend_from_slice(now);
            bytes = later;
            if self.raw.len() == self.section.page_size as usize {
                self.close();
            }
        }
    }

    /// Ends the page that is being filled; only the last one may be shorter than the others.
    pub(super) fn close(&mut self) {
        if self.raw.is_empty() {
            return;
        }
        let packed = zstd::bulk::compress(&self.raw, 1).ok();
        let packed = packed.filter(|p| p.len() * 20 <= self.raw.len() * 19);
        let bytes = packed.as_deref().unwrap_or(&self.raw);
        self.section.pages.push(Page {
            offset: 0,
            // A page is far smaller than 2 GiB.
            stored: bytes.len() as u32,
            compressed: packed.is_some(),
            sum: xxh3(bytes),
        });
        self.stored.extend_from_slice(bytes);
        self.raw.clear();
    }

    /// Returns finished pages that are not in the file yet, which are to be written at `offset`.
    pub(super) fn drain(&mut self, mut offset: u64) -> Vec<u8> {
        for page in self.section.pages.iter_mut().skip(self.n_placed) {
            page.offset = offset;
            offset += u64::from(page.stored);
        }
        self.n_placed = self.section.pages.len();
        std::mem::take(&mut self.stored)
    }

    /// Returns the bytes of finished pages that wait.
    pub(super) fn waiting(&self) -> usize {
        self.stored.len()
    }

    /// Returns the section, all of which has been drained.
    pub(super) fn into_section(self) -> Section {
        self.section
    }
}
