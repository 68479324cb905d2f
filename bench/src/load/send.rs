//! Sending prepared requests, as fast as they are acknowledged.

use std::path::Path;
use std::sync::Barrier;
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use testkit::Client;

use super::body::{Bodies, Frame, FrameReader};
use super::request::Protocol;
use crate::progress::Progress;

/// Attempts after an answer that asks to try again.
const ATTEMPTS: u32 = 6;

/// How a load went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// From the first byte to the last acknowledgement.
    pub(crate) wall: Duration,
    /// Samples of requests that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Requests that were refused for good.
    pub(crate) errors: u64,
    /// Answers that asked to try again.
    pub(crate) retries: u64,
    /// What the first refusal said.
    pub(crate) first_error: Option<String>,
}

/// Sends all requests on as many connections as there are files.
///
/// # Errors
/// The engine does not answer at all, or the run is being stopped.
pub(crate) fn send(client: &Client, bodies: &Bodies, progress: &Progress) -> anyhow::Result<Sent> {
    let barrier = Barrier::new(bodies.files.len());
    let start = Instant::now();
    let parts = std::thread::scope(|scope| -> anyhow::Result<Vec<Sent>> {
        let mut handles = Vec::new();
        for (number, path) in bodies.files.iter().enumerate() {
            let barrier = &barrier;
            let connection = move || send_file(client, (path, bodies.protocol), barrier, progress);
            let builder = Builder::new().name(format!("connection-{number}"));
            handles.push(builder.spawn_scoped(scope, connection)?);
        }
        let join = |handle: std::thread::ScopedJoinHandle<'_, anyhow::Result<Sent>>| {
            handle
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a sender panicked")))
        };
        handles.into_iter().map(join).collect()
    })?;
    let mut sent = Sent {
        wall: start.elapsed(),
        ..Sent::default()
    };
    for part in parts {
        sent.acknowledged += part.acknowledged;
        sent.errors += part.errors;
        sent.retries += part.retries;
        sent.first_error = sent.first_error.or(part.first_error);
    }
    Ok(sent)
}

/// Sends one file. After a failure it goes on to meet the others at the barriers, and fails at the end.
fn send_file(
    client: &Client,
    (path, protocol): (&Path, Protocol),
    barrier: &Barrier,
    progress: &Progress,
) -> anyhow::Result<Sent> {
    let mut reader = FrameReader::open(path)?;
    let (mut body, mut sent, mut failure) = (Vec::new(), Sent::default(), None);
    while let Some(frame) = reader.next(&mut body)? {
        match frame {
            Frame::Barrier => {
                barrier.wait();
            }
            Frame::Request(_) if failure.is_some() => {}
            Frame::Request(samples) => {
                let outcome = send_one(client, (protocol, &body), &mut sent, samples);
                failure = outcome.and_then(|()| progress.advance(samples)).err();
            }
        }
    }
    failure.map_or(Ok(sent), Err)
}

fn send_one(
    client: &Client,
    (protocol, body): (Protocol, &[u8]),
    sent: &mut Sent,
    samples: u64,
) -> anyhow::Result<()> {
    for attempt in 1..=ATTEMPTS {
        let answer = client
            .post("/api/v1/write", &protocol.headers(), body)
            .context("failed to send a request")?;
        match answer.status {
            200..300 => {
                sent.acknowledged += samples;
                return Ok(());
            }
            429 | 500.. if attempt < ATTEMPTS => {
                sent.retries += 1;
                std::thread::park_timeout(Duration::from_millis(100 << attempt));
            }
            status => {
                sent.errors += 1;
                let text = answer.body.trim().chars().take(300).collect::<String>();
                sent.first_error.get_or_insert(format!("{status}: {text}"));
                return Ok(());
            }
        }
    }
    Ok(())
}
