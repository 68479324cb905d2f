//! Collectors of the group `system`: what the machine is, its clock, its kernel's tables and its sensors.

mod clock;
mod hardware;
mod kernel;
mod os;
mod uname;

pub(crate) use clock::{Time, Timex};
pub(crate) use hardware::{Dmi, Hwmon, PowerSupply, Rapl, Thermal, Watchdog};
pub(crate) use kernel::{Entropy, Filefd, HungTasks, Processes, Selinux};
pub(crate) use os::Os;
pub(crate) use uname::Uname;
