//! The table as those who watch clusters see it.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, col, lit};
use model::{Event, EventFuture, EventLog, EventLogError, LastSeen, Millis, SeenEvent};

use super::filter::time;
use super::{TABLE, batch};
use crate::error::AppendError;
use crate::lake::Lake;
use crate::sql::SqlError;

/// The events of a lake, to be appended to.
#[derive(Clone)]
pub struct Events(Arc<Lake>);

impl Events {
    /// Takes the table of a lake.
    pub fn new(lake: Arc<Lake>) -> Self {
        Self(lake)
    }
}

impl EventLog for Events {
    fn append(&self, events: Vec<Event>) -> EventFuture<'_, ()> {
        Box::pin(async move {
            let rows = batch::to_batch(&events).map_err(|error| EventLogError::Refused {
                reason: error.to_string(),
            })?;
            self.0.append(TABLE, &rows).await.map_err(refused)
        })
    }

    fn last_seen<'a>(&'a self, cluster: &'a str, since: Millis) -> EventFuture<'a, LastSeen> {
        Box::pin(async move { self.0.last_seen(cluster, since).await.map_err(unreadable) })
    }
}

impl Lake {
    /// Returns the newest observation of every event object of a cluster that was observed at `since` or later.
    ///
    /// # Errors
    /// It takes too long, there are more than an answer may hold, or stored rows cannot be read.
    pub async fn last_seen(&self, cluster: &str, since: Millis) -> Result<LastSeen, SqlError> {
        let mut seen = LastSeen::new();
        let mut from = since;
        loop {
            let cluster = cluster.to_owned();
            let ask = move |frame: DataFrame| select(frame, &cluster, from);
            let answer = self.select(TABLE, Box::new(ask)).await?;
            let events: Vec<Event> = answer.batches.iter().flat_map(batch::from_batch).collect();
            let reached = events.last().map(|event| event.observed_time);
            for event in events {
                keep_newest(&mut seen, event);
            }
            match reached {
                // What was observed in the last millisecond may be cut; it is asked for again.
                Some(reached) if answer.cut.is_some() && reached > from => from = reached,
                _ if answer.cut.is_some() => {
                    return Err(SqlError::TooLarge {
                        detail: "more events of one millisecond than an answer may hold".to_owned(),
                    });
                }
                _ => return Ok(seen),
            }
        }
    }
}

fn select(frame: DataFrame, cluster: &str, since: Millis) -> Result<DataFrame, DataFusionError> {
    frame
        .filter(
            col("cluster")
                .eq(lit(cluster))
                .and(col("observed_time").gt_eq(time(since))),
        )?
        .select_columns(&["uid", "count", "resource_version", "time", "observed_time"])?
        .sort(vec![col("observed_time").sort(true, false)])
}

fn keep_newest(seen: &mut LastSeen, event: Event) {
    let newest = SeenEvent {
        count: event.count,
        resource_version: event.resource_version,
        last_time: event.last_time,
    };
    // They come in the order in which they were observed.
    seen.insert(event.uid, newest);
}

fn refused(error: AppendError) -> EventLogError {
    match error {
        AppendError::Overloaded { waiting_bytes, .. } => EventLogError::Overloaded { waiting_bytes },
        error if error.retryable() => EventLogError::Unavailable {
            reason: error.to_string(),
        },
        AppendError::Closed => EventLogError::Unavailable {
            reason: AppendError::Closed.to_string(),
        },
        error => EventLogError::Refused {
            reason: error.to_string(),
        },
    }
}

fn unreadable(error: SqlError) -> EventLogError {
    EventLogError::Unreadable {
        reason: error.to_string(),
    }
}
