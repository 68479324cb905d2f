//! Chores of the repository that need logic: `cargo xtask tidy`.

mod tidy;

use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "a command speaks to its terminal")]
fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => match tidy::problems() {
            Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
            Ok(problems) => {
                eprintln!("{}", problems.join("\n"));
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        },
        _ => {
            eprintln!("usage: cargo xtask tidy");
            ExitCode::from(2)
        }
    }
}
