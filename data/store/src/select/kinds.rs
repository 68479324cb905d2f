//! Finding out whether a metric has native histograms.
//!
//! An engine that knows that there are none may leave out series that it has no use for: nothing is remarked on
//! floats alone.

use model::{METRIC_NAME, QueryError, TimeRange};

use crate::chunk::has_histograms;
use crate::part::{Cursor, Part, PartError};
use crate::store::Inner;

/// Tells whether a series of a metric may have histograms in a span of time.
pub(crate) fn may_have_histograms(inner: &Inner, metric: &str, range: TimeRange) -> Result<bool, QueryError> {
    // The head before the parts, so that what moves in between is not missed.
    if inner
        .shards
        .iter()
        .any(|shard| shard.lock().may_have_histograms(metric))
    {
        return Ok(true);
    }
    for part in inner.parts_in(range) {
        match in_part(&part, metric) {
            Ok(false) => {}
            Ok(true) => return Ok(true),
            Err(error) => inner.tolerate(&part, Err(error))?,
        }
    }
    Ok(false)
}

fn in_part(part: &Part, metric: &str) -> Result<bool, PartError> {
    // No label's name begins like this.
    let question = format!("\0\0{metric}");
    let answer = part.answer(&question, |with| {
        let mut ids = Vec::new();
        part.equal(METRIC_NAME, metric, &mut ids)?;
        let mut cursor = Cursor::default();
        for id in ids {
            let mut found = false;
            cursor.chunks(part, id, &mut |entry| {
                found = has_histograms(entry.kind);
                !found
            })?;
            if found {
                with.push(id);
                break;
            }
        }
        Ok(())
    })?;
    Ok(!answer.is_empty())
}
