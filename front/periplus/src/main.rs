//! The one binary: parses the command line, runs the command, says how it ended.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 wrong
//! command line.

mod cli;
mod client;
mod query;
mod report;
mod screen;
mod sql;
mod time;
mod top;
mod units;
mod up;
mod version;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use tikv_jemallocator::Jemalloc;
use tokio::runtime::Builder;

use crate::cli::{Cli, Command, Role};
use crate::report::{Failure, OrHint as _};
use crate::screen::Paint;

/// The system's allocator keeps what a large load has left: half a gigabyte after a day of history of 92,000 series, of
/// which half is free.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen::say(failure.render(Paint::stderr()).trim_end());
            failure.exit_code()
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let filter = std::env::var("PERIPLUS_LOG").unwrap_or_else(|_| default_log(&cli.command).to_owned());
    service::log::init(cli.log_format, &filter)
        .or_hint("PERIPLUS_LOG is a level (debug) or levels by part (store=debug,agent=trace)")
        .map_err(Failure::usage)?;
    match &cli.command {
        Command::Up(args) => up::run(args, up::Scope::Machine),
        Command::Server(args) => match args.role {
            Role::Edge => up::run(&args.up, up::Scope::Edge),
        },
        Command::Agent(args) => up::run_agent(args),
        Command::Query(args) => small_runtime()?.block_on(query::run(args)),
        Command::Sql(args) => small_runtime()?.block_on(sql::run(args)),
        Command::Top(args) => small_runtime()?.block_on(top::run(args)),
        Command::Version(args) => screen::print(&version::render(args.output)).map_err(Failure::new),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "periplus", &mut script);
            screen::print(&String::from_utf8_lossy(&script)).map_err(Failure::new)
        }
    }
}

/// A person at a terminal has the greeting, and only needs to know what goes wrong; a journal also keeps what
/// happened.
fn default_log(command: &Command) -> &'static str {
    match command {
        Command::Up(_) | Command::Server(_) | Command::Agent(_) if !std::io::stderr().is_terminal() => "info",
        _ => "warn",
    }
}

/// The runtime of a command that talks to one server and to one person: no threads beside this one.
fn small_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::new)
}
