//! Which of several instances takes care of an object.
//!
//! The identity's FNV-1a hash goes through the jump consistent hash (Lamping and Veach, 2014, arXiv:1406.2294), as in
//! kube-state-metrics, so that instances of both kinds could share the work.

use crate::objects::Uid;

/// One of several instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, counted from 0.
    pub index: u32,
    /// How many there are.
    pub total: u32,
}

impl Shard {
    /// The only instance.
    pub const ONLY: Self = Self { index: 0, total: 1 };

    /// Tells whether this instance takes care of an object.
    pub fn has(self, uid: Uid) -> bool {
        if self.total <= 1 {
            return self.index == 0;
        }
        let mut text = String::with_capacity(36);
        if uid != Uid::default() {
            uid.push_to(&mut text);
        }
        jump(fnv1a(text.as_bytes()), self.total) == self.index
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes
        .iter()
        .fold(BASIS, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

fn jump(mut key: u64, buckets: u32) -> u32 {
    let (mut bucket, mut next) = (0_i64, 0_i64);
    while next < i64::from(buckets) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let step = (1_u64 << 31) as f64 / ((key >> 33) + 1) as f64;
        next = ((bucket + 1) as f64 * step) as i64;
    }
    u32::try_from(bucket).unwrap_or(0)
}

#[cfg(test)]
mod tests;
