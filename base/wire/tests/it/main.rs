//! What holds for every reader of bytes from outside: it never panics and never takes more than its limits,
//! whatever is done to a valid request.

mod corpus;
mod mutation;
