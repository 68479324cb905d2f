//! The API server itself: its version, and what it says about its health.

use std::sync::Arc;
use std::time::Duration;

use model::Millis;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::client::RequestError;
use crate::reflector::{Backoff, Timing};

/// Time between two questions.
const INTERVAL: Duration = Duration::from_secs(15);
/// Bytes of an answer.
const MAX_ANSWER: usize = 256 * 1024;

/// What is known of an API server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerStatus {
    /// Its version, as in `v1.36.3`; empty until it is known.
    pub version: String,
    /// Whether it answered when it was asked last; `None` until it was asked.
    pub reachable: Option<bool>,
    /// What failed last; empty once it went well again.
    pub last_error: String,
    /// When it answered last.
    pub answered_at: Option<Millis>,
    /// What it checks of itself; empty if it may not be asked.
    pub checks: Vec<Check>,
}

/// A check of the API server's readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, as in `etcd`.
    pub name: String,
    /// Whether it succeeds.
    pub ok: bool,
}

/// Asks the server for its health until told to stop.
pub(super) async fn watch(shared: Arc<Shared>, timing: Timing, stop: CancellationToken) {
    let mut backoff = Backoff::new(timing);
    loop {
        let Some(asked) = stop.run_until_cancelled(ask(&shared)).await else {
            return;
        };
        let wait = match asked {
            Ok(()) => {
                backoff.reset();
                if shared.config.metrics_interval.is_none() {
                    tidy(&shared).await;
                }
                INTERVAL
            }
            Err(error) => {
                let mut server = shared.server.lock();
                let text = model::with_causes(&error);
                if server.reachable != Some(false) {
                    let cluster = &shared.config.name;
                    tracing::warn!(cluster, error = text, "the API server does not answer");
                }
                server.reachable = Some(false);
                server.last_error = text;
                backoff.next().min(INTERVAL)
            }
        };
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
    }
}

/// Where nothing is delivered nobody else does it.
async fn tidy(shared: &Arc<Shared>) {
    let store = Arc::clone(&shared.store);
    if tokio::task::spawn_blocking(move || store.tidy()).await.is_err() {
        tracing::error!("giving strings back panicked");
    }
}

async fn ask(shared: &Shared) -> Result<(), RequestError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let said = shared.client.get("/version", MAX_ANSWER).await?;
    let version: Version = serde_json::from_slice(&said).map_err(RequestError::Malformed)?;
    let checks = match shared.client.get("/readyz?verbose", MAX_ANSWER).await {
        Ok(said) => checks(&String::from_utf8_lossy(&said)),
        Err(RequestError::Refused {
            code: 500, message, ..
        }) => checks(&message),
        // Not every server lets everyone ask.
        Err(RequestError::Refused { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    let now = shared.clock.now();
    let mut server = shared.server.lock();
    if server.reachable == Some(false) {
        let cluster = &shared.config.name;
        tracing::info!(cluster, "the API server answers again");
    }
    *server = ServerStatus {
        version: version.git_version,
        reachable: Some(true),
        last_error: String::new(),
        answered_at: Some(now),
        checks,
    };
    Ok(())
}

/// Reads lines as `[+]etcd ok` and `[-]etcd failed: reason withheld`.
fn checks(text: &str) -> Vec<Check> {
    let lines = text.lines().filter_map(|line| {
        let (sign, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
        let name = rest.split(' ').next()?;
        Some(Check {
            name: name.to_owned(),
            ok: sign == "+",
        })
    });
    lines.take(200).collect()
}
