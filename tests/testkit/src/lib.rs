//! What the tests share: the binary under test, its peers, waits with a deadline, exposition text.
//!
//! Nothing here stands for a part of the product: processes are real, files are real, and a test that cannot
//! run on a machine says so through [`skip`].

mod bed;
mod container;
mod exposition;
mod http;
mod process;
mod wait;

pub use bed::{Bed, Running, Space, tool_path, wait_for_server};
pub use container::Container;
pub use exposition::{Exposition, Sample};
pub use http::{Answer, Client};
pub use process::{Peer, Periplus, Up, free_port, peer_path, periplus_path};
pub use wait::{DEADLINE, wait_for};

/// Says that a test did not run here, and why. `make test` prints all of these at its end.
///
/// The caller returns right after it; the reason must name what the machine lacks.
#[expect(clippy::print_stderr, reason = "a test speaks to its terminal")]
pub fn skip(test: &str, reason: &str) {
    eprintln!("SKIPPED {test}: {reason}");
    let Some(path) = std::env::var_os("PERIPLUS_SKIPPED") else {
        return;
    };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| {
        use std::io::Write as _;
        writeln!(file, "{test}: {reason}")
    });
    if let Err(error) = written {
        eprintln!("failed to note the skipped test: {error}");
    }
}

/// Tells whether this process has the rights of root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
