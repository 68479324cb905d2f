use super::*;
use crate::bytes::put_uvarint;

/// A slice without series, and with one timeline of times in equal steps.
fn slice(n_times: u64) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 1];
    put_uvarint(&mut out, n_times);
    // First time 0, steps of 1: see `chunk/ints.rs`.
    out.extend_from_slice(&[0, 1, 2]);
    out
}

#[test]
fn times_are_no_more_than_a_timeline_holds() {
    let read = |n_times| Restored::new(Shard::new(0, 0)).slice(&slice(n_times));
    assert_eq!(read(1000), Ok(()));
    assert_eq!(read(0), Err(Malformed));
    assert_eq!(read(MAX_TIMES as u64 + 1), Err(Malformed));
    assert_eq!(read(u64::MAX), Err(Malformed));
}
