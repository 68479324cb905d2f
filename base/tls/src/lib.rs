//! Client TLS as Prometheus' `tls_config` describes it: rustls with ring.
//!
//! [`TlsSettings`] is what is written, [`TlsConfig`] what was checked, [`client_config`] what a client speaks with.
//! Files are read when that is built; [`WatchedFiles`] tells when it is to be built anew, as certificates and keys are
//! rotated under a running process. [`Renamed`] makes a client ask for `server_name` in the handshake.
//! [`SecretSource`] is where keys, passwords and tokens come from: the configuration or a file, read for each use.
//! Nothing here prints a secret.

mod client;
mod files;
mod name;
mod secret;
mod settings;
mod verify;

pub use client::{TlsError, client_config};
pub use files::WatchedFiles;
pub use name::Renamed;
pub use secret::{MASK, Secret, SecretError, SecretSource, pick_source};
pub use settings::{TlsConfig, TlsSettings, Versions};
