//! Durable metrics: write-ahead log, head, parts, index, compaction, retention.
//!
//! A [`Store`] is one folder. Batches go to the `head` in memory and to the `wal`; when a
//! range of time is over, the head's samples become an immutable `part` and the log of that time
//! goes. Queries see head and parts as one.
//!
//! Promises:
//! - what [`Store::durable`] has answered for survives a crash, once;
//! - samples come back bit for bit: NaN payloads, stale markers, infinities, the sign of zero;
//! - a damaged file never stops the rest: it is put into `quarantine/` and named in [`Store::status`];
//! - a disk that fails makes the store refuse batches and say why; reading goes on.
//!
//! The folder:
//! ```text
//! LOCK        held by the process that has the store open
//! MANIFEST    which parts there are                       store/manifest.rs
//! METADATA    types, help and units of metric families    store/metadata.rs
//! SNAPSHOT    the head, so that a start is fast           store/snapshot.rs
//! TOMBSTONES  what was deleted and is still in files      tombstones.rs
//! wal/        log segments                                wal.rs
//! parts/      parts                                       part.rs
//! snapshots/  copies made on request, stores themselves   upkeep/snapshot.rs
//! quarantine/ damaged files, kept for inspection
//! ```
//! Every file begins with a magic word and a format version; a newer one is refused, not guessed at. The crate
//! knows nothing of PromQL, of HTTP or of Kubernetes.

mod bytes;
mod chunk;
mod config;
mod disk;
mod error;
mod head;
mod part;
mod select;
mod store;
mod tombstones;
mod upkeep;
mod wal;

pub use config::StoreConfig;
pub use error::StoreError;
#[cfg(feature = "fuzzing")]
pub use store::fuzzing;
pub use store::status::{PartStatus, StoreStatus};
pub use store::{Cardinality, Counted, Store};
pub use upkeep::scrub::ScrubStatus;
pub use wal::{LogTail, TailBacklog, TailError, TailStep};
