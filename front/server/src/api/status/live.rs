//! The event stream: says that there is something new, so that nobody has to ask.
//!
//! Format: <https://html.spec.whatwg.org/multipage/server-sent-events.html>. `collected` comes after each tick of
//! the agent with its time, `status` when the number of degradations changed, `kubernetes` at most once a second while
//! objects of a cluster change, and a comment when nothing else
//! was said for a while, so that proxies keep the connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use model::Millis;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Interval;

use super::system::count_degradations;
use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, ErrorKind};
use crate::app::App;

/// A stream says something at least so often.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Clusters are looked at so often for whether anything changed.
const LOOK: Duration = Duration::from_secs(1);
/// Tells the browser to come back soon after a cut, and not at once.
const HELLO: &str = "retry: 2000\n\n";

/// `GET /api/v1/live`.
pub(crate) async fn live(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let place = take_place(&app)?;
    let feed = Feed {
        ticks: app
            .sources
            .collection
            .as_ref()
            .map(|collection| collection.ticks()),
        degraded: None,
        revisions: vec![0; app.sources.clusters.len()],
        look: tokio::time::interval(LOOK),
        pending: Some(Bytes::from_static(HELLO.as_bytes())),
        _place: place,
        app,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    Ok(answer(events))
}

/// Answers with events, which nothing on the way is to keep or hold back.
pub(super) fn answer(events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold events back until its buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Takes a place among the open streams.
pub(super) fn take_place(app: &App) -> Result<OwnedSemaphorePermit, ApiError> {
    Arc::clone(&app.streams)
        .try_acquire_owned()
        .map_err(|_| ApiError::new(ErrorKind::Unavailable, "too many event streams are open").retry_after(30))
}

/// One open stream.
struct Feed {
    /// `None` where nothing collects.
    ticks: Option<watch::Receiver<Millis>>,
    /// What was last said.
    degraded: Option<usize>,
    /// What was last said of each cluster.
    revisions: Vec<u64>,
    look: Interval,
    /// To be said before anything else.
    pending: Option<Bytes>,
    _place: OwnedSemaphorePermit,
    app: Arc<App>,
}

impl Feed {
    /// Waits for the next thing to say; `None` when the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(pending) = self.pending.take() {
            return Some(pending);
        }
        let stop = self.app.stop.clone();
        let tick = stop
            .run_until_cancelled(tokio::time::timeout(KEEP_ALIVE, self.news()))
            .await?;
        let mut event = match tick {
            Ok(News::Collected(time)) => format!("event: collected\ndata: {{\"t\":{time}}}\n\n"),
            Ok(News::Changed(text)) => text,
            Err(_quiet) => String::new(),
        };
        let degraded = count_degradations(&self.app);
        if self.degraded != Some(degraded) {
            self.degraded = Some(degraded);
            event.push_str(&format!("event: status\ndata: {{\"degraded\":{degraded}}}\n\n"));
        }
        if event.is_empty() {
            event.push_str(":\n\n");
        }
        Some(Bytes::from(event))
    }

    /// Waits for the next tick, or for a change in a cluster.
    async fn news(&mut self) -> News {
        loop {
            let looked = async {
                if self.app.sources.clusters.is_empty() {
                    std::future::pending::<()>().await;
                }
                self.look.tick().await;
            };
            tokio::select! {
                time = tick(&mut self.ticks) => return News::Collected(time),
                () = looked => {}
            }
            let mut text = String::new();
            for (cluster, said) in self.app.sources.clusters.iter().zip(&mut self.revisions) {
                let revision = cluster.store().revision();
                if revision == *said {
                    continue;
                }
                *said = revision;
                text.push_str("event: kubernetes\ndata: ");
                Object::new(&mut text)
                    .string("cluster", cluster.name())
                    .integer("revision", revision);
                text.push_str("\n\n");
            }
            if !text.is_empty() {
                return News::Changed(text);
            }
        }
    }
}

/// Something to say.
enum News {
    /// The agent has collected.
    Collected(Millis),
    /// Objects of clusters have changed.
    Changed(String),
}

/// Waits for the next tick; forever if there will be none.
async fn tick(ticks: &mut Option<watch::Receiver<Millis>>) -> Millis {
    if let Some(receiver) = ticks {
        if receiver.changed().await.is_ok() {
            return *receiver.borrow_and_update();
        }
        *ticks = None;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests;
