//! What holds for every reader of bytes from outside: it never panics and never takes more than its limits,
//! whatever is done to a valid request.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod corpus;
mod mutation;
