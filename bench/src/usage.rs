//! CPU time and memory of a process by the kernel's accounting.

use std::fs;

use anyhow::Context as _;

/// Clock ticks a second of `/proc/PID/stat`: fixed to 100 in the kernel's interface to user space.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time of all its threads, ended ones too, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// Resident memory now, in bytes.
    pub(crate) resident: f64,
    /// The part of it that is no file, in bytes.
    pub(crate) anonymous: f64,
    /// The most that was ever resident, in bytes.
    pub(crate) peak: f64,
}

impl Usage {
    /// Reads the accounts of a process.
    ///
    /// # Errors
    /// The process is gone.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold anything; fields are counted behind it. utime is field 14.
        let (_, fields) = stat.rsplit_once(") ").context("stat has a name")?;
        let ticks: Vec<f64> = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|f| f.parse().ok())
            .collect();
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kib = |key: &str| -> anyhow::Result<f64> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .with_context(|| key.to_owned())?;
            Ok(line.split_whitespace().next().context("a size")?.parse()?)
        };
        Ok(Self {
            cpu_ms: ticks.iter().sum::<f64>() * 1000.0 / TICKS_PER_SECOND,
            resident: kib("VmRSS:")? * 1024.0,
            anonymous: kib("RssAnon:")? * 1024.0,
            peak: kib("VmHWM:")? * 1024.0,
        })
    }
}

/// Returns the nanoseconds that the living threads of a process have run, by `/proc/PID/task/TID/schedstat`.
///
/// Finer than [`Usage::cpu_ms`], but a thread that ends takes its time with it: for spans of milliseconds only.
pub(crate) fn running_ns(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let of_task = |task: fs::DirEntry| -> Option<u64> {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    tasks.filter_map(of_task).sum()
}
