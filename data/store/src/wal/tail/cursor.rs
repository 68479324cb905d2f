//! A place in a segment that is still being written.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::wal::segment::{self, Beginning, FRAME_HEADER_LEN, Frame, HEADER_LEN, SegmentInfo};

/// See the module. The file stays readable when the log drops it.
pub(super) struct Cursor {
    pub(super) sequence: u64,
    pub(super) path: PathBuf,
    /// Where the next frame begins.
    pub(super) offset: u64,
    file: File,
}

impl Cursor {
    /// Opens a segment at its first frame.
    pub(super) fn open(segment: &SegmentInfo) -> io::Result<Self> {
        let file = File::open(&segment.path)?;
        let mut header = [0u8; HEADER_LEN];
        let n = file.read_at(&mut header, 0)?;
        let offset = match segment::decode_header(header.get(..n).unwrap_or_default()) {
            Beginning::Valid(header) => header.len as u64,
            Beginning::Newer { .. } | Beginning::Invalid => {
                return Err(io::Error::other("the header is damaged"));
            }
        };
        Ok(Self {
            sequence: segment.sequence,
            path: segment.path.clone(),
            offset,
            file,
        })
    }

    /// Returns the next frame's raw bytes, `None` at the end. Of a segment that the log has dropped, `bound`
    /// being `None`, all is read.
    pub(super) fn next_frame(&mut self, bound: Option<u64>) -> io::Result<Option<Vec<u8>>> {
        let bound = match bound {
            Some(bound) => bound,
            None => self.file.metadata()?.len(),
        };
        let mut want = FRAME_HEADER_LEN;
        loop {
            let left = usize::try_from(bound.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            if left == 0 {
                return Ok(None);
            }
            let mut bytes = vec![0; want.min(left)];
            self.file.read_exact_at(&mut bytes, self.offset)?;
            match segment::decode_frame(&bytes) {
                Frame::Whole { stored, raw_len, len } => {
                    let raw = segment::decompress(stored, raw_len);
                    self.offset += len as u64;
                    match raw {
                        Ok(raw) => return Ok(Some(raw)),
                        Err(_) => want = FRAME_HEADER_LEN,
                    }
                }
                Frame::Torn { len } if len > want && want < left => want = len,
                // All up to the bound was whole once, so this is damage: on with the next whole frame.
                Frame::Torn { .. } | Frame::Damaged => {
                    let mut rest = vec![0; left];
                    self.file.read_exact_at(&mut rest, self.offset)?;
                    let skip = segment::find_frame(&rest, 1).unwrap_or(left);
                    self.offset += skip as u64;
                    want = FRAME_HEADER_LEN;
                }
            }
        }
    }
}
