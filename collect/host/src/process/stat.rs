//! `/proc/<pid>/stat`. Source: proc_pid_stat(5).

use crate::parse;

/// Flag of threads that the kernel runs for itself. Source: kernel, include/linux/sched.h, `PF_KTHREAD`.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// What is used of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stat<'b> {
    pub(super) comm: &'b str,
    pub(super) kernel: bool,
    /// Clock ticks in user mode.
    pub(super) user: u64,
    /// Clock ticks in kernel mode.
    pub(super) system: u64,
    pub(super) threads: u64,
    /// Clock ticks between the boot and the start.
    pub(super) start: u64,
    /// Bytes of address space.
    pub(super) virtual_bytes: u64,
    /// Pages in memory.
    pub(super) resident_pages: u64,
}

impl<'b> Stat<'b> {
    /// Parses the file; `None` if it is cut or not understood. The name stands between the first and the last
    /// parenthesis and may hold any byte, also parentheses and spaces.
    pub(super) fn parse(bytes: &'b [u8]) -> Option<Self> {
        let open = bytes.iter().position(|byte| *byte == b'(')?;
        let close = bytes.iter().rposition(|byte| *byte == b')')?;
        let comm = parse::text(bytes.get(open + 1..close)?);
        // The first word after the name is field 3 of the manual page.
        let mut words = parse::words(bytes.get(close + 1..)?);
        let flags = parse::unsigned(words.nth(9 - 3)?)?;
        let user = parse::unsigned(words.nth(14 - 9 - 1)?)?;
        let system = parse::unsigned(words.next()?)?;
        let threads = parse::unsigned(words.nth(20 - 15 - 1)?)?;
        let start = parse::unsigned(words.nth(22 - 20 - 1)?)?;
        let virtual_bytes = parse::unsigned(words.next()?)?;
        // May be negative for a moment, since the kernel counts it per CPU.
        let resident_pages = parse::unsigned(words.next()?).unwrap_or(0);
        Some(Self {
            comm,
            kernel: flags & KERNEL_THREAD != 0,
            user,
            system,
            threads,
            start,
            virtual_bytes,
            resident_pages,
        })
    }
}

#[cfg(test)]
mod tests;
