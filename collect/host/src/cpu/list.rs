//! Lists of CPUs as sysfs writes them, and the folders that CPUs have there.

use std::ops::RangeInclusive;

use crate::{CollectError, Root, parse};

/// Where every CPU has its folder.
pub(super) const CPU_DIR: &str = "sys/devices/system/cpu";

/// No kernel knows more CPUs than this; what a file says beyond is not believed.
const MAX_CPUS: u64 = 1 << 16;

/// A set of CPU numbers as ranges, in the order in which the file gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CpuList(Vec<RangeInclusive<u64>>);

impl CpuList {
    /// Parses `0-3,8,10-11`; an empty text is the empty set, `None` anything that is not a list.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut ranges = Vec::new();
        for item in bytes.trim_ascii().split(|byte| *byte == b',') {
            if item.is_empty() {
                continue;
            }
            let mut ends = item.split(|byte| *byte == b'-');
            let first = parse::unsigned(ends.next()?)?;
            let last = ends.next().map_or(Some(first), parse::unsigned)?;
            if ends.next().is_some() || last >= MAX_CPUS || first > last {
                return None;
            }
            ranges.push(first..=last);
        }
        Some(Self(ranges))
    }

    /// Tells whether a CPU is in the set.
    pub(super) fn contains(&self, cpu: u64) -> bool {
        self.0.iter().any(|range| range.contains(&cpu))
    }

    /// Iterates over the CPUs.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().cloned().flatten()
    }
}

/// Returns the numbers of the CPUs that have a folder, in order of the folders' names (`cpu0`, `cpu1`, `cpu10`, …):
/// where CPUs share a counter, the first in this order is read.
///
/// # Errors
/// As [`Root::list`].
pub(super) fn cpu_numbers(root: &Root) -> Result<Vec<u64>, CollectError> {
    let names = root.list(CPU_DIR)?;
    Ok(names
        .iter()
        .filter_map(|name| parse::unsigned(name.strip_prefix("cpu")?.as_bytes()))
        .collect())
}

#[cfg(test)]
mod tests;
