//! Tidy, generate, dist.

fn main() {}
