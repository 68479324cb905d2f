//! Reading bytes of a section without copying what lies in one page.

use super::cache::Page;
use super::reader::{Part, PartError};
use crate::bytes::Malformed;

/// A place in one section, that holds the page it is in.
pub(super) struct Window {
    section: usize,
    current: Option<(usize, Page)>,
    /// Bytes that lie in several pages, put together.
    joined: Vec<u8>,
}

impl Window {
    pub(super) fn new(section: usize) -> Self {
        Self {
            section,
            current: None,
            joined: Vec::new(),
        }
    }

    fn page(&mut self, part: &Part, page: usize) -> Result<&Page, PartError> {
        if self.current.as_ref().is_none_or(|(at, _)| *at != page) {
            self.current = Some((page, part.page(self.section, page)?));
        }
        Ok(&self.current.as_ref().ok_or(Malformed)?.1)
    }

    /// Returns the bytes of the stream from `offset` on, all `len` of them.
    pub(super) fn bytes(&mut self, part: &Part, offset: u64, len: usize) -> Result<&[u8], PartError> {
        let table = &part.footer.sections[self.section];
        let (size, total) = (u64::from(table.page_size), table.len);
        if offset.checked_add(len as u64).is_none_or(|end| end > total) {
            return Err(Malformed.into());
        }
        if len == 0 {
            return Ok(&[]);
        }
        let page = usize::try_from(offset / size).map_err(|_| Malformed)?;
        let from = (offset % size) as usize;
        if from + len <= size as usize {
            return Ok(self.page(part, page)?.get(from..from + len).ok_or(Malformed)?);
        }
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        let (mut page, mut from) = (page, from);
        while joined.len() < len {
            let missing = len - joined.len();
            let bytes = self.page(part, page)?;
            let bytes = bytes
                .get(from..bytes.len().min(from + missing))
                .ok_or(Malformed)?;
            if bytes.is_empty() {
                return Err(Malformed.into());
            }
            joined.extend_from_slice(bytes);
            (page, from) = (page + 1, 0);
        }
        self.joined = joined;
        Ok(&self.joined)
    }

    /// Returns up to `len` bytes of the stream from `offset` on, fewer at its end.
    pub(super) fn up_to(&mut self, part: &Part, offset: u64, len: usize) -> Result<&[u8], PartError> {
        let total = part.section_len(self.section);
        let left = usize::try_from(total.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.bytes(part, offset, len.min(left))
    }
}

/// Reads from one section of a part; keeps the page it is in.
pub(super) struct Pages<'a> {
    part: &'a Part,
    window: Window,
}

impl Pages<'_> {
    /// Returns the bytes of the stream from `offset` on, all `len` of them.
    pub(super) fn bytes(&mut self, offset: u64, len: usize) -> Result<&[u8], PartError> {
        self.window.bytes(self.part, offset, len)
    }

    /// Returns up to `len` bytes of the stream from `offset` on, fewer at its end.
    pub(super) fn up_to(&mut self, offset: u64, len: usize) -> Result<&[u8], PartError> {
        self.window.up_to(self.part, offset, len)
    }
}

impl Part {
    /// Starts to read from a section.
    pub(super) fn pages(&self, section: usize) -> Pages<'_> {
        Pages {
            part: self,
            window: Window::new(section),
        }
    }

    /// Returns the length of a section's stream.
    pub(super) fn section_len(&self, section: usize) -> u64 {
        self.footer.sections.get(section).map_or(0, |s| s.len)
    }
}
