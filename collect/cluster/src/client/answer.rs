//! What the API server says when it does not do what it is asked for.

use std::error::Error;
use std::time::Duration;

use hyper::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::ConnectError;

type Source = Box<dyn Error + Send + Sync>;

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is no way to the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The request could not be sent, or no answer came.
    #[error("failed to reach the API server")]
    Send(#[source] Source),
    /// The server refused.
    #[error("the API server refuses: {message} ({code} {reason})")]
    Refused {
        /// Status of HTTP.
        code: u16,
        /// The API server's word for it, as in `Expired` or `Forbidden`.
        reason: String,
        /// Its sentence.
        message: String,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// Nothing came for too long.
    #[error("the API server sent nothing for {limit:?}")]
    TooSlow {
        /// How long was waited.
        limit: Duration,
    },
    /// The connection broke within the answer.
    #[error("the answer of the API server broke off")]
    Broken(#[source] Source),
    /// The answer is longer than is read.
    #[error("the answer of the API server is longer than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// The answer is not what the API promises.
    #[error("the answer of the API server is not what the API promises")]
    Malformed(#[source] serde_json::Error),
}

impl RequestError {
    /// Returns the status of HTTP if the server refused.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Tells whether the resource version that was asked for is none that the server has.
    pub(crate) fn is_expired(&self) -> bool {
        match self {
            Self::Refused {
                code,
                reason,
                message,
                ..
            } => {
                *code == 410
                    || reason == "Expired"
                    || reason == "Gone"
                    // The server's cache is behind the version, or its etcd was set back.
                    || message.contains("Too large resource version")
            }
            _ => false,
        }
    }
}

/// `meta/v1` Status.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawStatus {
    code: u16,
    reason: Option<String>,
    message: Option<String>,
    details: Option<RawDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawDetails {
    retry_after_seconds: u32,
}

impl RawStatus {
    pub(super) fn into_error(self) -> RequestError {
        RequestError::Refused {
            code: self.code,
            reason: self.reason.unwrap_or_default(),
            message: self.message.unwrap_or_default(),
            retry_after: self
                .details
                .map(|details| Duration::from_secs(u64::from(details.retry_after_seconds)))
                .filter(|wait| !wait.is_zero()),
        }
    }
}

/// Returns why a request was refused.
pub(super) fn refusal(code: StatusCode, headers: &HeaderMap, said: &[u8]) -> RequestError {
    let status: RawStatus = serde_json::from_slice(said).unwrap_or_default();
    let in_header = headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let message = status.message.clone().unwrap_or_else(|| {
        let text = String::from_utf8_lossy(said);
        text.trim().chars().take(200).collect()
    });
    match status.into_error() {
        RequestError::Refused {
            reason, retry_after, ..
        } => RequestError::Refused {
            code: code.as_u16(),
            reason: match reason.as_str() {
                "" => code.canonical_reason().unwrap_or("").to_owned(),
                _ => reason,
            },
            message,
            retry_after: in_header.or(retry_after),
        },
        other => other,
    }
}

/// Returns what lies below the words of kube-rs, which repeat their cause.
pub(super) fn innermost(error: kube_client::Error) -> Source {
    match error {
        kube_client::Error::Service(source) => source,
        kube_client::Error::HyperError(source) => source.into(),
        other => other.into(),
    }
}
