//! What the operator should know, in the shape of Prometheus' notifications: everything that is degraded.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use super::live::{KEEP_ALIVE, answer, take_place};
use super::system::degradations;
use crate::api::answer::json::{Array, Object};
use crate::api::answer::{ApiError, success};
use crate::app::App;
use crate::sources::Degradation;
use model::calendar::format_rfc3339;

/// `/api/v1/notifications`.
pub(crate) async fn notifications(State(app): State<Arc<App>>) -> Response {
    let active = degradations(&app);
    success(|out| {
        let mut list = Array::new(out);
        for one in &active {
            write(list.object(), one, true);
        }
    })
}

fn write(mut out: Object<'_>, one: &Degradation, active: bool) {
    let hint = if one.hint.is_empty() {
        String::new()
    } else {
        format!("; {}", one.hint)
    };
    out.string("text", &format!("{}: {}{hint}", one.what, one.why))
        .string("date", &format_rfc3339(one.since))
        .boolean("active", active);
}

/// `/api/v1/notifications/live`: an event for each notification that there is, comes or goes.
pub(crate) async fn live(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let feed = Feed {
        _place: take_place(&app)?,
        told: Vec::new(),
        first: true,
        app,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    Ok(answer(events))
}

struct Feed {
    _place: OwnedSemaphorePermit,
    told: Vec<Degradation>,
    first: bool,
    app: Arc<App>,
}

impl Feed {
    /// Waits until there is something to say, at most until the connection needs a sign of life.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::take(&mut self.first) {
            let stop = self.app.stop.clone();
            stop.run_until_cancelled(tokio::time::sleep(KEEP_ALIVE)).await?;
        }
        let now = degradations(&self.app);
        let mut text = String::new();
        let mut tell = |one: &Degradation, active: bool| {
            text.push_str("data: ");
            write(Object::new(&mut text), one, active);
            text.push_str("\n\n");
        };
        let same = |a: &Degradation, b: &Degradation| a.what == b.what && a.why == b.why;
        for one in now
            .iter()
            .filter(|one| !self.told.iter().any(|told| same(told, one)))
        {
            tell(one, true);
        }
        for one in self
            .told
            .iter()
            .filter(|told| !now.iter().any(|one| same(told, one)))
        {
            tell(one, false);
        }
        self.told = now;
        if text.is_empty() {
            text.push_str(":\n\n");
        }
        Some(Bytes::from(text))
    }
}
