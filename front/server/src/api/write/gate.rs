//! Bounds what is received at once, and keeps the memory of requests done for those to come.

use std::sync::Arc;

use model::Batch;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use wire::DecodeScratch;

use crate::config::RemoteWriteLimits;

/// Unit of the budget of bytes in flight; its permits are counted in 32 bits.
const PERMIT_BYTES: usize = 1024;
/// Rows above which a batch is not kept for the next request: one large sender must not cost memory forever.
const MAX_KEPT_ROWS: usize = 16_384;
/// Bytes of decompressed request that are kept for the next one.
const MAX_KEPT_BYTES: usize = 1 << 20;

/// Bounds what is received at once.
#[derive(Debug)]
pub(crate) struct WriteGate {
    /// Compressed bytes in flight, in permits of [`PERMIT_BYTES`].
    bytes: Semaphore,
    /// Requests decoded at once.
    pub(super) decoding: Arc<Semaphore>,
    /// Memory of requests done, for those to come.
    spare: Mutex<Vec<Workspace>>,
}

/// Memory to decode one request in.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) scratch: DecodeScratch,
    pub(super) batch: Batch,
}

impl WriteGate {
    /// Prepares for limits.
    pub(crate) fn new(limits: &RemoteWriteLimits) -> Self {
        Self {
            bytes: Semaphore::new(limits.max_in_flight_bytes.div_ceil(PERMIT_BYTES)),
            decoding: Arc::new(Semaphore::new(limits.max_decoding.max(1))),
            spare: Mutex::new(Vec::new()),
        }
    }

    /// Takes room for a body, `None` if there is none.
    pub(super) fn admit(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let permits = u32::try_from(bytes.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
        self.bytes.try_acquire_many(permits).ok()
    }

    pub(super) fn take(&self) -> Workspace {
        self.spare.lock().pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, mut workspace: Workspace, limits: &RemoteWriteLimits) {
        if workspace.batch.rows().len() > MAX_KEPT_ROWS {
            workspace.batch = Batch::default();
        }
        workspace.batch.clear();
        workspace.scratch.shrink_to(MAX_KEPT_BYTES);
        let mut spare = self.spare.lock();
        if spare.len() < limits.max_decoding {
            spare.push(workspace);
        }
    }
}
