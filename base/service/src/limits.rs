//! What the kernel lets a process have.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard limit and returns the limit now in force, `None` for no
/// limit.
///
/// The soft limit is 1,024 by default for the sake of `select(2)`, which nothing here uses; memory-mapped
/// files, sockets and watched processes need more.
///
/// # Errors
/// The kernel refuses; the old limit stays.
pub fn raise_open_files() -> io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: limit.maximum,
                maximum: limit.maximum,
            },
        )?;
    }
    Ok(limit.maximum)
}

#[cfg(test)]
mod tests;
