//! Configurations for tests.

use clap::Parser as _;

use super::UpConfig;
use crate::cli::{Cli, Command, UpArgs};

/// Parses `periplus up` with further words.
pub(in crate::up) fn args(words: &[&str]) -> UpArgs {
    let line = ["periplus", "up"].iter().chain(words);
    match Cli::try_parse_from(line).unwrap().command {
        Command::Up(args) => args,
        other => panic!("{other:?}"),
    }
}

/// Makes the configuration of a command line; what depends on the machine is fixed.
pub(in crate::up) fn config(words: &[&str]) -> UpConfig {
    let data = ["--data", "/var/lib/periplus", "--instance", "node7"];
    let words: Vec<&str> = data.iter().chain(words).copied().collect();
    UpConfig {
        is_root: true,
        ..UpConfig::check(&args(&words)).unwrap()
    }
}
