//! Keeps one kind in step with the API server, whatever happens to the connection.
//!
//! A reflector takes in everything there is by pages of a list, packed (a watch that begins with everything would not be,
//! and is ten times as many bytes) and follows what changes. It goes on from the version that it has seen last; where the server does not know
//! that version any more, it takes in everything again, and what was not among it is gone. It ends only when it is
//! told to.

mod backoff;
pub(crate) mod receiver;
mod take;

use std::sync::Arc;
use std::time::Duration;

use model::Clock;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use self::backoff::{Backoff, Timing};
pub(crate) use self::take::Outcome;
use self::take::Piece;
use crate::client::{Client, LineBuffer, PageEnd, PageRequest, RequestError, Resource};
use crate::status::{KindCell, SyncState};

/// Bytes of one event. etcd keeps objects of one and a half megabytes if it is not told otherwise.
const MAX_LINE: usize = 32 << 20;
/// A list that has become too old while it was read is begun again with larger pages, so often.
const MAX_RESTARTS: usize = 5;
/// A failure that comes so often in a row is worth a word.
const LASTING: u64 = 6;
/// More than this is not taken apart on a thread that serves others.
const INLINE_BYTES: usize = 16 * 1024;

/// Takes objects. Shared with threads that may block.
pub(crate) trait Receiver: Send + Sync {
    /// A complete list begins.
    fn begin(&self);

    /// Takes the present version of an object. Returns its resource version, 0 if that is not a number.
    ///
    /// # Errors
    /// The object cannot be read. What was known of it before is forgotten.
    fn apply(&self, json: &str) -> Result<u64, Unreadable>;

    /// Forgets an object. Returns the resource version of its end.
    ///
    /// # Errors
    /// The object cannot be read.
    fn delete(&self, json: &str) -> Result<u64, Unreadable>;

    /// The complete list is over: forgets what was not in it.
    fn complete(&self);

    /// Forgets everything: the kind may not be read, or is no more.
    fn clear(&self);

    /// Returns how many objects there are.
    fn count(&self) -> usize;
}

/// An object that could not be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// `namespace/name`, as far as it can be told.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// Keeps one kind in step.
pub(crate) struct Reflector {
    pub(crate) client: Arc<Client>,
    pub(crate) resource: Resource,
    pub(crate) receiver: Arc<dyn Receiver>,
    pub(crate) status: Arc<KindCell>,
    /// Bounds how many kinds are taken in at the same time.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) timing: Timing,
    pub(crate) clock: Arc<dyn Clock>,
    /// Held while objects are taken in on another thread.
    pub(crate) taking: Arc<Mutex<()>>,
}

/// Why a step did not end well.
#[derive(Debug)]
enum Trouble {
    Request(RequestError),
    /// An event was too long to be read.
    LostLine,
    /// Taking objects in panicked.
    Panicked,
}

impl From<RequestError> for Trouble {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl Reflector {
    /// Follows the kind until it is told to stop. Afterwards nothing is taken in any more.
    pub(crate) async fn run(self, stop: CancellationToken) {
        self.follow_until(&stop).await;
        drop(self.taking.lock().await);
    }

    async fn follow_until(&self, stop: &CancellationToken) {
        let mut version = None;
        let mut backoff = Backoff::new(self.timing);
        loop {
            let began = Instant::now();
            let Some(step) = stop.run_until_cancelled(self.step(&mut version)).await else {
                return;
            };
            let wait = match step {
                Ok(()) => {
                    // A server that ends each watch at once is not asked at full speed.
                    if began.elapsed() >= self.timing.healthy {
                        backoff.reset();
                    }
                    backoff.after_end()
                }
                Err(trouble) => self.judge(&trouble, &mut version, &mut backoff),
            };
            if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// Takes in everything if nothing is known, and follows until the watch ends.
    async fn step(&self, version: &mut Option<String>) -> Result<(), Trouble> {
        let from = match version.take() {
            Some(from) => from,
            None => self.list().await?,
        };
        self.follow(version.insert(from)).await
    }

    /// Takes in everything by pages; returns the version of it.
    async fn list(&self) -> Result<String, Trouble> {
        // It is never closed.
        let _permit = self.room.acquire().await.ok();
        self.status.begin_list();
        let mut limit = self.resource.page;
        let mut restarts = 0;
        self.receiver.begin();
        let mut from: Option<String> = None;
        let end = loop {
            let request = PageRequest {
                limit,
                from: from.as_deref(),
            };
            let page = match self.client.page(&self.resource, request).await {
                Ok(page) => page,
                Err(error) if error.is_expired() && from.is_some() && restarts < MAX_RESTARTS => {
                    restarts += 1;
                    limit *= 4;
                    from = None;
                    self.receiver.begin();
                    continue;
                }
                Err(RequestError::TooLarge { .. }) if limit > 1 => {
                    limit = (limit / 4).max(1);
                    from = None;
                    self.receiver.begin();
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let outcome = self.take(Piece::Page(page)).await?;
            match outcome.page {
                Some(PageEnd { next, version }) if next.is_empty() => break version,
                Some(PageEnd { next, .. }) => from = Some(next),
                None => break String::new(),
            }
        };
        self.receiver.complete();
        self.status.synced(self.receiver.count(), self.clock.now());
        Ok(end)
    }

    /// Follows what changes after a version, and keeps that up to date.
    async fn follow(&self, version: &mut String) -> Result<(), Trouble> {
        let length = self.timing.watch_length();
        let mut answer = self.client.watch(&self.resource, version, length).await?;
        self.status.begin_watch();
        let mut lines = LineBuffer::new(MAX_LINE);
        while let Some(piece) = answer.piece().await? {
            let whole = lines.feed(&piece);
            if lines.lost_a_line() {
                return Err(Trouble::LostLine);
            }
            if whole.is_empty() {
                continue;
            }
            let outcome = self.take(Piece::Lines(whole)).await?;
            if let Some(newest) = outcome.version {
                *version = newest;
            }
            if let Some(error) = outcome.failed {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Takes a piece apart, where that may take long if it does.
    async fn take(&self, piece: Piece) -> Result<Outcome, Trouble> {
        let receiver = Arc::clone(&self.receiver);
        let form = self.resource.form;
        let outcome = if piece.len() <= INLINE_BYTES {
            take::take(&piece, form, &*receiver)
        } else {
            let taking = Arc::clone(&self.taking).lock_owned().await;
            let work = tokio::task::spawn_blocking(move || {
                let outcome = take::take(&piece, form, &*receiver);
                drop(taking);
                outcome
            });
            work.await.map_err(|_| Trouble::Panicked)?
        };
        let outcome = outcome?;
        self.status
            .took(&outcome, self.receiver.count(), self.clock.now());
        for unreadable in &outcome.unreadable {
            if self.status.is_news(&unreadable.name, &unreadable.reason) {
                let Self { resource, .. } = self;
                tracing::warn!(
                    path = resource.path,
                    object = unreadable.name,
                    reason = unreadable.reason,
                    "an object cannot be read and is left out"
                );
            }
        }
        Ok(outcome)
    }

    /// Notes what went wrong, forgets what cannot be trusted, and returns how long to wait.
    fn judge(&self, trouble: &Trouble, version: &mut Option<String>, backoff: &mut Backoff) -> Duration {
        let error = match trouble {
            Trouble::Request(error) => error,
            Trouble::LostLine => {
                // Pages have a higher bound than events.
                *version = None;
                return self.fail(
                    SyncState::Retrying,
                    "an event is too long to be read",
                    backoff.next(),
                );
            }
            Trouble::Panicked => {
                *version = None;
                return self.fail(
                    SyncState::Retrying,
                    "taking objects in panicked; the log says more",
                    backoff.next(),
                );
            }
        };
        if error.is_expired() {
            let first = version.take().is_some();
            self.status.expired();
            return if first { Duration::ZERO } else { backoff.next() };
        }
        let text = model::with_causes(error);
        match error.code() {
            Some(401) => {
                self.client.renew();
                self.fail(SyncState::Retrying, &text, backoff.next())
            }
            Some(403) => {
                *version = None;
                self.receiver.clear();
                self.fail(SyncState::Forbidden, &text, self.timing.slow())
            }
            Some(404 | 405) => self.missing(&text, version, backoff),
            _ => {
                let asked = match error {
                    RequestError::Refused {
                        retry_after: Some(wait),
                        ..
                    } => *wait,
                    _ => Duration::ZERO,
                };
                if backoff.failures() > 3 {
                    // Certificates and addresses may have changed meanwhile.
                    self.client.renew();
                }
                self.fail(
                    SyncState::Retrying,
                    &text,
                    backoff.next().max(asked.min(self.timing.max_wait)),
                )
            }
        }
    }

    /// The server does not know the kind. While it starts it may not know those that it does know, so nothing is
    /// forgotten at the first time.
    fn missing(&self, text: &str, version: &mut Option<String>, backoff: &mut Backoff) -> Duration {
        *version = None;
        let before = backoff.failures();
        let wait = backoff.next();
        if before == 0 {
            return self.fail(SyncState::Retrying, text, wait);
        }
        self.receiver.clear();
        let wait = if before > 3 { self.timing.slow() } else { wait };
        self.fail(SyncState::Absent, text, wait)
    }

    fn fail(&self, state: SyncState, text: &str, wait: Duration) -> Duration {
        let failures = self.status.fail(state, self.receiver.count(), text);
        let path = &self.resource.path;
        match state {
            // A server that is away is one matter and not one of each kind; who asks it for its health says so.
            SyncState::Retrying if failures == LASTING => {
                tracing::warn!(
                    path,
                    error = text,
                    "a kind cannot be followed for a while; trying again"
                );
            }
            SyncState::Retrying => tracing::debug!(path, error = text, "a kind cannot be followed"),
            _ if failures == 1 => tracing::info!(path, error = text, "a kind cannot be read"),
            _ => {}
        }
        wait
    }
}
