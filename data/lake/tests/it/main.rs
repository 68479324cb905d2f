//! The lake from outside: real folders, real processes, real damage.

mod crash;
mod damage;
mod events;
mod support;
mod tables;
mod versions;
