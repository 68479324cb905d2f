//! The test bed: that its clusters do what clusters do, and that nothing of them is left.
//!
//! Each test owns the machine while it runs ([`turn`]): they compare everything on it before and after.
#![expect(clippy::print_stdout, reason = "a test says what it did and what it took")]

mod lifecycle;
mod link;
mod trouble;
mod workloads;

use parking_lot::{Mutex, MutexGuard};

/// One test at a time.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock()
}
