//! Which processes lead, which are shown, and whose costly files are worth reading.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::account::Tracked;
use super::{HOLD, LEADERS, MAX_ACTIVE, MAX_SHOWN};

/// Returns the processes whose costly files are to be read: those that used most CPU time, and `rotation` of the
/// others, those first whose files were read longest ago. A process that used none has neither read nor opened
/// files since, so that what is known of it still holds.
pub(super) fn candidates(tracked: &HashMap<u32, Tracked>, rotation: usize) -> Vec<u32> {
    let mut chosen: HashSet<u32> = HashSet::new();
    chosen.extend(first_by(tracked, MAX_ACTIVE, Tracked::cpu_gain));
    let mut others: Vec<(u64, u32)> = tracked
        .iter()
        .filter(|(pid, tracked)| !tracked.kernel && !chosen.contains(pid))
        .map(|(pid, tracked)| (tracked.costly_read, *pid))
        .collect();
    if others.len() > rotation {
        others.select_nth_unstable(rotation);
        others.truncate(rotation);
    }
    let mut chosen: Vec<u32> = chosen
        .into_iter()
        .chain(others.iter().map(|(_, pid)| *pid))
        .collect();
    // The kernel keeps no files and counts no bytes for its own threads.
    chosen.retain(|pid| tracked.get(pid).is_some_and(|tracked| !tracked.kernel));
    chosen
}

/// Marks the processes that are shown in this collection.
pub(super) fn choose(tracked: &mut HashMap<u32, Tracked>, generation: u64) {
    let leaders = [
        first_by(tracked, LEADERS.cpu, Tracked::cpu_gain),
        first_by(tracked, LEADERS.memory, memory),
        first_by(tracked, LEADERS.io, |t| {
            if t.io_is_new { t.io_gain.total() } else { 0 }
        }),
        first_by(tracked, LEADERS.descriptors, |t| t.descriptors.unwrap_or(0)),
    ];
    for pid in leaders.into_iter().flatten() {
        if let Some(leader) = tracked.get_mut(&pid) {
            leader.led = generation;
        }
    }
    // Those that led last come first; among equals the older process, so that the choice does not flap.
    let mut shown: Vec<(Reverse<u64>, bool, u64, u32)> = tracked
        .iter()
        .filter(|(_, t)| t.led > 0 && t.led + HOLD >= generation)
        .map(|(pid, t)| (Reverse(t.led), !t.shown, t.start, *pid))
        .collect();
    shown.sort_unstable();
    shown.truncate(MAX_SHOWN);
    let shown: HashSet<u32> = shown.into_iter().map(|(_, _, _, pid)| pid).collect();
    for (pid, tracked) in tracked {
        tracked.shown = shown.contains(pid);
    }
}

/// Memory of the kernel's own threads is the kernel's.
fn memory(tracked: &Tracked) -> u64 {
    if tracked.kernel { 0 } else { tracked.resident_pages }
}

/// Returns the first `n` processes by a measure that is not 0; among equals the older process.
fn first_by(tracked: &HashMap<u32, Tracked>, n: usize, measure: impl Fn(&Tracked) -> u64) -> Vec<u32> {
    let mut ranked: Vec<(Reverse<u64>, u64, u32)> = tracked
        .iter()
        .map(|(pid, tracked)| (Reverse(measure(tracked)), tracked.start, *pid))
        .filter(|(measure, _, _)| measure.0 > 0)
        .collect();
    if ranked.len() > n {
        ranked.select_nth_unstable(n);
        ranked.truncate(n);
    }
    ranked.into_iter().map(|(_, _, pid)| pid).collect()
}

#[cfg(test)]
mod tests;
