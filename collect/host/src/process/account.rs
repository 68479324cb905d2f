//! What is remembered of each process, and the sum of those without series of their own.

use crate::parse;

use super::owner::Owner;
use super::stat::Stat;

/// Bytes moved from and to block devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Io {
    pub(super) read: u64,
    pub(super) written: u64,
}

impl Io {
    /// Parses `/proc/<pid>/io`. Source: proc_pid_io(5).
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let value = |key: &[u8]| {
            let line = parse::lines(bytes).find_map(|line| line.strip_prefix(key))?;
            parse::unsigned(line.trim_ascii())
        };
        Some(Self {
            read: value(b"read_bytes:")?,
            written: value(b"write_bytes:")?,
        })
    }

    pub(super) fn total(self) -> u64 {
        self.read.saturating_add(self.written)
    }

    fn since(self, before: Self) -> Self {
        Self {
            read: self.read.saturating_sub(before.read),
            written: self.written.saturating_sub(before.written),
        }
    }
}

/// One process.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    pub(super) comm: String,
    pub(super) kernel: bool,
    /// Clock ticks between the boot and the start: tells processes of one id apart.
    pub(super) start: u64,
    /// Collections that saw it first and last.
    pub(super) born: u64,
    pub(super) seen: u64,
    pub(super) user: u64,
    pub(super) system: u64,
    /// Clock ticks since the last collection, or since the start of a process that is new.
    pub(super) user_gain: u64,
    pub(super) system_gain: u64,
    pub(super) threads: u64,
    pub(super) virtual_bytes: u64,
    pub(super) resident_pages: u64,
    pub(super) io: Option<Io>,
    /// Bytes since the costly files were read before.
    pub(super) io_gain: Io,
    /// Whether `io_gain` is of this collection and not yet accounted for.
    pub(super) io_is_new: bool,
    pub(super) descriptors: Option<u64>,
    /// Collection that read the costly files, 0 for none.
    pub(super) costly_read: u64,
    /// Collection in which it led, 0 for none.
    pub(super) led: u64,
    /// Whether it has series of its own, now and in the last collection.
    pub(super) shown: bool,
    pub(super) was_shown: bool,
    pub(super) owner: Option<Owner>,
}

impl Tracked {
    /// Begins with a process that was not seen before.
    pub(super) fn new(stat: &Stat<'_>, generation: u64) -> Self {
        let mut tracked = Self {
            start: stat.start,
            born: generation,
            ..Self::default()
        };
        tracked.update(stat, generation);
        tracked
    }

    /// Takes what the cheap file says now.
    pub(super) fn update(&mut self, stat: &Stat<'_>, generation: u64) {
        if self.comm != stat.comm {
            self.comm.clear();
            self.comm.push_str(stat.comm);
        }
        self.kernel = stat.kernel;
        // The kernel scales these two and may take a tick back; what is shown only rises.
        self.user_gain = stat.user.saturating_sub(self.user);
        self.system_gain = stat.system.saturating_sub(self.system);
        self.user = self.user.max(stat.user);
        self.system = self.system.max(stat.system);
        self.threads = stat.threads;
        self.virtual_bytes = stat.virtual_bytes;
        self.resident_pages = stat.resident_pages;
        self.io_is_new = false;
        self.was_shown = self.shown;
        self.seen = generation;
    }

    /// Notes that it lives, without a look at what it used: that is found at the next look.
    pub(super) fn rest(&mut self, generation: u64) {
        self.user_gain = 0;
        self.system_gain = 0;
        self.io_is_new = false;
        self.was_shown = self.shown;
        self.seen = generation;
    }

    /// Takes what the costly file says now.
    pub(super) fn update_io(&mut self, io: Option<Io>, generation: u64) {
        let Some(io) = io else {
            return;
        };
        // What a process moved before it was looked at for the first time is of no known time, unless it is new.
        let before = match self.io {
            Some(before) => before,
            None if self.born == generation => Io::default(),
            None => io,
        };
        self.io_gain = io.since(before);
        self.io = Some(io);
        self.io_is_new = true;
    }

    pub(super) fn cpu_gain(&self) -> u64 {
        self.user_gain + self.system_gain
    }
}

/// The processes without series of their own. Counters run on from collection to collection, the rest is summed
/// anew in each.
#[derive(Debug, Default)]
pub(super) struct Other {
    pub(super) user: u64,
    pub(super) system: u64,
    pub(super) io: Io,
    pub(super) virtual_bytes: u64,
    pub(super) resident_pages: u64,
    pub(super) threads: u64,
    pub(super) descriptors: u64,
}

impl Other {
    /// Begins a collection.
    pub(super) fn begin(&mut self) {
        *self = Self {
            user: self.user,
            system: self.system,
            io: self.io,
            ..Self::default()
        };
    }

    /// Adds a process. What it used since the last collection is shown by its own series only if these have a
    /// sample at both ends; else it belongs here, so that rates of all series sum up to the machine's.
    pub(super) fn add(&mut self, tracked: &Tracked, generation: u64) {
        let own_rate = tracked.shown && (tracked.was_shown || generation == 1);
        if !own_rate {
            self.user += tracked.user_gain;
            self.system += tracked.system_gain;
            if tracked.io_is_new {
                self.io.read = self.io.read.saturating_add(tracked.io_gain.read);
                self.io.written = self.io.written.saturating_add(tracked.io_gain.written);
            }
        }
        if tracked.shown {
            return;
        }
        self.threads += tracked.threads;
        self.descriptors += tracked.descriptors.unwrap_or(0);
        if !tracked.kernel {
            self.virtual_bytes = self.virtual_bytes.saturating_add(tracked.virtual_bytes);
            self.resident_pages = self.resident_pages.saturating_add(tracked.resident_pages);
        }
    }
}

#[cfg(test)]
mod tests;
