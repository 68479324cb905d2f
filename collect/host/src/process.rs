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
mod owner;
mod ranking;
mod stat;

use std::collections::HashMap;

use model::Sink;

use crate::{CollectError, Collector, Problems, Root, parse};

use account::{Io, Other, Tracked};
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
const ROTATION: usize = 16;
/// The same in the first collection, which knows nothing yet.
const FIRST_ROTATION: usize = 1024;
/// Collections after which user and unit of a shown process are looked up again.
const OWNER_AGE: u64 = 64;

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
    buffer: Vec<u8>,
    path: String,
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
            buffer: Vec::new(),
            path: String::new(),
        }
    }
}

impl Collector for Processes {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        self.generation += 1;
        self.read_all(root)?;
        let problems = self.read_costly(root);
        ranking::choose(&mut self.tracked, self.generation);
        self.account();
        self.look_up_owners(root);
        self.emit(out);
        problems.into_result()
    }
}

impl Processes {
    /// Reads the cheap file of every process and forgets the processes that ended.
    fn read_all(&mut self, root: &Root) -> Result<(), CollectError> {
        if self.boot_time.is_none() {
            let lines = root.read("proc/stat", &mut self.buffer)?;
            let line = parse::lines(lines).find_map(|line| line.strip_prefix(b"btime "));
            self.boot_time = line.and_then(|word| parse::unsigned(word.trim_ascii()));
        }
        let generation = self.generation;
        for pid in pids(root)? {
            self.path.clear();
            self.path.push_str("proc/");
            push_number(&mut self.path, pid);
            self.path.push_str("/stat");
            // A process may end between the listing and the reading.
            let Ok(bytes) = root.read(&self.path, &mut self.buffer) else {
                continue;
            };
            let Some(stat) = Stat::parse(bytes) else {
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
    fn read_costly(&mut self, root: &Root) -> Problems {
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
            tracked.descriptors = descriptors::count(root, pid).ok().flatten();
            self.path.clear();
            self.path.push_str("proc/");
            push_number(&mut self.path, pid);
            self.path.push_str("/io");
            match root.read(&self.path, &mut self.buffer) {
                Ok(bytes) => tracked.update_io(Io::parse(bytes), self.generation),
                Err(CollectError::Denied { .. }) => denied += 1,
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
            let fresh = tracked
                .owner
                .as_ref()
                .is_some_and(|owner| owner.comm == tracked.comm && self.generation - owner.at < OWNER_AGE);
            if !fresh {
                tracked.owner = Some(self.owners.find(root, *pid, &tracked.comm));
            }
        }
    }
}

/// Returns the ids of all processes.
fn pids(root: &Root) -> Result<Vec<u32>, CollectError> {
    let read_error = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => CollectError::Absent {
            what: "/proc".to_owned(),
        },
        _ => CollectError::Read {
            what: "/proc".to_owned(),
            source,
        },
    };
    let mut pids = Vec::new();
    for entry in std::fs::read_dir(root.path("proc")).map_err(read_error)? {
        let name = entry.map_err(read_error)?.file_name();
        let pid = parse::unsigned(name.as_encoded_bytes());
        pids.extend(pid.and_then(|pid| u32::try_from(pid).ok()));
    }
    Ok(pids)
}

/// Appends a decimal number.
fn push_number(text: &mut String, number: u32) {
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
