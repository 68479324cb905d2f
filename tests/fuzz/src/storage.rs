//! Files of the store: a disk may return anything.

pub(crate) use store::fuzzing::{chunk, log_records, part, state_files};
