//! Whole processes against real peers.
