//! The marker that ends a series.

/// The bits of the signalling NaN with which Prometheus marks a series as ended. It must survive every copy
/// and codec bit for bit, so move it as `u64` or by plain copies, never through arithmetic.
/// Source: Prometheus `model/value`, `StaleNaN`.
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Returns the stale marker as a sample value.
pub fn stale_marker() -> f64 {
    f64::from_bits(STALE_BITS)
}

/// Tells whether a sample value is the stale marker; any other NaN is a value.
#[inline]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}
