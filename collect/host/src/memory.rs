//! Collectors of the group `memory`: what is used for what, what is paged, and which chips make errors.

mod edac;
mod meminfo;
mod numa;
mod vmstat;
mod zoneinfo;

pub(crate) use edac::Edac;
pub(crate) use meminfo::Meminfo;
pub(crate) use numa::Numa;
pub(crate) use vmstat::Vmstat;
pub(crate) use zoneinfo::Zoneinfo;
