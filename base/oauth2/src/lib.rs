//! Tokens of OAuth 2.0 for client credentials (RFC 6749, section 4.4) or a signed assertion (RFC 7523, section 2.1), as
//! Prometheus' `oauth2` describes them.
//!
//! [`OAuth2Settings`] is what is written, [`OAuth2Config`] what was checked, [`TokenSource`] gives the value of
//! `Authorization` for a request: a token from its cache, or one that it asks for. At most one request for a token is
//! under way at a time, however many wait for it; its time and its answer are bounded. Nothing here prints a secret or a
//! token.

mod answer;
mod assertion;
mod settings;
mod token;

pub use assertion::{Algorithm, Assertion};
pub use settings::{Grant, OAuth2Config, OAuth2Settings, Proxy};
pub use token::{OAuth2Error, TokenSource};
