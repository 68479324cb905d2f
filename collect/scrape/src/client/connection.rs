//! The HTTP client of the configuration, for sources of targets that live elsewhere.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use reqwest::header::HeaderMap;
use url::Url;

use super::{FetchError, HttpClient};
use crate::config::HttpConfig;

/// Why a request could not be made, or had no answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ConnectionError(FetchError);

/// Makes requests as the keys of an HTTP client say: TLS, credentials, proxies, redirects, headers.
#[derive(Debug)]
pub struct Connection(HttpClient);

impl Connection {
    /// Makes a client; nothing is asked yet.
    ///
    /// # Errors
    /// A certificate or key cannot be read.
    pub fn new(config: HttpConfig) -> Result<Self, ConnectionError> {
        HttpClient::new(config, Arc::new(AtomicUsize::new(0)))
            .map(Self)
            .map_err(ConnectionError)
    }

    /// Asks for a URL with these headers. The answer is whatever the server says, its body still to be read and
    /// packed as the headers allow; the caller bounds it, and the time.
    ///
    /// # Errors
    /// A secret cannot be read, or the server cannot be reached.
    pub async fn get(&self, url: &Url, headers: HeaderMap) -> Result<reqwest::Response, ConnectionError> {
        self.0.send(url, headers).await.map_err(ConnectionError)
    }
}
