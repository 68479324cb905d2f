//! `http_sd_configs`: a list that a server holds.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::list::{self, Syntax};
use super::{Discovery, GroupSink, Search, TargetGroup};
use crate::client::{self, FetchError, HttpClient, Request};
use crate::config::{HttpConfig, format_duration};

const MAX_BYTES: u64 = 64 << 20;

/// A list at a URL.
pub(super) struct Http {
    url: Url,
    client: HttpClient,
    refresh: Duration,
}

impl Http {
    pub(super) fn new(
        url: &str,
        config: &HttpConfig,
        refresh: Duration,
        bodies: Arc<AtomicUsize>,
    ) -> Result<Self, FetchError> {
        Ok(Self {
            url: Url::parse(url).map_err(|error| FetchError::Prepare(error.to_string()))?,
            client: HttpClient::new(config.clone(), bodies)?,
            refresh,
        })
    }

    async fn fetch(&self) -> Result<Vec<TargetGroup>, String> {
        let interval =
            HeaderValue::from_str(&self.refresh.as_secs().to_string()).map_err(|error| error.to_string())?;
        let headers = [
            (ACCEPT, HeaderValue::from_static("application/json")),
            (
                HeaderName::from_static("x-prometheus-refresh-interval-seconds"),
                interval,
            ),
        ];
        let request = Request {
            url: &self.url,
            headers: &headers,
            packed: true,
            limit: MAX_BYTES,
        };
        let fetch = tokio::time::timeout(self.refresh, self.client.fetch(request));
        let answer = fetch
            .await
            .map_err(|_| format!("no complete answer within {}", format_duration(self.refresh)))?
            .map_err(|error| model::with_causes(&error))?;
        let kind = answer.content_type.clone().unwrap_or_default();
        if !kind.trim().to_ascii_lowercase().starts_with("application/json") {
            return Err(format!(
                "the answer has Content-Type {kind:?} instead of application/json"
            ));
        }
        let shown = client::shown(&self.url);
        let parsed = spawn_blocking(move || {
            let body = client::unpack(answer, MAX_BYTES).map_err(|error| model::with_causes(&error))?;
            let text = std::str::from_utf8(&body.bytes).map_err(|error| error.to_string())?;
            list::parse(text, Syntax::Json, &shown, ("__meta_url", &shown))
        });
        parsed.await.map_err(|error| error.to_string())?
    }

    async fn run(self, out: GroupSink, stop: CancellationToken) {
        let mut known = None;
        loop {
            let Some(fetched) = stop.run_until_cancelled(self.fetch()).await else {
                return;
            };
            match fetched {
                Ok(groups) if known.as_ref() != Some(&groups) => {
                    out.replace(groups.clone()).await;
                    known = Some(groups);
                }
                Ok(_) => {}
                Err(reason) => {
                    let url = client::shown(&self.url);
                    tracing::warn!(%url, %reason, "failed to fetch targets; those found before stay");
                }
            }
            if stop
                .run_until_cancelled(tokio::time::sleep(self.refresh))
                .await
                .is_none()
            {
                return;
            }
        }
    }
}

impl Discovery for Http {
    fn search(self: Box<Self>, out: GroupSink, stop: CancellationToken) -> Search {
        Box::pin(self.run(out, stop))
    }
}
