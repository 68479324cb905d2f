//! `periplus up` as its users meet it: a real process, real peers, a real browser.
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads the clock of the machine it runs on"
)]
#![expect(
    clippy::print_stdout,
    reason = "a test says what it compared and with which seed"
)]

mod clients;
mod containers;
mod deploy;
mod differential;
mod durability;
mod faults;
mod forward;
mod lake;
mod machine;
mod page;

mod scrape;
mod settings;
