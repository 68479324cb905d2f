//! Speaks to an API server: who we are to it, requests, and what it answers.
//!
//! Authentication and TLS are kube-rs' to do; requests, lists and watches are our own, on raw bytes, so that no
//! object is ever held as a document tree. Everything that is read is bounded in bytes and in time.

mod answer;
mod connect;
mod lines;
mod list;
mod resource;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderValue, USER_AGENT};
use hyper::http::Request;
use kube_client::client::Body;
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::objects::Kind;

pub use self::answer::RequestError;
pub use self::connect::{Access, ConnectError};
pub(crate) use self::lines::LineBuffer;
pub(crate) use self::list::{Page, PageEnd, PageRequest};
use self::resource::ListOrWatch;
pub(crate) use self::resource::{Form, Resource, object_path};
pub(crate) use self::watch::{Change, each_event, version_of};

/// Time until the headers of an answer are there. The API server itself gives up on a list after 60 s.
const HEADERS: Duration = Duration::from_secs(65);
/// Time between two pieces of an answer that is not a watch.
const PIECE: Duration = Duration::from_secs(30);
/// Bytes of an answer that says why a request is refused.
const MAX_REFUSAL: usize = 64 * 1024;

/// What is asked for in an answer's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// Packed where the server likes to.
    Gzip,
    /// As it is: a watch is many small pieces, which some servers pack each for itself.
    Identity,
}

/// A way to an API server. Connects when first asked, and again when it is told to.
pub(crate) struct Client {
    access: Access,
    connection: Mutex<Option<kube_client::Client>>,
}

/// An answer whose body is still to be read.
pub(crate) struct Answer {
    body: Body,
    /// Longest time between two pieces.
    patience: Duration,
}

impl Client {
    /// Makes a way to a server; nothing is asked yet.
    pub(crate) fn new(access: Access) -> Arc<Self> {
        Arc::new(Self {
            access,
            connection: Mutex::new(None),
        })
    }

    /// Reads credentials and certificates again before the next request.
    pub(crate) fn renew(&self) {
        self.connection.lock().take();
    }

    /// Asks for an address and reads the whole answer, at most `limit` bytes.
    ///
    /// # Errors
    /// The server cannot be reached, refuses, or answers too much.
    pub(crate) async fn get(&self, path: &str, limit: usize) -> Result<Bytes, RequestError> {
        let answer = self.ask(path, "application/json", Encoding::Gzip).await?;
        answer.read(limit).await
    }

    /// Asks for one object as JSON; of a secret for metadata and type.
    ///
    /// # Errors
    /// The server cannot be reached, refuses, or answers too much.
    pub(crate) async fn object(
        &self,
        kind: &Kind,
        path: &str,
        limit: usize,
    ) -> Result<Vec<u8>, RequestError> {
        let resource = Resource::of(kind);
        if resource.form != Form::Table {
            return self.get(path, limit).await.map(Vec::from);
        }
        let accept = resource.accept(ListOrWatch::List);
        let answer = self.ask(path, accept, Encoding::Gzip).await?;
        let table = answer.read(limit).await?;
        list::only_row(&table)
    }

    async fn ask(&self, path: &str, accept: &str, encoding: Encoding) -> Result<Answer, RequestError> {
        let connection = self.connection().await?;
        let mut request = Request::get(path)
            .header(USER_AGENT, concat!("periplus/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, accept);
        if encoding == Encoding::Identity {
            request = request.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let request = request
            .body(Body::empty())
            .map_err(|error| RequestError::Send(error.into()))?;
        let sent = timeout(HEADERS, connection.send(request)).await;
        let response = sent
            .map_err(|_| RequestError::TooSlow { limit: HEADERS })?
            .map_err(|error| RequestError::Send(answer::innermost(error)))?;
        let (parts, body) = response.into_parts();
        let answer = Answer {
            body,
            patience: PIECE,
        };
        if parts.status.is_success() {
            return Ok(answer);
        }
        let said = answer.read(MAX_REFUSAL).await.unwrap_or_default();
        Err(answer::refusal(parts.status, &parts.headers, &said))
    }

    async fn connection(&self) -> Result<kube_client::Client, RequestError> {
        let known = self.connection.lock().clone();
        if let Some(connection) = known {
            return Ok(connection);
        }
        let connection = connect::connect(&self.access).await?;
        *self.connection.lock() = Some(connection.clone());
        Ok(connection)
    }
}

impl Answer {
    /// Reads the whole body.
    async fn read(mut self, limit: usize) -> Result<Bytes, RequestError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await? {
            if whole.len() + piece.len() > limit {
                return Err(RequestError::TooLarge { limit });
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Bytes::from(whole))
    }

    /// Waits for the next piece; `None` at the end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            let frame = timeout(self.patience, self.body.frame())
                .await
                .map_err(|_| RequestError::TooSlow { limit: self.patience })?;
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => return Err(RequestError::Broken(error.into())),
            }
        }
    }
}
