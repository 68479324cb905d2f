//! The processes that use most of the machine, by name, and the sum of all others.
//!
//! At most [`MAX_SHOWN`] processes have series of their own: those that lead by CPU time since the last
//! collection, by resident memory, by bytes read and written, or by open files. One that no longer leads keeps its
//! series for [`HOLD`] more collections. What the others use is summed under `comm="other"`; its counters only
//! rise, since they add up what is used between two collections.
//!
//! Command lines and environments are never read: they may hold secrets.

mod account;
pub(crate) mod descriptors;
mod emit;
mod families;
mod files;
mod owner;
mod ranking;
mod stat;

use std::collections::HashMap;

use model::Sink;
use rustix::io::Errno;

use crate::{CollectError, Collector, Problems, Root, parse};

use account::{Io, Other, Tracked};
use descriptors::Descriptors;
use files::Files;
use owner::Owners;
use stat::Stat;

/// Most processes with series of their own.
pub const MAX_SHOWN: usize = 50;
/// Collections for which a process keeps its series after it stopped to lead.
pub const HOLD: u64 = 5;
/// Processes that lead by each measure; together fewer than [`MAX_SHOWN`], so that there is room to hold some.
const LEADERS: Leaders = Leaders {
    cpu: 12,
    memory: 12,
    io: 8,
    descriptors: 8,
};
/// Processes whose costly files are read because they used CPU time since the last collection.
const MAX_ACTIVE: usize = 24;
/// Other processes whose costly files are read in turn, so that none escapes notice for long.
const ROTATION: usize = 8;
/// The same in the first collection, which knows nothing yet.
const FIRST_ROTATION: usize = 1024;
/// The kernel's own threads, often most of the processes and mostly idle, are read in turn every so many
/// collections unless they are shown; reading that file is what a collection costs most for.
const KERNEL_THREADS_EVERY: u64 = 4;
/// Collections after which user and unit of a shown process are looked up again.
const OWNER_AGE: u64 = 64;
/// Collections for which a new process is looked up each time: it may be about to change its user and its cgroup.
const OWNER_YOUTH: u64 = 2;

struct Leaders {
    cpu: usize,
    memory: usize,
    io: usize,
    descriptors: usize,
}

/// Collects the processes that use most.
pub struct Processes {
    tracked: HashMap<u32, Tracked>,
    other: Other,
    owners: Owners,
    generation: u64,
    /// Unix time of the boot in seconds; kept, so that start times do not move with the clock.
    boot_time: Option<u64>,
    page_size: u64,
    ticks_per_second: u64,
    descriptors: Descriptors,
}

impl Default for Processes {
    fn default() -> Self {
        Self {
            tracked: HashMap::new(),
            other: Other::default(),
            owners: Owners::default(),
            generation: 0,
            boot_time: None,
            page_size: rustix::param::page_size() as u64,
            ticks_per_second: rustix::param::clock_ticks_per_second(),
            descriptors: Descriptors::default(),
        }
    }
}

impl Collector for Processes {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        self.generation += 1;
        let mut files = Files::open(root)?;
        self.read_all(root, &mut files)?;
        let problems = self.read_costly(root, &mut files);
        ranking::choose(&mut self.tracked, self.generation);
        self.account();
        self.look_up_owners(root);
        self.emit(out);
        problems.into_result()
    }
}

impl Processes {
    /// Reads the cheap file of every process and forgets the processes that ended.
    fn read_all(&mut self, root: &Root, files: &mut Files) -> Result<(), CollectError> {
        if self.boot_time.is_none() {
            let mut buffer = Vec::new();
            let lines = root.read("proc/stat", &mut buffer)?;
            let line = parse::lines(lines).find_map(|line| line.strip_prefix(b"btime "));
            self.boot_time = line.and_then(|word| parse::unsigned(word.trim_ascii()));
        }
        let generation = self.generation;
        for pid in files.pids()? {
            let on_turn = (u64::from(pid) + generation).is_multiple_of(KERNEL_THREADS_EVERY);
            if let Some(tracked) = self.tracked.get_mut(&pid)
                && tracked.kernel
                && !tracked.shown
                && !on_turn
            {
                tracked.rest(generation);
                continue;
            }
            // A process may end between the listing and the reading.
            let Some(stat) = files.read(pid, "stat").ok().and_then(Stat::parse) else {
                continue;
            };
            // The same id with another start is another process.
            match self.tracked.get_mut(&pid).filter(|t| t.start == stat.start) {
                Some(tracked) => tracked.update(&stat, generation),
                None => {
                    self.tracked.insert(pid, Tracked::new(&stat, generation));
                }
            }
        }
        self.tracked.retain(|_, tracked| tracked.seen == generation);
        Ok(())
    }

    /// Reads the costly files of the processes that may lead.
    fn read_costly(&mut self, root: &Root, files: &mut Files) -> Problems {
        let rotation = if self.generation == 1 {
            FIRST_ROTATION
        } else {
            ROTATION
        };
        let candidates = ranking::candidates(&self.tracked, rotation);
        let mut denied = 0;
        for &pid in &candidates {
            let Some(tracked) = self.tracked.get_mut(&pid) else {
                continue;
            };
            tracked.costly_read = self.generation;
            tracked.descriptors = self.descriptors.count(root, pid).ok().flatten();
            match files.read(pid, "io") {
                Ok(bytes) => tracked.update_io(Io::parse(bytes), self.generation),
                Err(Errno::ACCESS | Errno::PERM) => denied += 1,
                Err(_) => {}
            }
        }
        let mut problems = Problems::default();
        // A few processes may guard themselves even against root; that is no fault.
        if denied > candidates.len() / 2 {
            problems.add(format_args!(
                "no permission to read /proc/<pid>/io of {denied} processes (run as root)"
            ));
        }
        problems
    }

    /// Adds what the processes without series of their own used to the sum of the others.
    fn account(&mut self) {
        self.other.begin();
        for tracked in self.tracked.values() {
            self.other.add(tracked, self.generation);
        }
    }

    fn look_up_owners(&mut self, root: &Root) {
        self.owners.begin(self.generation);
        for (pid, tracked) in &mut self.tracked {
            if !tracked.shown {
                continue;
            }
            let is_young = tracked.born + OWNER_YOUTH >= self.generation;
            let age = if is_young { 1 } else { OWNER_AGE };
            let fresh = tracked
                .owner
                .as_ref()
                .is_some_and(|owner| owner.comm == tracked.comm && self.generation - owner.at < age);
            if !fresh {
                tracked.owner = Some(self.owners.find(root, *pid, &tracked.comm));
            }
        }
    }
}

#[cfg(test)]
mod tests;
