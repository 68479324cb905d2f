//! Reads the files of processes, which are small and many: by paths relative to the open `/proc`, with one read
//! each.

use std::os::fd::OwnedFd;

use rustix::fs::{Dir, Mode, OFlags, openat};
use rustix::io::{Errno, read};

use crate::{CollectError, Root, parse};

/// Longer than any file read here: `stat` has 52 numbers and a name of at most 64 bytes.
const MAX_BYTES: usize = 4096;

/// The open `/proc` with memory to read into.
pub(super) struct Files {
    folder: OwnedFd,
    path: String,
    buffer: [u8; MAX_BYTES],
}

impl Files {
    /// Opens the tree's `/proc`.
    pub(super) fn open(root: &Root) -> Result<Self, CollectError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(root.path("proc"), flags, Mode::empty());
        Ok(Self {
            folder: opened.map_err(classify)?,
            path: String::new(),
            buffer: [0; MAX_BYTES],
        })
    }

    /// Returns the ids of all processes.
    pub(super) fn pids(&self) -> Result<Vec<u32>, CollectError> {
        let mut pids = Vec::new();
        for entry in Dir::read_from(&self.folder).map_err(classify)? {
            let pid = parse::unsigned(entry.map_err(classify)?.file_name().to_bytes());
            pids.extend(pid.and_then(|pid| u32::try_from(pid).ok()));
        }
        Ok(pids)
    }

    /// Reads a file of a process. The kernel makes its text in one piece and hands it over in the first read.
    pub(super) fn read(&mut self, pid: u32, file: &str) -> Result<&[u8], Errno> {
        self.path.clear();
        push_number(&mut self.path, pid);
        self.path.push('/');
        self.path.push_str(file);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat(&self.folder, self.path.as_str(), flags, Mode::empty())?;
        let length = read(&file, &mut self.buffer)?;
        Ok(self.buffer.get(..length).unwrap_or_default())
    }
}

fn classify(error: Errno) -> CollectError {
    let what = "/proc".to_owned();
    match error {
        Errno::NOENT | Errno::NOTDIR => CollectError::Absent { what },
        error => CollectError::Read {
            what,
            source: error.into(),
        },
    }
}

/// Appends a decimal number.
pub(super) fn push_number(text: &mut String, number: u32) {
    let mut digits = [0_u8; 10];
    let mut rest = number;
    let mut count = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    text.extend(
        digits
            .iter()
            .skip(digits.len() - count)
            .map(|digit| char::from(*digit)),
    );
}

#[cfg(test)]
mod tests;
