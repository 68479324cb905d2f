//! Who may ask.
//!
//! On loopback everyone on the machine may, over plain HTTP; what must be kept out are pages of other sites that
//! the operator's browser visits. They are told apart by the `Host` they ask for (DNS rebinding) and by the
//! `Origin` and `Sec-Fetch-Site` that browsers add (cross-site requests). Off loopback the transport is TLS and
//! every request shows a token, or a session that was opened with it. The page's files, which hold nothing
//! secret, and the two health endpoints are open. A second token may let samples in and nothing out, so that the many
//! who only write hold nothing that reads.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use model::Millis;
use parking_lot::RwLock;

use crate::api::answer::{ApiError, ErrorKind};
use crate::config::TokenFiles;

pub(crate) mod certificate;
mod failures;
mod origin;
mod secret_file;
mod sessions;
mod token;

pub use certificate::CertificateError;
use failures::Failures;
use sessions::Sessions;
pub(crate) use sessions::{LIFETIME_SECONDS, SessionId};
pub(crate) use token::TokenHash;
#[cfg(feature = "ui")]
pub(crate) use token::hex;
pub use token::{IdentityError, rotate_token};

/// Name of the cookie that carries a session.
pub(crate) const SESSION_COOKIE: &str = "periplus_session";

/// Who sent a request, as far as the connection tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The other end of the connection.
    pub(crate) address: SocketAddr,
}

/// Who asks, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    /// Address of the other end.
    pub(crate) address: IpAddr,
    /// The present.
    pub(crate) now: Millis,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    identity: bool,
    only_writes: bool,
    from_friend: bool,
}

impl Access {
    /// Nothing: no data and no change.
    pub(crate) const OPEN: Self = Self {
        identity: false,
        only_writes: false,
        from_friend: false,
    };
    /// Identity.
    pub(crate) const PROTECTED: Self = Self {
        identity: true,
        ..Self::OPEN
    };
    /// Identity, if only the right to write.
    pub(crate) const WRITE: Self = Self {
        only_writes: true,
        ..Self::PROTECTED
    };

    /// The same for a page of another site that the operator lets in.
    pub(crate) fn across_sites(self) -> Self {
        Self {
            from_friend: true,
            ..self
        }
    }
}

/// Decides who may ask.
#[derive(Debug)]
pub(crate) struct Identity {
    kind: Kind,
    listen: IpAddr,
    refused_origin: AtomicU64,
    refused_token: AtomicU64,
}

#[derive(Debug)]
enum Kind {
    Loopback,
    Token(Box<TokenIdentity>),
}

#[derive(Debug)]
struct TokenIdentity {
    /// Those that the operator made.
    files: TokenFiles,
    tokens: RwLock<Tokens>,
    sessions: Sessions,
    failures: Failures,
}

/// The tokens that let in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tokens {
    full: TokenHash,
    /// Lets only samples in.
    write: Option<TokenHash>,
}

/// How often requests were refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusals {
    /// For a foreign `Host` or `Origin`.
    pub(crate) origin: u64,
    /// For a wrong token.
    pub(crate) token: u64,
}

impl Identity {
    /// Prepares for an address. Off loopback the tokens are those of the files, else one that is made in `data_dir` at
    /// the first start; that one is returned, to be shown once.
    pub(crate) fn open(
        listen: IpAddr,
        data_dir: &Path,
        files: &TokenFiles,
    ) -> Result<(Self, Option<String>), IdentityError> {
        if listen.is_loopback() {
            return Ok((Self::new(listen, Kind::Loopback), None));
        }
        let (full, shown_once) = match &files.full {
            Some(path) => (token::load(path)?, None),
            None => token::load_or_create(data_dir)?,
        };
        let write = files.write.as_deref().map(token::load).transpose()?;
        let token = TokenIdentity {
            files: files.clone(),
            tokens: RwLock::new(Tokens { full, write }),
            sessions: Sessions::default(),
            failures: Failures::default(),
        };
        Ok((Self::new(listen, Kind::Token(Box::new(token))), shown_once))
    }

    /// Reads the operator's files of tokens again and lets in who shows what they hold now, and nobody else; tells
    /// whether that is another token than before. Sessions end with the token that opened them.
    ///
    /// # Errors
    /// A file cannot be read or holds no token; those that let in stay as they are.
    pub(crate) fn renew(&self) -> Result<bool, IdentityError> {
        let Kind::Token(token) = &self.kind else {
            return Ok(false);
        };
        let before = token.tokens.read().clone();
        let TokenFiles { full, write } = &token.files;
        let full = full.as_deref().map(token::load).transpose()?;
        let now = Tokens {
            full: full.unwrap_or_else(|| before.full.clone()),
            write: write.as_deref().map(token::load).transpose()?,
        };
        if now == before {
            return Ok(false);
        }
        let other_full = now.full != before.full;
        *token.tokens.write() = now;
        if other_full {
            token.sessions.close_all();
        }
        // Who was given the new token first has shown it in vain.
        token.failures.forget();
        Ok(true)
    }

    fn new(listen: IpAddr, kind: Kind) -> Self {
        Self {
            kind,
            listen,
            refused_origin: AtomicU64::new(0),
            refused_token: AtomicU64::new(0),
        }
    }

    /// Tells whether requests must show a token.
    pub(crate) fn needs_token(&self) -> bool {
        matches!(self.kind, Kind::Token(_))
    }

    /// Returns how often requests were refused.
    pub(crate) fn refusals(&self) -> Refusals {
        Refusals {
            origin: self.refused_origin.load(Ordering::Relaxed),
            token: self.refused_token.load(Ordering::Relaxed),
        }
    }

    /// Lets a request pass or says why not.
    pub(crate) fn admit(&self, request: &Request, access: Access, asker: Asker) -> Result<(), ApiError> {
        let origin = self.check_origin(request, access);
        if let Err(error) = origin {
            self.refused_origin.fetch_add(1, Ordering::Relaxed);
            return Err(error);
        }
        match (&self.kind, access.identity) {
            (Kind::Loopback, _) | (_, false) => Ok(()),
            (Kind::Token(token), true) => {
                if session_of(request.headers()).is_some_and(|id| token.sessions.knows(&id, asker.now)) {
                    return Ok(());
                }
                let Some(shown) = bearer(request.headers()) else {
                    return Err(unauthorized("this server asks for a token"));
                };
                let writes = token
                    .tokens
                    .read()
                    .write
                    .as_ref()
                    .map(|write| write.matches(shown));
                match writes {
                    Some(true) => only_writing(access),
                    _ => self.check_token(token, shown, asker),
                }
            }
        }
    }

    /// Opens a session for a token. `None` where none is needed.
    pub(crate) fn sign_in(&self, shown: &str, asker: Asker) -> Result<Option<SessionId>, ApiError> {
        let Kind::Token(token) = &self.kind else {
            return Ok(None);
        };
        self.check_token(token, shown, asker)?;
        Ok(Some(token.sessions.open(asker.now)))
    }

    /// Ends the session of a request, if it has one.
    pub(crate) fn sign_out(&self, headers: &HeaderMap) {
        if let (Kind::Token(token), Some(id)) = (&self.kind, session_of(headers)) {
            token.sessions.close(&id);
        }
    }

    fn check_token(&self, token: &TokenIdentity, shown: &str, asker: Asker) -> Result<(), ApiError> {
        let Asker { address, now } = asker;
        if let Some(seconds) = token.failures.wait_seconds(address, now) {
            self.refused_token.fetch_add(1, Ordering::Relaxed);
            return Err(
                ApiError::new(ErrorKind::TooMany, "too many wrong tokens from this address")
                    .retry_after(seconds),
            );
        }
        if token.tokens.read().full.matches(shown) {
            return Ok(());
        }
        self.refused_token.fetch_add(1, Ordering::Relaxed);
        token.failures.note(address, now);
        Err(unauthorized("the token is wrong"))
    }

    fn check_origin(&self, request: &Request, access: Access) -> Result<(), ApiError> {
        let (uri, headers) = (request.uri(), request.headers());
        // HTTP/2 names the host in the address of the request.
        let named = uri.authority().map(axum::http::uri::Authority::as_str);
        let host = named.or_else(|| headers.get(HOST).and_then(|value| value.to_str().ok()));
        if matches!(self.kind, Kind::Loopback)
            && !host.is_some_and(|host| origin::is_local(host, self.listen))
        {
            let asked = host.unwrap_or("");
            return Err(ApiError::new(
                ErrorKind::Forbidden,
                format!("host {asked:?} is not this machine"),
            )
            .hint("a server on loopback answers to localhost and its own address only"));
        }
        if access.from_friend {
            return Ok(());
        }
        let own = |origin: &str| host.is_some_and(|host| origin::is_same(origin, host));
        let foreign_origin = headers
            .get(ORIGIN)
            .is_some_and(|value| !value.to_str().is_ok_and(own));
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if (changes && foreign_origin) || origin::is_cross_site(uri.path(), headers) {
            return Err(ApiError::new(
                ErrorKind::Forbidden,
                "request comes from a page of another site",
            ));
        }
        Ok(())
    }
}

/// Lets the token of those who write pass where samples come in.
fn only_writing(access: Access) -> Result<(), ApiError> {
    if access.only_writes {
        return Ok(());
    }
    let refused = ApiError::new(ErrorKind::Forbidden, "this token only lets samples in");
    Err(refused.hint("ask with the token that lets all in"))
}

fn unauthorized(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Unauthorized, message)
        .hint("send the header `Authorization: Bearer TOKEN`; the token was shown at the first start")
}

/// Returns the token of the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn session_of(headers: &HeaderMap) -> Option<SessionId> {
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == SESSION_COOKIE)?;
    SessionId::from_text(value)
}

#[cfg(test)]
mod tests;
