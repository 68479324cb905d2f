//! The collectors from outside.

mod container;
mod reference;
mod upstream;
