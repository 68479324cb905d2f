//! Scraping over real sockets: a server with awkward habits, TLS with a real certificate, discovery, reloads.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's server runs tasks of its own and reads the clock of its machine; what it cannot set up fails it"
)]

mod discovery;
mod offered;
mod server;
mod tls;
mod trouble;
mod world;
