//! `periplus up` as its users meet it: a real process, real peers, a real browser.
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads the clock of the machine it runs on"
)]

mod containers;
mod durability;
mod faults;
mod machine;
mod page;
