//! What an answer of a receiver means. A pure function of status, headers and body.
//!
//! Specification: "Retries & Backoff" and "Required Written Response Headers" of
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Millis;
use relay::Outcome;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use wire::RemoteWriteVersion;

/// What a request held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) samples: usize,
    pub(crate) histograms: usize,
    pub(crate) exemplars: usize,
}

impl Counts {
    fn total(self) -> usize {
        self.samples + self.histograms
    }
}

/// An answer.
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: String,
}

/// What was sent, and how answers are to be taken.
pub(crate) struct Sent {
    pub(crate) version: RemoteWriteVersion,
    pub(crate) counts: Counts,
    pub(crate) retry_on_429: bool,
    pub(crate) retry_on_refused_identity: bool,
    pub(crate) now: Millis,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Done(Outcome),
    /// The receiver does not know this version: send the same in 1.0.
    FallBack(String),
}

pub(crate) fn judge(answer: &Answer<'_>, sent: &Sent) -> Next {
    let status = answer.status;
    let message = format!("status {}: {}", status.as_u16(), answer.body.trim());
    if status.is_success() {
        return judge_success(answer, sent, message);
    }
    let is_v2 = sent.version == RemoteWriteVersion::V2;
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE && is_v2 {
        return Next::FallBack(message);
    }
    let is_later = match status {
        StatusCode::TOO_MANY_REQUESTS => sent.retry_on_429,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => sent.retry_on_refused_identity,
        _ => status.is_server_error(),
    };
    if is_later {
        let after = retry_after(answer.headers, sent.now);
        return Next::Done(Outcome::Retry { after, message });
    }
    let reason = reason(status);
    match written(answer.headers) {
        // A partial write: the receiver stored the rest.
        Some(written) if is_v2 && written.total() > 0 => Next::Done(Outcome::DeliveredInPart {
            dropped: sent.counts.total().saturating_sub(written.total()),
            reason,
            message,
        }),
        _ => Next::Done(Outcome::Refused { reason, message }),
    }
}

/// A receiver of 2.0 counts what it wrote. One that does not count, or counts nothing, took the request for something
/// else: such a receiver knows 1.0 at best.
fn judge_success(answer: &Answer<'_>, sent: &Sent, message: String) -> Next {
    if sent.version == RemoteWriteVersion::V1 || sent.counts.total() == 0 {
        return Next::Done(Outcome::Delivered);
    }
    match written(answer.headers) {
        None => Next::FallBack(format!("{message}; the receiver does not say what it wrote")),
        Some(written) if written.total() < sent.counts.total() => Next::Done(Outcome::DeliveredInPart {
            dropped: sent.counts.total() - written.total(),
            reason: "not_written",
            message: format!(
                "{message}; of {} samples and histograms the receiver wrote {}",
                sent.counts.total(),
                written.total()
            ),
        }),
        Some(_) => Next::Done(Outcome::Delivered),
    }
}

/// What the receiver says it wrote; `None` if it says nothing of samples and histograms.
fn written(headers: &HeaderMap) -> Option<Counts> {
    let count = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<usize>().ok();
    let samples = count("x-prometheus-remote-write-samples-written");
    let histograms = count("x-prometheus-remote-write-histograms-written");
    (samples.is_some() || histograms.is_some()).then(|| Counts {
        samples: samples.unwrap_or(0),
        histograms: histograms.unwrap_or(0),
        exemplars: count("x-prometheus-remote-write-exemplars-written").unwrap_or(0),
    })
}

/// How long the receiver asks to wait: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date: SystemTime = httpdate::parse_http_date(text).ok()?;
    let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now).ok()?);
    // A date in the past asks for nothing.
    date.duration_since(now).ok()
}

fn reason(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "bad_request",
        401 | 403 => "unauthorized",
        404 => "not_found",
        413 => "too_large",
        415 => "unsupported",
        429 => "too_many_requests",
        300..=399 => "redirected",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests;
