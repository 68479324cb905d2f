//! Reads the small files of cgroups and processes. What is not there, or vanishes while it is read, is nothing;
//! what can not be read is noted.

use std::io;

use crate::{CollectError, Problems, Root, parse};

/// Reads with one buffer and notes problems.
pub(super) struct Files<'r> {
    root: &'r Root,
    buffer: Vec<u8>,
    path: String,
    problems: Problems,
}

impl<'r> Files<'r> {
    pub(super) fn new(root: &'r Root) -> Self {
        Self {
            root,
            buffer: Vec::new(),
            path: String::new(),
            problems: Problems::default(),
        }
    }

    /// Returns the tree.
    pub(super) fn root(&self) -> &'r Root {
        self.root
    }

    /// Returns what went wrong so far.
    pub(super) fn into_problems(self) -> Problems {
        self.problems
    }

    /// Notes a problem.
    pub(super) fn note(&mut self, problem: impl std::fmt::Display) {
        self.problems.add(problem);
    }

    /// Reads a file of a folder.
    pub(super) fn read(&mut self, folder: &str, file: &str) -> Option<&[u8]> {
        self.path.clear();
        self.path.push_str(folder);
        self.path.push('/');
        self.path.push_str(file);
        match self.root.read(&self.path, &mut self.buffer) {
            Ok(_) => Some(&self.buffer),
            Err(error) => {
                if !is_gone(&error) {
                    self.problems.add_error(&error);
                }
                None
            }
        }
    }

    /// Reads a file that holds one number; `max` is `u64::MAX`.
    pub(super) fn number(&mut self, folder: &str, file: &str) -> Option<u64> {
        let word = self.read(folder, file)?.trim_ascii();
        match word {
            b"max" => Some(u64::MAX),
            _ => parse::unsigned(word),
        }
    }

    /// Returns the Unix time of the boot in seconds.
    pub(super) fn boot_time(&mut self) -> Option<u64> {
        let mut lines = parse::lines(self.read("proc", "stat")?);
        let line = lines.find_map(|line| line.strip_prefix(b"btime "))?;
        parse::unsigned(line.trim_ascii())
    }

    /// Returns when a process started, in clock ticks since the boot.
    pub(super) fn start_ticks(&mut self, pid: u32) -> Option<u64> {
        let bytes = self.read(&format!("proc/{pid}"), "stat")?;
        let end_of_name = bytes.iter().rposition(|byte| *byte == b')')?;
        // Field 22 of the file; field 3 is the first after the name. Source: proc_pid_stat(5).
        let start = parse::words(bytes.get(end_of_name + 1..)?).nth(19)?;
        parse::unsigned(start)
    }
}

/// Tells whether an error means that the cgroup or process ended, or that the kernel has the file switched off.
pub(super) fn is_gone(error: &CollectError) -> bool {
    let CollectError::Read { source, .. } = error else {
        return matches!(error, CollectError::Absent { .. });
    };
    let gone = [
        rustix::io::Errno::NODEV,
        rustix::io::Errno::SRCH,
        rustix::io::Errno::OPNOTSUPP,
    ];
    gone.iter().any(|errno| same(source, *errno))
}

fn same(error: &io::Error, errno: rustix::io::Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// Finds the number after a key in lines of the form `key number`.
pub(super) fn keyed(bytes: &[u8], key: &str) -> Option<u64> {
    parse::lines(bytes).find_map(|line| {
        let value = line.strip_prefix(key.as_bytes())?.strip_prefix(b" ")?;
        parse::unsigned(value.trim_ascii())
    })
}
