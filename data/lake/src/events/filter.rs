//! Finding events without writing SQL.

use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::{Expr, SortExpr};
use datafusion::prelude::{DataFrame, col, lit};
use model::{Event, EventType, Millis, TimeRange};

use super::{TABLE, batch};
use crate::lake::Lake;
use crate::sql::SqlError;

/// Why events are not found.
pub type EventsError = SqlError;

/// Most events of a page.
const MAX_LIMIT: usize = 10_000;
/// What rows are ordered by, the first decides first; [`Cursor`] holds it all.
const ORDERED_BY: [&str; 6] = [
    "time",
    "uid",
    "count",
    "resource_version",
    "observed_time",
    "cluster",
];

/// Which events are wanted; all that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    /// They happened last in this span.
    pub range: TimeRange,
    /// Text in message, reason or name of the object, in any case of letters.
    pub text: Option<String>,
    /// Name of the cluster.
    pub cluster: Option<String>,
    /// Namespace of the object.
    pub namespace: Option<String>,
    /// Kind of the object.
    pub kind: Option<String>,
    /// Name of the object.
    pub object: Option<String>,
    /// UID of the object.
    pub object_uid: Option<String>,
    /// Name of the workload that owns the object.
    pub owner: Option<String>,
    /// Name of the node.
    pub node: Option<String>,
    /// Normal or Warning.
    pub event_type: Option<EventType>,
    /// The reason.
    pub reason: Option<String>,
    /// At most so many; a page holds no more than 10,000.
    pub limit: usize,
    /// The newest or the oldest first.
    pub order: Order,
    /// Go on after this event, in the order given.
    pub after: Option<Cursor>,
}

/// The order of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// A place between two events of a page and the next one.
///
/// It holds everything that rows are ordered by. Rows that are equal in all of it are one observation twice, and stand
/// on one page or count as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    time: Millis,
    uid: String,
    count: u64,
    resource_version: String,
    observed_time: Millis,
    cluster: String,
}

/// Events that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsPage {
    /// The events.
    pub events: Vec<Event>,
    /// Where to go on; `None` if these were all.
    pub next: Option<Cursor>,
}

impl Default for EventFilter {
    fn default() -> Self {
        Self {
            range: TimeRange::ALL,
            text: None,
            cluster: None,
            namespace: None,
            kind: None,
            object: None,
            object_uid: None,
            owner: None,
            node: None,
            event_type: None,
            reason: None,
            limit: 100,
            order: Order::NewestFirst,
            after: None,
        }
    }
}

impl Cursor {
    /// Returns the place after an event.
    pub fn after(event: &Event) -> Self {
        Self {
            time: event.last_time,
            uid: event.uid.clone(),
            count: event.count,
            resource_version: event.resource_version.clone(),
            observed_time: event.observed_time,
            cluster: event.cluster.clone(),
        }
    }

    /// Writes it as one word: numbers, the lengths in bytes of the first two texts, and the texts one after the other.
    pub fn to_word(&self) -> String {
        format!(
            "{}.{}.{}.{}.{}.{}{}{}",
            self.time,
            self.count,
            self.observed_time,
            self.uid.len(),
            self.resource_version.len(),
            self.uid,
            self.resource_version,
            self.cluster
        )
    }

    /// Reads what [`Cursor::to_word`] wrote.
    pub fn parse(word: &str) -> Option<Self> {
        let mut parts = word.splitn(6, '.');
        let mut next = || parts.next();
        let (time, count, observed_time) = (next()?, next()?, next()?);
        let (of_uid, of_version, texts) = (next()?.parse().ok()?, next()?.parse().ok()?, next()?);
        let (uid, texts) = texts.split_at_checked(of_uid)?;
        let (resource_version, cluster) = texts.split_at_checked(of_version)?;
        Some(Self {
            time: time.parse().ok()?,
            uid: uid.to_owned(),
            count: count.parse().ok()?,
            resource_version: resource_version.to_owned(),
            observed_time: observed_time.parse().ok()?,
            cluster: cluster.to_owned(),
        })
    }

    /// Returns the columns that rows are ordered by, the first decides first, and the values here.
    fn keys(&self) -> impl DoubleEndedIterator<Item = (&'static str, Expr)> {
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        let values = [
            time(self.time),
            lit(self.uid.as_str()),
            lit(count),
            lit(self.resource_version.as_str()),
            time(self.observed_time),
            lit(self.cluster.as_str()),
        ];
        ORDERED_BY.into_iter().zip(values)
    }
}

impl Lake {
    /// Finds events.
    ///
    /// # Errors
    /// It takes too long or stored rows cannot be read.
    pub async fn events(&self, filter: &EventFilter) -> Result<EventsPage, EventsError> {
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        let ask = {
            let filter = filter.clone();
            move |frame: DataFrame| select(frame, &filter, limit + 1)
        };
        let answer = self.select(TABLE, Box::new(ask)).await?;
        let mut events: Vec<Event> = answer.batches.iter().flat_map(batch::from_batch).collect();
        let more = events.len() > limit || answer.cut.is_some();
        events.truncate(limit);
        let next = events.last().filter(|_| more).map(Cursor::after);
        Ok(EventsPage { events, next })
    }
}

fn select(frame: DataFrame, filter: &EventFilter, limit: usize) -> Result<DataFrame, DataFusionError> {
    let frame = match conditions(filter).into_iter().reduce(Expr::and) {
        Some(condition) => frame.filter(condition)?,
        None => frame,
    };
    frame.sort(sorting(filter.order))?.limit(0, Some(limit))
}

fn sorting(order: Order) -> Vec<SortExpr> {
    let ascending = order == Order::OldestFirst;
    ORDERED_BY
        .into_iter()
        .map(|name| col(name).sort(ascending, false))
        .collect()
}

fn conditions(filter: &EventFilter) -> Vec<Expr> {
    let mut conditions = Vec::new();
    if filter.range.start > Millis::MIN {
        conditions.push(col("time").gt_eq(time(filter.range.start)));
    }
    if filter.range.end < Millis::MAX {
        conditions.push(col("time").lt_eq(time(filter.range.end)));
    }
    let equals = [
        ("cluster", &filter.cluster),
        ("namespace", &filter.namespace),
        ("object_kind", &filter.kind),
        ("object_name", &filter.object),
        ("object_uid", &filter.object_uid),
        ("owner_name", &filter.owner),
        ("node", &filter.node),
        ("reason", &filter.reason),
    ];
    for (name, wanted) in equals {
        conditions.extend(wanted.as_ref().map(|wanted| col(name).eq(lit(wanted.as_str()))));
    }
    conditions.extend(filter.event_type.map(|kind| col("type").eq(lit(kind.as_str()))));
    conditions.extend(filter.text.as_ref().filter(|text| !text.is_empty()).map(|text| {
        let pattern = format!("%{}%", escaped(text));
        let holds = |name: &str| contains(name, &pattern);
        holds("message").or(holds("reason")).or(holds("object_name"))
    }));
    conditions.extend(filter.after.as_ref().map(|cursor| beyond(cursor, filter.order)));
    conditions
}

/// Says that an event comes after a place in the order of a page.
fn beyond(cursor: &Cursor, order: Order) -> Expr {
    let further = |name: &str, value: Expr| match order {
        Order::NewestFirst => col(name).lt(value),
        Order::OldestFirst => col(name).gt(value),
    };
    let mut later: Option<Expr> = None;
    for (name, value) in cursor.keys().rev() {
        let here = further(name, value.clone());
        later = Some(match later {
            None => here,
            Some(later) => here.or(col(name).eq(value).and(later)),
        });
    }
    // Said once more in the form that files are left out by.
    let bound = match order {
        Order::NewestFirst => col("time").lt_eq(time(cursor.time)),
        Order::OldestFirst => col("time").gt_eq(time(cursor.time)),
    };
    match later {
        Some(later) => bound.and(later),
        None => bound,
    }
}

fn contains(name: &str, pattern: &str) -> Expr {
    Expr::Like(Like::new(
        false,
        Box::new(col(name)),
        Box::new(lit(pattern)),
        None,
        true,
    ))
}

/// Makes text that stands for itself in a pattern.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

pub(super) fn time(millis: Millis) -> Expr {
    let micros = millis.saturating_mul(1000);
    lit(ScalarValue::TimestampMicrosecond(
        Some(micros),
        Some("UTC".into()),
    ))
}
