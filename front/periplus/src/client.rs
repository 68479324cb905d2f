//! A small client of the Prometheus HTTP API: one connection, kept open, TLS with a pinned certificate if asked.
//!
//! Everything the commands know of a server comes through here, so they work with any Prometheus-compatible
//! server. An answer is bounded, every request has a timeout, and the token is never shown.

mod address;
mod answer;
mod rows;
mod secret;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use model::Millis;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

pub(crate) use address::Address;
use answer::Refusal;
pub(crate) use answer::{Answer, Data, Point, Series};
#[cfg(test)]
pub(crate) use rows::RowColumn;
pub(crate) use rows::{ColumnDoc, Rows, TableDoc};
pub(crate) use secret::Secret;
pub(crate) use tls::Fingerprint;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than the longest a server lets a query run by default.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(125);
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// Which server, and how to be let in.
#[derive(Debug)]
pub(crate) struct Access {
    /// The server.
    pub(crate) address: Address,
    /// Sent as a bearer token.
    pub(crate) token: Option<Secret>,
    /// Trust certificates signed by (or equal to) those in this PEM file, and no others.
    pub(crate) ca_cert: Option<PathBuf>,
    /// Trust this certificate, and no other.
    pub(crate) fingerprint: Option<Fingerprint>,
}

/// A range of time in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// First time.
    pub(crate) start: Millis,
    /// Last time.
    pub(crate) end: Millis,
    /// Distance of two times.
    pub(crate) step: Millis,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("cannot reach a server at {server}")]
    Connect {
        server: String,
        #[source]
        source: std::io::Error,
    },
    #[error("no connection to {server} within {CONNECT_TIMEOUT:?}")]
    ConnectTimeout { server: String },
    #[error("cannot agree with {server} on an encrypted connection")]
    Handshake {
        server: String,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "{server} shows another certificate than the one that was asked for, with the fingerprint {found}"
    )]
    WrongFingerprint { server: String, found: Fingerprint },
    #[error("failed to load certificates from {path}")]
    Certificates {
        path: String,
        #[source]
        source: anyhow::Error,
    },
    #[error("connection to {server} broke")]
    Broken {
        server: String,
        #[source]
        source: hyper::Error,
    },
    #[error("no answer from {server} within {ANSWER_TIMEOUT:?}")]
    AnswerTimeout { server: String },
    #[error("answer of {server} is larger than {MAX_ANSWER_BYTES} bytes")]
    TooLarge { server: String },
    #[error("{server} does not let this request in (HTTP status {status})")]
    Unauthorized { server: String, status: StatusCode },
    #[error("{server} does not speak the Prometheus HTTP API (HTTP status {status})")]
    NotTheApi { server: String, status: StatusCode },
    #[error("{message}")]
    Refused {
        kind: String,
        message: String,
        hint: Option<String>,
    },
    #[error("cannot form a request to {server}")]
    Request {
        server: String,
        #[source]
        source: hyper::http::Error,
    },
}

impl ClientError {
    /// Says what to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Connect { source, .. } if source.kind() == std::io::ErrorKind::ConnectionRefused => {
                "start one with `periplus up`, or name another with --server URL or PERIPLUS_SERVER".to_owned()
            }
            Self::Connect { .. } | Self::ConnectTimeout { .. } => {
                "check the address given by --server or PERIPLUS_SERVER".to_owned()
            }
            Self::Handshake { source, .. } => tls::hint(source),
            Self::WrongFingerprint { .. } => {
                "compare with the fingerprint that `periplus up` printed; if it differs, somebody may be in between"
                    .to_owned()
            }
            Self::Broken { .. } | Self::NotTheApi { status: StatusCode::BAD_REQUEST, .. } => {
                "a server that listens beyond loopback speaks TLS: its address begins with https://".to_owned()
            }
            Self::Unauthorized { .. } => {
                "put the token that `periplus up` printed into PERIPLUS_TOKEN (`periplus up --rotate-token` makes a \
                 new one)"
                    .to_owned()
            }
            Self::NotTheApi { .. } => {
                "--server takes the address of a Periplus or Prometheus server, without /api".to_owned()
            }
            Self::AnswerTimeout { .. } | Self::TooLarge { .. } => {
                "ask for less: a narrower selector, a shorter range or a longer step".to_owned()
            }
            Self::Refused { hint, .. } => return hint.clone(),
            Self::Certificates { .. } | Self::Request { .. } => return None,
        })
    }
}

/// Asks a server. Connects at the first question and again when the connection was lost in between.
pub(crate) struct Client {
    address: Address,
    token: Option<Secret>,
    tls: Option<TlsConnector>,
    sender: Option<SendRequest<String>>,
    /// Drives the connection; dropped with the client.
    connection: JoinSet<()>,
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// Certificates cannot be loaded.
    pub(crate) fn new(access: Access) -> Result<Self, ClientError> {
        let tls = if access.address.is_tls() {
            let config = tls::config(access.ca_cert.as_deref(), access.fingerprint)?;
            Some(TlsConnector::from(Arc::new(config)))
        } else {
            None
        };
        Ok(Self {
            address: access.address,
            token: access.token,
            tls,
            sender: None,
            connection: JoinSet::new(),
        })
    }

    /// Returns the server's address, for messages.
    pub(crate) fn server(&self) -> String {
        self.address.to_string()
    }

    /// Evaluates an expression at one time, `None` for the server's present.
    pub(crate) async fn query(&mut self, expr: &str, at: Option<Millis>) -> Result<Answer, ClientError> {
        let time = at.map(seconds);
        let mut form = vec![("query", expr)];
        if let Some(time) = &time {
            form.push(("time", time));
        }
        self.ask("/api/v1/query", &form).await
    }

    /// Evaluates an expression at every step of a span.
    pub(crate) async fn query_range(&mut self, expr: &str, span: Span) -> Result<Answer, ClientError> {
        let (start, end, step) = (seconds(span.start), seconds(span.end), seconds(span.step));
        let form = [("query", expr), ("start", &start), ("end", &end), ("step", &step)];
        self.ask("/api/v1/query_range", &form).await
    }

    /// Asks the tables in SQL.
    pub(crate) async fn sql(&mut self, query: &str) -> Result<Rows, ClientError> {
        self.ask_for("/api/v1/sql", &[("query", query)], rows::read).await
    }

    /// Asks what tables there are.
    pub(crate) async fn tables(&mut self) -> Result<Vec<TableDoc>, ClientError> {
        self.ask_for("/api/v1/sql/tables", &[], rows::read_tables).await
    }

    async fn ask(&mut self, path: &str, form: &[(&str, &str)]) -> Result<Answer, ClientError> {
        self.ask_for(path, form, answer::read).await
    }

    async fn ask_for<T>(
        &mut self,
        path: &str,
        form: &[(&str, &str)],
        read: impl FnOnce(&[u8]) -> Option<Result<T, Refusal>>,
    ) -> Result<T, ClientError> {
        let body = encode_form(form);
        let exchange = self.exchange(path, &body);
        let Ok(result) = tokio::time::timeout(ANSWER_TIMEOUT, exchange).await else {
            self.sender = None;
            return Err(ClientError::AnswerTimeout {
                server: self.server(),
            });
        };
        let (status, bytes) = result?;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(ClientError::Unauthorized {
                server: self.server(),
                status,
            });
        }
        read(&bytes)
            .ok_or_else(|| ClientError::NotTheApi {
                server: self.server(),
                status,
            })?
            .map_err(|refusal| ClientError::Refused {
                kind: refusal.kind,
                message: refusal.message,
                hint: refusal.hint,
            })
    }

    async fn exchange(&mut self, path: &str, body: &str) -> Result<(StatusCode, Bytes), ClientError> {
        // A kept connection may have been closed by the server at any time; asking is repeatable, so one more try
        // on a fresh one is right.
        let reused = self.sender.as_ref().is_some_and(|sender| !sender.is_closed());
        match self.send(path, body).await {
            Err(ClientError::Broken { .. }) if reused => {
                self.sender = None;
                self.send(path, body).await
            }
            result => result,
        }
    }

    async fn send(&mut self, path: &str, body: &str) -> Result<(StatusCode, Bytes), ClientError> {
        let request = self.request(path, body)?;
        let server = self.server();
        let broken = |source| ClientError::Broken {
            server: server.clone(),
            source,
        };
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        sender.ready().await.map_err(broken)?;
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let bytes = collect(response)
            .await
            .map_err(broken)?
            .ok_or_else(|| ClientError::TooLarge {
                server: self.server(),
            })?;
        self.sender = Some(sender);
        Ok((status, bytes))
    }

    fn request(&self, path: &str, body: &str) -> Result<Request<String>, ClientError> {
        // Without anything to say there is nothing to post.
        let method = if body.is_empty() {
            Method::GET
        } else {
            Method::POST
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address.prefix()))
            .header(HOST, self.address.authority())
            .header(USER_AGENT, concat!("periplus/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.reveal()));
        }
        request
            .body(body.to_owned())
            .map_err(|source| ClientError::Request {
                server: self.server(),
                source,
            })
    }

    async fn connect(&mut self) -> Result<SendRequest<String>, ClientError> {
        let server = self.server();
        let opened = async {
            let stream = TcpStream::connect((self.address.host(), self.address.port()))
                .await
                .map_err(|source| ClientError::Connect {
                    server: server.clone(),
                    source,
                })?;
            match self.tls.clone() {
                None => self.start(TokioIo::new(stream)).await,
                Some(connector) => {
                    let name = self.address.tls_name()?;
                    let stream = connector
                        .connect(name, stream)
                        .await
                        .map_err(|source| tls::handshake_error(server.clone(), source))?;
                    self.start(TokioIo::new(stream)).await
                }
            }
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, opened).await {
            Ok(result) => result,
            Err(_elapsed) => Err(ClientError::ConnectTimeout { server }),
        }
    }

    async fn start<T>(&mut self, io: T) -> Result<SendRequest<String>, ClientError>
    where
        T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(io).await.map_err(|source| ClientError::Broken {
            server: self.address.to_string(),
            source,
        })?;
        self.connection.abort_all();
        // How the connection ends is told to the request that it breaks.
        self.connection
            .spawn(async move { connection.await.unwrap_or_default() });
        Ok(sender)
    }
}

/// Reads an answer whole, `None` if it is too large.
async fn collect(response: Response<Incoming>) -> Result<Option<Bytes>, hyper::Error> {
    let mut body = std::pin::pin!(response.into_body());
    let mut collected = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(data) = frame?.into_data() else { continue };
        if collected.len() + data.len() > MAX_ANSWER_BYTES {
            return Ok(None);
        }
        collected.extend_from_slice(&data);
    }
    Ok(Some(Bytes::from(collected)))
}

/// Writes a time as the API reads it: seconds with three decimals.
fn seconds(time: Millis) -> String {
    let sign = if time < 0 { "-" } else { "" };
    let size = time.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1000, size % 1000)
}

/// Encodes pairs as `application/x-www-form-urlencoded`.
fn encode_form(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (idx, (name, value)) in pairs.iter().enumerate() {
        if idx > 0 {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(char::from(byte))
                }
                b' ' => out.push('+'),
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
