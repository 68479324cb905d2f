//! Reading the log back at the start.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamDecoder;

use super::{Closed, Log, LogError, create_folder, format, invalid};

/// What the log held.
pub(crate) struct Recovered {
    /// The log, ready for more.
    pub(crate) log: Log,
    /// Rows that are in no file yet, with their sequence numbers, ascending.
    pub(crate) batches: Vec<(u64, RecordBatch)>,
    /// Segments that end in bytes that are no record, and how many. At the end of the last one that is what was being
    /// written when the process ended; elsewhere it is damage.
    pub(crate) damaged: Vec<(PathBuf, usize)>,
}

/// Reads a log, and leaves out what is in files already: everything up to `applied`.
///
/// # Errors
/// The folder or a file cannot be read, or a later version wrote it.
pub(crate) fn recover(folder: &Path, schema: SchemaRef, applied: u64) -> Result<Recovered, LogError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| LogError::Read { path, source }
    };
    create_folder(folder).map_err(failed(folder))?;
    let mut segments = Vec::new();
    for number in numbers(folder).map_err(failed(folder))? {
        let path = folder.join(format::file_name(number));
        let bytes = fs::read(&path).map_err(failed(&path))?;
        segments.push(read(number, path, &bytes)?);
    }
    // A later segment overrules what an older one holds from its first number on.
    let mut end = u64::MAX;
    for segment in segments.iter_mut().rev() {
        segment.batches.retain(|(sequence, _)| *sequence < end);
        end = segment.first.map_or(end, |first| first.min(end));
    }
    let last = segments.iter().flat_map(|segment| segment.batches.last());
    let last = last
        .map(|(sequence, _)| *sequence)
        .max()
        .unwrap_or(0)
        .max(applied);
    let claimed = segments
        .iter()
        .filter_map(|segment| segment.first)
        .max()
        .unwrap_or(1);
    let log = Log {
        folder: folder.to_owned(),
        schema,
        segment: None,
        next_segment: segments.last().map_or(1, |segment| segment.number + 1),
        closed: segments.iter().map(Read::as_closed).collect::<VecDeque<_>>(),
        next_sequence: (last + 1).max(claimed),
    };
    let damaged = segments.iter().filter(|segment| segment.rest > 0);
    let damaged = damaged
        .map(|segment| (segment.path.clone(), segment.rest))
        .collect();
    let batches = segments.into_iter().flat_map(|segment| segment.batches);
    Ok(Recovered {
        log,
        batches: batches.filter(|(sequence, _)| *sequence > applied).collect(),
        damaged,
    })
}

struct Read {
    number: u64,
    path: PathBuf,
    bytes: u64,
    /// `None` if not even the head can be read.
    first: Option<u64>,
    batches: Vec<(u64, RecordBatch)>,
    /// Bytes after the last good record.
    rest: usize,
}

impl Read {
    fn as_closed(&self) -> Closed {
        Closed {
            path: self.path.clone(),
            bytes: self.bytes,
            last_sequence: self.batches.last().map_or(0, |(sequence, _)| *sequence),
        }
    }
}

fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(format::number_of));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn read(number: u64, path: PathBuf, bytes: &[u8]) -> Result<Read, LogError> {
    let mut rest = bytes;
    let mut batches = Vec::new();
    let first = match format::take_head(&mut rest) {
        None => None,
        Some(format::Head::First(first)) => Some(first),
        Some(format::Head::Unknown(found)) => {
            return Err(LogError::Version {
                path,
                found,
                known: format::VERSION,
            });
        }
    };
    if first.is_some() {
        let mut decoder = StreamDecoder::new();
        while let Some((sequence, payload)) = format::take_record(&mut rest) {
            match decode(&mut decoder, payload) {
                Ok(Some(batch)) if sequence != format::SCHEMA => batches.push((sequence, batch)),
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(path = %path.display(), sequence, %error, "a record of the lake's log holds no rows");
                    break;
                }
            }
        }
    }
    Ok(Read {
        number,
        path,
        bytes: bytes.len() as u64,
        first,
        batches,
        rest: rest.len(),
    })
}

fn decode(decoder: &mut StreamDecoder, payload: &[u8]) -> io::Result<Option<RecordBatch>> {
    let mut buffer = Buffer::from(payload);
    let mut found = None;
    while !buffer.is_empty() {
        match decoder.decode(&mut buffer).map_err(|error| invalid(&error))? {
            Some(batch) => found = Some(batch),
            None => break,
        }
    }
    Ok(found)
}
