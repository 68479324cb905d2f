//! The log of rows that are in no file yet: segments of checksummed records in a local folder.
//!
//! A segment is a head and records; the payloads of its records, one after another, are one Arrow IPC stream, so a
//! segment carries its own schema and rows of an older version of a table can be read back. A record counts when it
//! was synced. After a failed write or sync a new segment begins with the same sequence number: records of an older
//! segment that claim that number or a later one were never acknowledged and do not count.

mod format;
mod recover;

pub(crate) use recover::{Recovered, recover};

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::MetadataVersion;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};

/// A segment is closed when it is larger.
const SEGMENT_BYTES: u64 = 32 << 20;

/// Why the log cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The folder or a file of it.
    #[error("failed to read {path}")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A segment of a later version of this program.
    #[error("{path} has format version {found}, this program knows {known}; start the version that wrote it")]
    Version {
        /// The segment.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version known.
        known: u32,
    },
}

/// The log of one table. Belongs to one thread.
pub(crate) struct Log {
    folder: PathBuf,
    schema: SchemaRef,
    /// `None` after a failure and at the start: the next append begins one.
    segment: Option<Segment>,
    /// Segments that are not written any more, the oldest first.
    closed: VecDeque<Closed>,
    next_sequence: u64,
    next_segment: u64,
}

struct Segment {
    path: PathBuf,
    file: File,
    stream: StreamWriter<Vec<u8>>,
    bytes: u64,
    /// Highest sequence number that it may hold.
    last_sequence: u64,
}

struct Closed {
    path: PathBuf,
    bytes: u64,
    last_sequence: u64,
}

impl Log {
    /// Appends rows, one record a batch, and syncs. Returns the sequence number of the last.
    ///
    /// # Errors
    /// Nothing of it counts; the next append begins a new segment.
    pub(crate) fn append(&mut self, batches: &[RecordBatch]) -> io::Result<u64> {
        let result = self.try_append(batches);
        match result {
            Ok(bytes) => {
                self.next_sequence += batches.len() as u64;
                let last = self.next_sequence - 1;
                if let Some(segment) = &mut self.segment {
                    segment.bytes += bytes;
                    segment.last_sequence = last;
                }
                if self
                    .segment
                    .as_ref()
                    .is_some_and(|segment| segment.bytes >= SEGMENT_BYTES)
                {
                    self.roll();
                }
                Ok(last)
            }
            Err(error) => {
                self.abandon();
                Err(error)
            }
        }
    }

    fn try_append(&mut self, batches: &[RecordBatch]) -> io::Result<u64> {
        if self.segment.is_none() {
            self.segment = Some(self.begin()?);
        }
        let segment = self.segment.as_mut().expect("begun just above");
        let mut buffer = Vec::new();
        for (sequence, batch) in (self.next_sequence..).zip(batches) {
            segment.stream.write(batch).map_err(|error| invalid(&error))?;
            let payload = std::mem::take(segment.stream.get_mut());
            format::put_record(&mut buffer, sequence, &payload)?;
        }
        segment.file.write_all(&buffer)?;
        segment.file.sync_data()?;
        Ok(buffer.len() as u64)
    }

    /// Creates a segment: head and schema.
    fn begin(&mut self) -> io::Result<Segment> {
        let path = self.folder.join(format::file_name(self.next_segment));
        self.next_segment += 1;
        let mut stream = stream(&self.schema).map_err(|error| invalid(&error))?;
        let schema = std::mem::take(stream.get_mut());
        let mut buffer = format::head(self.next_sequence);
        format::put_record(&mut buffer, format::SCHEMA, &schema)?;
        let mut file = File::create_new(&path)?;
        let written = file
            .write_all(&buffer)
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(&self.folder)?.sync_all());
        if let Err(error) = written {
            // An empty segment says nothing; if it cannot be removed, reading it back passes over it.
            _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Segment {
            path,
            file,
            stream,
            bytes: buffer.len() as u64,
            last_sequence: self.next_sequence.saturating_sub(1),
        })
    }

    /// Ends the segment; the next append begins another.
    pub(crate) fn roll(&mut self) {
        if let Some(segment) = self.segment.take() {
            self.closed.push_back(Closed {
                path: segment.path,
                bytes: segment.bytes,
                last_sequence: segment.last_sequence,
            });
        }
    }

    /// Ends the segment after a failure. What it holds beyond the last acknowledged record is overruled by the
    /// head of the next one.
    fn abandon(&mut self) {
        self.roll();
    }

    /// Removes the segments whose records are all in files: those up to `sequence`. Returns how many could not be
    /// removed; they are tried again.
    pub(crate) fn forget(&mut self, sequence: u64) -> usize {
        let mut kept = VecDeque::new();
        while let Some(segment) = self.closed.pop_front() {
            if segment.last_sequence > sequence {
                kept.push_back(segment);
                continue;
            }
            if let Err(error) = fs::remove_file(&segment.path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(path = %segment.path.display(), %error, "failed to remove a segment of the lake's log");
                kept.push_back(segment);
            }
        }
        self.closed = kept;
        self.closed
            .iter()
            .filter(|segment| segment.last_sequence <= sequence)
            .count()
    }

    /// Returns the bytes of all segments.
    pub(crate) fn bytes(&self) -> u64 {
        let closed: u64 = self.closed.iter().map(|segment| segment.bytes).sum();
        closed + self.segment.as_ref().map_or(0, |segment| segment.bytes)
    }
}

/// Creates the folder of a log.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Begins a stream. Records hold few rows, and padding each buffer of each column to 64 bytes would make most of a
/// record.
fn stream(schema: &SchemaRef) -> Result<StreamWriter<Vec<u8>>, ArrowError> {
    let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?;
    StreamWriter::try_new_with_options(Vec::new(), schema, options)
}

/// Says what is wrong with a stream of rows.
fn invalid(error: &ArrowError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests;
