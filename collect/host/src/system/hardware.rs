//! The machine's body: its maker's plate, sensors, power and watchdogs.

mod dmi;
mod hwmon;
mod power_supply;
mod rapl;
mod thermal;
mod watchdog;

pub(crate) use dmi::Dmi;
pub(crate) use hwmon::Hwmon;
pub(crate) use power_supply::PowerSupply;
pub(crate) use rapl::Rapl;
pub(crate) use thermal::Thermal;
pub(crate) use watchdog::Watchdog;
