//! Collectors of the group `cpu`: what the processors do, how fast they run, and who waits for them.

mod frequency;
mod info;
mod interrupts;
mod list;
mod load;
mod pressure;
mod schedstat;
mod softirqs;
mod stat;
mod topology;
mod usage;
mod vulnerabilities;

pub(crate) use frequency::Frequency;
pub(crate) use info::Info;
pub(crate) use interrupts::Interrupts;
pub(crate) use load::Load;
pub(crate) use pressure::Pressure;
pub(crate) use schedstat::Schedstat;
pub(crate) use softirqs::Softirqs;
pub(crate) use stat::{SoftirqTotals, Stat};
pub(crate) use usage::Usage;
pub(crate) use vulnerabilities::Vulnerabilities;
