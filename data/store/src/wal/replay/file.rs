//! A segment read from its beginning, in pieces.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::disk::Disk;
use crate::error::io_error;
use crate::wal::segment::{self, Beginning};

/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// A file of which a part is in memory.
pub(crate) struct SegmentFile {
    file: File,
    buffer: Vec<u8>,
    /// Where in the buffer that begins which is not consumed.
    at: usize,
    /// Where in the file the buffer begins.
    base: usize,
    ended: bool,
}

impl SegmentFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            buffer: Vec::new(),
            at: 0,
            base: 0,
            ended: false,
        })
    }

    /// Returns what is in memory and not consumed.
    pub(crate) fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// Returns where in the file [`SegmentFile::rest`] begins.
    pub(crate) fn offset(&self) -> usize {
        self.base + self.at
    }

    /// Reads on until at least `n` bytes are in memory or the file ends.
    pub(crate) fn ensure(&mut self, n: usize) -> io::Result<()> {
        if self.rest().len() >= n || self.ended {
            return Ok(());
        }
        self.buffer.drain(..self.at);
        self.base += self.at;
        self.at = 0;
        let missing = n.saturating_sub(self.buffer.len()).max(PIECE);
        let read = (&mut self.file)
            .take(missing as u64)
            .read_to_end(&mut self.buffer)?;
        self.ended = read < missing;
        Ok(())
    }

    /// Reads the rest of the file.
    pub(crate) fn read_all(&mut self) -> io::Result<()> {
        self.file.read_to_end(&mut self.buffer)?;
        self.ended = true;
        Ok(())
    }

    pub(crate) fn consume(&mut self, n: usize) {
        self.at = (self.at + n).min(self.buffer.len());
    }

    /// Goes on at an offset at or behind the current one.
    pub(crate) fn skip_to(&mut self, offset: usize) -> io::Result<()> {
        let distance = offset.saturating_sub(self.offset());
        if distance <= self.rest().len() {
            self.consume(distance);
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(offset as u64))?;
        self.buffer.clear();
        (self.at, self.base, self.ended) = (0, offset, false);
        Ok(())
    }
}

/// Lists segments in order of their numbers.
pub(in crate::wal) fn list_segments(dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        let is_segment = path.extension().is_some_and(|extension| extension == "wal");
        let sequence = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(sequence) = sequence.and_then(|stem| stem.parse().ok()).filter(|_| is_segment) {
            paths.push((sequence, path));
        }
    }
    paths.sort();
    Ok(paths)
}

/// Removes what an interrupted rewrite left.
pub(super) fn remove_temporary(disk: &dyn Disk, dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            disk.remove(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}

/// Reads the header of a segment.
pub(super) fn read_header(path: &Path) -> Result<Beginning, StoreError> {
    let mut file = SegmentFile::open(path).map_err(io_error("open", path))?;
    file.ensure(segment::HEADER_LEN).map_err(io_error("read", path))?;
    Ok(segment::decode_header(file.rest()))
}
