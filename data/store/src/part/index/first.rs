//! The table of series in format 1: labels as strings.
//!
//! Per series: uvarint offset in `chunks`, uvarint offset of its first payload in `values`, uvarint length and
//! bytes of the packed labels. The footer holds the offset of every 16th series.

use crate::bytes::{Malformed, Reader};
use crate::part::footer::SERIES;
use crate::part::reader::{Part, PartError};

/// Series between known offsets.
pub(in crate::part) const FIRST_BLOCK_ROWS: usize = 16;

/// Where a series' directory and payloads start.
#[derive(Clone, Copy, Debug)]
pub(in crate::part) struct FirstPlace {
    pub(in crate::part) chunks: u64,
    pub(in crate::part) values: u64,
}

impl Part {
    /// Calls `each` with places and packed labels of the series asked for, which come in ascending order.
    pub(in crate::part) fn first_rows(
        &self,
        ids: &[u32],
        mut each: impl FnMut(u32, FirstPlace, &str),
    ) -> Result<(), PartError> {
        let mut pages = self.pages(SERIES);
        let mut rest = ids.iter().copied().peekable();
        while let Some(next) = rest.peek().copied() {
            let block = next as usize / FIRST_BLOCK_ROWS;
            let start = *self.footer.series_offsets.get(block).ok_or(Malformed)?;
            let end = self.footer.series_offsets.get(block + 1).copied();
            let end = end.unwrap_or(self.section_len(SERIES));
            let len = usize::try_from(end.saturating_sub(start)).map_err(|_| Malformed)?;
            let mut reader = Reader::new(pages.bytes(start, len)?);
            let mut id = (block * FIRST_BLOCK_ROWS) as u32;
            while rest
                .peek()
                .is_some_and(|next| *next as usize / FIRST_BLOCK_ROWS == block)
            {
                let (chunks, values) = (reader.uvarint()?, reader.uvarint()?);
                let labels = reader.str()?;
                if rest.next_if_eq(&id).is_some() {
                    each(id, FirstPlace { chunks, values }, labels);
                }
                id += 1;
            }
        }
        Ok(())
    }
}
