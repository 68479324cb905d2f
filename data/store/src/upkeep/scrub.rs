//! Reading all parts through, slowly, to find damage before a query or a merge does.
//!
//! A pass takes the configured interval: each run of upkeep verifies as many bytes as the time since the last one
//! is worth. What is read bypasses the cache of pages. A part that is damaged is put aside and named.

use std::sync::Arc;

use model::Millis;

use super::quarantine;
use crate::StoreError;
use crate::config::millis;
use crate::error::io_error;
use crate::part::{Part, PartError};
use crate::store::Inner;

/// Longest time that a run makes up for, so that a clock that leaps or a machine that slept causes no burst.
const MAX_ELAPSED: Millis = 15 * 60_000;

/// How far the verification of parts is.
#[derive(Clone, Debug, Default)]
pub struct ScrubStatus {
    /// Bytes verified in this pass.
    pub verified_bytes: u64,
    /// Bytes of all parts.
    pub total_bytes: u64,
    /// Passes completed since the store was opened.
    pub passes: u64,
    /// When the last pass was completed, in milliseconds since 1970.
    pub completed: Option<Millis>,
    /// Parts that were found to be damaged since the store was opened.
    pub damaged_parts: u64,
}

/// Where the next run goes on.
#[derive(Default)]
pub(crate) struct Scrub {
    last_run: Option<Millis>,
    /// Bytes that may be read; negative after a page that was larger than what was left.
    credit: i64,
    /// Part, section and page that come next; the footer counts as a section behind the others.
    next: (u64, usize, usize),
    pub(crate) status: ScrubStatus,
}

/// Verifies what the time since the last run is worth.
pub(super) fn scrub(inner: &Inner, now: Millis) -> Result<(), StoreError> {
    let Some(interval) = inner.config.scrub_interval else {
        return Ok(());
    };
    let interval = millis(interval).max(1);
    let mut scrub = inner.scrub.lock();
    let parts = Arc::clone(&inner.parts.read());
    let total: u64 = parts.iter().map(|part| part.info().bytes).sum();
    scrub.status.total_bytes = total;
    let elapsed = now.saturating_sub(scrub.last_run.unwrap_or(now));
    scrub.last_run = Some(now);
    let worth = i128::from(total) * i128::from(elapsed.clamp(0, MAX_ELAPSED)) / i128::from(interval);
    // A week of the largest disk fits many times.
    scrub.credit = scrub
        .credit
        .saturating_add(i64::try_from(worth).unwrap_or(i64::MAX));
    let mut by_number: Vec<&Arc<Part>> = parts.iter().collect();
    by_number.sort_by_key(|part| part.info().id);
    for part in by_number {
        if part.info().id < scrub.next.0 {
            continue;
        }
        if part.info().id > scrub.next.0 {
            scrub.next = (part.info().id, 0, 0);
        }
        match verify(inner, part, &mut scrub) {
            Ok(true) => scrub.next = (part.info().id + 1, 0, 0),
            Ok(false) => return Ok(()),
            Err(PartError::Io(source)) => return Err(io_error("read", &part.path)(source)),
            Err(error) => {
                tracing::error!(part = %part.path.display(), %error, "part is damaged");
                scrub.status.damaged_parts += 1;
                quarantine(inner, part)?;
            }
        }
    }
    if scrub.status.verified_bytes > 0 {
        scrub.status.passes += 1;
        scrub.status.completed = Some(now);
        tracing::info!(
            bytes = scrub.status.verified_bytes,
            "checksums of all parts verified"
        );
    }
    scrub.status.verified_bytes = 0;
    scrub.next = (0, 0, 0);
    scrub.credit = scrub.credit.min(0);
    Ok(())
}

/// Verifies pages of a part, and its footer last, until the credit is used up; returns whether that was all.
fn verify(inner: &Inner, part: &Part, scrub: &mut Scrub) -> Result<bool, PartError> {
    let pages = part.n_pages();
    let footer = pages.len();
    for (section, n) in pages.into_iter().chain([1]).enumerate().skip(scrub.next.1) {
        let first = if section == scrub.next.1 { scrub.next.2 } else { 0 };
        for page in first..n {
            if scrub.credit <= 0 || inner.is_stopping() {
                scrub.next = (part.info().id, section, page);
                return Ok(false);
            }
            let bytes = if section == footer {
                part.verify_footer()?
            } else {
                part.verify_page(section, page)?;
                part.page_bytes(section, page)
            };
            scrub.credit = scrub.credit.saturating_sub_unsigned(bytes);
            scrub.status.verified_bytes += bytes;
        }
    }
    Ok(true)
}
