//! statfs(2) that cannot hold up its caller.
//!
//! A thread of its own asks; the caller waits for it, but not for long. A call that does not return in time stays behind
//! with its thread: the path is not touched again until that thread returns, and the next question goes to a new
//! thread. So there is one thread as long as everything answers, and one more for every path that hangs, up to a
//! bound; beyond it no questions are asked.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::StatFs;
use rustix::io::Errno;

/// Most calls that may hang at a time: the mounts of one dead server are often many.
pub(super) const MAX_HANGING: usize = 32;

/// How long to wait for paths that may hang.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For all paths of a collection together.
    pub total: Duration,
    /// For every path, even when the ones before it used up the total.
    pub least: Duration,
}

/// What came of a question.
pub(super) enum Answer {
    /// The file system answered.
    Room(StatFs),
    /// The file system answered with an error, in words.
    Failed(String),
    /// The file system does not answer.
    Hangs,
    /// The question was not asked, for this reason.
    Unknown(&'static str),
}

type Reply = Result<StatFs, Errno>;

/// A thread that asks for one path after the other, until its sender is dropped.
struct Asker {
    questions: SyncSender<PathBuf>,
    replies: Receiver<Reply>,
}

/// Asks, and remembers what hangs.
#[derive(Default)]
pub(super) struct Watch {
    asker: Option<Asker>,
    hanging: Vec<(PathBuf, Receiver<Reply>)>,
}

impl Watch {
    /// Forgets the hanging paths whose threads returned, so that they are asked again.
    pub(super) fn look_for_returned(&mut self) {
        // The thread ends by itself: nobody holds its sender any more.
        self.hanging
            .retain(|(_, replies)| matches!(replies.try_recv(), Err(TryRecvError::Empty)));
    }

    /// Asks for the room at a path, and waits for what is left of the patience since `started`.
    pub(super) fn ask(&mut self, path: &Path, started: Instant, patience: Patience) -> Answer {
        if self.hanging.iter().any(|(hanging, _)| hanging == path) {
            return Answer::Hangs;
        }
        if self.hanging.len() >= MAX_HANGING {
            return Answer::Unknown("not asked because too many other mounts do not answer");
        }
        let Some(asker) = self.asker.take().or_else(Asker::start) else {
            return Answer::Unknown("not asked because no thread could be started");
        };
        if asker.questions.send(path.to_owned()).is_err() {
            return Answer::Unknown("not asked because a thread ended");
        }
        let rest = patience.total.saturating_sub(started.elapsed());
        match asker.replies.recv_timeout(rest.max(patience.least)) {
            Ok(reply) => {
                self.asker = Some(asker);
                match reply {
                    Ok(room) => Answer::Room(room),
                    Err(errno) => Answer::Failed(describe(errno)),
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                self.hanging.push((path.to_owned(), asker.replies));
                Answer::Hangs
            }
            Err(RecvTimeoutError::Disconnected) => Answer::Unknown("not asked because a thread ended"),
        }
    }

    /// Returns the number of calls that hang.
    #[cfg(test)]
    pub(super) fn hanging(&self) -> usize {
        self.hanging.len()
    }
}

impl Asker {
    fn start() -> Option<Self> {
        let (questions, asked) = sync_channel::<PathBuf>(1);
        let (answer, replies) = sync_channel(1);
        // Not joined: it ends when its sender is dropped, or stays in the kernel for as long as a server is dead.
        thread::Builder::new()
            .name("statfs".to_owned())
            .stack_size(64 << 10)
            .spawn(move || {
                for path in asked {
                    if answer.send(rustix::fs::statfs(&path)).is_err() {
                        return;
                    }
                }
            })
            .ok()?;
        Some(Self { questions, replies })
    }
}

/// Returns what an error means, as the label `device_error` has it: `permission denied`.
pub(super) fn describe(errno: Errno) -> String {
    let text = std::io::Error::from(errno).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
