//! The machine's clock: what time it shows, what drives it, how well it is kept.

mod time;
mod timex;
mod zone;

pub(crate) use time::Time;
pub(crate) use timex::Timex;
