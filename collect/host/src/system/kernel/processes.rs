//! Collector `processes`: how many processes and threads there are and in which states, from `/proc`.
//!
//! Opt-in: it reads a file for every thread. What ends while it is looked at is left out.
//! Format: proc(5), `/proc/<pid>/stat`: the state is field 3, the number of threads field 20; field 2, the name,
//! stands in brackets and may itself hold brackets and blanks.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, attribute, parse};

const THREADS: Family<'_> = Family::gauge("node_processes_threads", "Threads of all processes.");
const MAX_THREADS: Family<'_> = Family::gauge("node_processes_max_threads", "Most threads there may be.");
const PIDS: Family<'_> = Family::gauge("node_processes_pids", "Processes.");
const MAX_PROCESSES: Family<'_> = Family::gauge("node_processes_max_processes", "Highest process number.");
const STATE: Family<'_> = Family::gauge("node_processes_state", "Processes by state, as ps(1) names it.");
const THREADS_STATE: Family<'_> = Family::gauge(
    "node_processes_threads_state",
    "Threads by state, as ps(1) names it.",
);
/// Fields between the state and the number of threads.
const FIELDS_BETWEEN: usize = 16;

/// Numbers by state; a state is a letter.
#[derive(Default)]
struct States(Vec<(char, u64)>);

impl States {
    fn add(&mut self, state: char) {
        match self.0.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => self.0.push((state, 1)),
        }
    }

    fn report(&self, family: &Family<'_>, label: &str, out: &mut dyn Sink) {
        for (state, count) in &self.0 {
            let mut letter = [0; 4];
            out.sample(family, &[(label, state.encode_utf8(&mut letter))], *count as f64);
        }
    }
}

/// Collects `node_processes_*`.
#[derive(Default)]
pub(crate) struct Processes {
    buffer: Vec<u8>,
}

impl Collector for Processes {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        let (mut pids, mut threads) = (0_u64, 0_u64);
        let (mut states, mut thread_states) = (States::default(), States::default());
        for pid in root.list("proc")? {
            if parse::unsigned(pid.as_bytes()).is_none() {
                continue;
            }
            let Some((state, thread_count)) =
                self.read_stat(root, &format!("proc/{pid}/stat"), &mut problems)
            else {
                continue;
            };
            pids += 1;
            threads += thread_count;
            states.add(state);
            thread_states.add(state);
            if thread_count == 1 {
                continue;
            }
            for thread in root.list(format!("proc/{pid}/task")).unwrap_or_default() {
                // The first thread is the process.
                if thread == pid {
                    continue;
                }
                let path = format!("proc/{pid}/task/{thread}/stat");
                if let Some((state, _)) = self.read_stat(root, &path, &mut problems) {
                    thread_states.add(state);
                }
            }
        }
        out.sample(&PIDS, &[], pids as f64);
        out.sample(&THREADS, &[], threads as f64);
        states.report(&STATE, "state", out);
        thread_states.report(&THREADS_STATE, "thread_state", out);
        for (path, family) in [
            ("proc/sys/kernel/threads-max", &MAX_THREADS),
            ("proc/sys/kernel/pid_max", &MAX_PROCESSES),
        ] {
            match attribute::number(root, path, &mut self.buffer) {
                Ok(limit) => out.sample(family, &[], limit),
                Err(error) => problems.add_error(&error),
            }
        }
        problems.into_result()
    }
}

impl Processes {
    /// Returns state and number of threads; `None` for what has ended or cannot be understood.
    fn read_stat(&mut self, root: &Root, path: &str, problems: &mut Problems) -> Option<(char, u64)> {
        let Ok(bytes) = root.read(path, &mut self.buffer) else {
            return None;
        };
        let parsed = parse_stat(bytes);
        if parsed.is_none() {
            problems.add(format_args!("cannot parse /{path}"));
        }
        parsed
    }
}

fn parse_stat(bytes: &[u8]) -> Option<(char, u64)> {
    let end_of_name = bytes.iter().rposition(|byte| *byte == b')')?;
    let mut fields = parse::words(bytes.get(end_of_name + 1..)?);
    let state = fields.next()?;
    let threads = parse::unsigned(fields.nth(FIELDS_BETWEEN)?)?;
    Some((char::from(*state.first()?), threads))
}

#[cfg(test)]
mod tests;
