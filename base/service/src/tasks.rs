//! An owner for tasks that looks at every exit.
//!
//! The children of a component are meant to run until they are told to stop. One that ends before that, well or
//! badly, is a fault of the whole: [`Tasks::watch`] returns it, and the process takes the path of every stop.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Display;
use std::future::Future;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a task ends with.
type Exit = Result<(), Box<dyn Error + Send + Sync>>;

/// Why a task is a fault.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// It returned without being asked to.
    #[error("task {name} ended before it was asked to")]
    EndedEarly {
        /// Its name.
        name: &'static str,
    },
    /// It returned an error.
    #[error("task {name} failed")]
    Failed {
        /// Its name.
        name: &'static str,
        /// The error.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It panicked.
    #[error("task {name} panicked: {message}")]
    Panicked {
        /// Its name.
        name: &'static str,
        /// Text of the panic.
        message: String,
    },
    /// It was still running at the deadline of a stop.
    #[error("task {name} did not stop in time")]
    StillRunning {
        /// Its name.
        name: &'static str,
    },
}

/// The tasks of a component. Dropping it aborts them.
#[derive(Debug)]
pub struct Tasks {
    set: JoinSet<Exit>,
    names: HashMap<Id, &'static str>,
    stop: CancellationToken,
}

impl Tasks {
    /// Owns no task yet. `stop` is what tells the tasks to end; before that, every exit is a fault.
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            set: JoinSet::new(),
            names: HashMap::new(),
            stop,
        }
    }

    /// Starts a task.
    pub fn start<E>(&mut self, name: &'static str, work: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let handle = self.set.spawn(async move { work.await.map_err(Into::into) });
        self.names.insert(handle.id(), name);
    }

    /// Waits until the tasks are told to stop, or for the first one that ends before that. Safe to drop and call
    /// again.
    ///
    /// # Errors
    /// A task ended early, failed or panicked.
    pub async fn watch(&mut self) -> Result<(), TaskError> {
        let stop = self.stop.clone();
        loop {
            if self.set.is_empty() {
                stop.cancelled().await;
                return Ok(());
            }
            let exit = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                exit = self.set.join_next_with_id() => exit,
            };
            if let Some(exit) = exit {
                return Err(match self.judge(exit) {
                    (_, Err(error)) => error,
                    (name, Ok(())) => TaskError::EndedEarly { name },
                });
            }
        }
    }

    /// Waits until all tasks have ended, aborts those that still run at `deadline`, and returns what went wrong.
    pub async fn join_until(mut self, deadline: Instant) -> Vec<TaskError> {
        let mut errors = Vec::new();
        while let Ok(Some(exit)) = tokio::time::timeout_at(deadline, self.set.join_next_with_id()).await {
            if let (_, Err(error)) = self.judge(exit) {
                errors.push(error);
            }
        }
        self.set.abort_all();
        errors.extend(self.names.values().map(|&name| TaskError::StillRunning { name }));
        errors
    }

    fn judge(&mut self, exit: Result<(Id, Exit), JoinError>) -> (&'static str, Result<(), TaskError>) {
        let id = exit.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let name = self.names.remove(&id).unwrap_or("unnamed");
        let result = match exit {
            Ok((_, Ok(()))) => Ok(()),
            Ok((_, Err(source))) => Err(TaskError::Failed { name, source }),
            Err(error) => Err(TaskError::Panicked {
                name,
                message: panic_message(error),
            }),
        };
        (name, result)
    }
}

/// Returns the text of a panic, or what the runtime says of a cancelled task.
fn panic_message(error: JoinError) -> String {
    if !error.is_panic() {
        return one_line(&error);
    }
    let payload = error.into_panic();
    let text = payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.map_or_else(|| "no text".to_owned(), |text| one_line(&text))
}

fn one_line(text: &dyn Display) -> String {
    text.to_string().replace('\n', " ")
}

#[cfg(test)]
mod tests;
