//! Requests made once and kept in files, so that every engine is sent the very same bytes.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::request::{Protocol, RequestWriter};
use super::series::Corpus;
use crate::progress::Progress;

/// Connections that send at the same time. A series is always on the same one.
pub(crate) const CONNECTIONS: u32 = 2;
/// Samples of one request.
pub(crate) const SAMPLES_PER_REQUEST: usize = 5_000;

/// When the samples of a corpus are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// Unix milliseconds of the first round.
    pub(crate) start: i64,
    /// Milliseconds from one round to the next.
    pub(crate) interval: i64,
    /// Number of rounds.
    pub(crate) rounds: u32,
    /// Rounds of one series that travel together: 1 as scrapes are forwarded, more for loading history.
    pub(crate) rounds_per_block: u32,
}

impl Schedule {
    /// Returns the time of a target's sample in a round. Targets are spread over the interval.
    fn time(&self, round: u32, target: u32) -> i64 {
        let offset = i64::from(target.wrapping_mul(2_654_435_761) >> 12) % self.interval;
        self.start + i64::from(round) * self.interval + offset
    }

    /// Returns a time at which every series has its last sample.
    pub(crate) fn end(&self) -> i64 {
        self.start + i64::from(self.rounds) * self.interval
    }
}

/// The files of one load.
#[derive(Debug)]
pub(crate) struct Bodies {
    /// One for each connection.
    pub(crate) files: Vec<PathBuf>,
    /// How they are sent.
    pub(crate) protocol: Protocol,
    /// Samples in all of them.
    pub(crate) samples: u64,
    /// Series in all of them.
    pub(crate) series: u64,
    /// Bytes of all requests.
    pub(crate) bytes: u64,
    /// When the samples are.
    pub(crate) schedule: Schedule,
}

/// Writes all requests of a corpus into files in a folder. The corpus moves on by the rounds of the schedule.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn write_bodies(
    corpus: &mut Corpus,
    (schedule, protocol): (Schedule, Protocol),
    folder: &Path,
    progress: &Progress,
) -> anyhow::Result<Bodies> {
    let name = |n| folder.join(format!("bodies-{}-{n}", protocol as u8));
    let files: Vec<PathBuf> = (0..CONNECTIONS).map(name).collect();
    let mut outputs = Vec::new();
    for path in &files {
        let output = BufWriter::with_capacity(1 << 20, File::create(path)?);
        outputs.push((output, RequestWriter::new(protocol)));
    }
    let mut bodies = Bodies {
        files,
        protocol,
        samples: 0,
        series: corpus.series.len() as u64,
        bytes: 0,
        schedule,
    };
    let mut samples = Vec::new();
    let mut first = 0;
    while first < schedule.rounds {
        let rounds = first..(first + schedule.rounds_per_block).min(schedule.rounds);
        for idx in 0..corpus.series.len() {
            let series = &mut corpus.series[idx];
            samples.clear();
            let target = series.target;
            for round in rounds.clone() {
                if (series.life.0..series.life.1).contains(&round) {
                    samples.push((schedule.time(round, target), series.step()));
                } else if round == series.life.1 {
                    samples.push((schedule.time(round, target), stale()));
                }
            }
            if samples.is_empty() {
                continue;
            }
            let (output, writer) = &mut outputs[(target % CONNECTIONS) as usize];
            bodies.samples += samples.len() as u64;
            writer.push(&corpus.symbols, &corpus.series[idx].labels, &samples);
            if writer.samples >= SAMPLES_PER_REQUEST {
                bodies.bytes += write_frame(output, writer, corpus)?;
            }
        }
        for (output, writer) in &mut outputs {
            if writer.samples > 0 {
                bodies.bytes += write_frame(output, writer, corpus)?;
            }
            // The end of a block: connections wait for each other there.
            output.write_all(&0_u64.to_le_bytes())?;
        }
        progress.advance(rounds.len() as u64)?;
        first = rounds.end;
    }
    for (output, _) in &mut outputs {
        output.flush()?;
    }
    Ok(bodies)
}

/// The mark of an ended series: a NaN with these bits.
fn stale() -> f64 {
    f64::from_bits(0x7ff0_0000_0000_0002)
}

fn write_frame(
    output: &mut BufWriter<File>,
    writer: &mut RequestWriter,
    corpus: &Corpus,
) -> anyhow::Result<u64> {
    let samples = writer.samples as u32;
    let body = writer.finish(&corpus.symbols)?;
    output.write_all(&(body.len() as u32).to_le_bytes())?;
    output.write_all(&samples.to_le_bytes())?;
    output.write_all(body)?;
    Ok(body.len() as u64)
}

/// What comes next in a file.
pub(crate) enum Frame {
    /// A request with so many samples; its body is in the buffer that was passed.
    Request(u64),
    /// The end of a block.
    Barrier,
}

/// Reads requests back.
pub(crate) struct FrameReader(BufReader<File>);

impl FrameReader {
    /// Opens a file that [`write_bodies`] wrote.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self(BufReader::with_capacity(1 << 20, File::open(path)?)))
    }

    /// Reads the next frame; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn next(&mut self, body: &mut Vec<u8>) -> anyhow::Result<Option<Frame>> {
        let mut head = [0; 8];
        match self.0.read_exact(&mut head) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let [a, b, c, d, e, f, g, h] = head;
        let len = u32::from_le_bytes([a, b, c, d]) as usize;
        if len == 0 {
            return Ok(Some(Frame::Barrier));
        }
        body.resize(len, 0);
        self.0.read_exact(body)?;
        Ok(Some(Frame::Request(u64::from(u32::from_le_bytes([e, f, g, h])))))
    }
}
