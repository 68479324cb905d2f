//! An orderly end: refuse new work → drain → flush → close, all under one deadline.
//!
//! Each stage has a share of the deadline that it cannot overrun, so a peer that never hangs up while draining
//! does not take the time that flushing needs. Time a stage leaves over is there for the later ones.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// The stages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Take no new work; must be over after 10 % of the time.
    Refuse,
    /// Finish the work that was taken; must be over after 50 % of the time.
    Drain,
    /// Bring what was acknowledged to disk; must be over after 90 % of the time.
    Flush,
    /// Let go of files, sockets and locks.
    Close,
}

impl Stage {
    fn ends_at_percent(self) -> u32 {
        match self {
            Self::Refuse => 10,
            Self::Drain => 50,
            Self::Flush => 90,
            Self::Close => 100,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Drain => "drain",
            Self::Flush => "flush",
            Self::Close => "close",
        })
    }
}

/// A stop under way.
#[derive(Debug)]
pub struct Stages {
    began: Instant,
    deadline: Duration,
    reached: Stage,
    unfinished: Vec<Unfinished>,
}

/// Something that did not end as it should have.
#[derive(Debug, thiserror::Error)]
#[error("failed to {stage} {what}: {cause}")]
pub struct Unfinished {
    /// The stage it belonged to.
    pub stage: Stage,
    /// What it was.
    pub what: &'static str,
    /// Why it did not end.
    pub cause: String,
}

/// How a stop went.
#[derive(Debug)]
pub struct Stopped {
    /// How long it took.
    pub took: Duration,
    /// What did not end as it should have; empty is the good case.
    pub unfinished: Vec<Unfinished>,
}

impl Stages {
    /// Begins to stop: everything is to be over after `deadline`.
    pub fn begin(deadline: Duration) -> Self {
        Self {
            began: Instant::now(),
            deadline,
            reached: Stage::Refuse,
            unfinished: Vec::new(),
        }
    }

    /// Returns the time at which a stage must be over.
    pub fn ends_at(&self, stage: Stage) -> Instant {
        self.began + self.deadline * stage.ends_at_percent() / 100
    }

    /// Returns the time that a stage has from now on.
    pub fn remaining(&self, stage: Stage) -> Duration {
        self.ends_at(stage).saturating_duration_since(Instant::now())
    }

    /// Does the work of a stage. A failure or a stage out of time is remembered, and the stop goes on.
    ///
    /// Stages come in their order; several pieces of work may belong to one.
    pub async fn run<E: fmt::Display>(
        &mut self,
        stage: Stage,
        what: &'static str,
        work: impl Future<Output = Result<(), E>>,
    ) {
        debug_assert!(self.reached <= stage, "stages come in their order");
        self.reached = stage;
        let cause = match tokio::time::timeout_at(self.ends_at(stage), work).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("not done within its share of {:?}", self.deadline),
        };
        let unfinished = Unfinished { stage, what, cause };
        tracing::warn!(%stage, what, cause = unfinished.cause, "stage did not end as it should");
        self.unfinished.push(unfinished);
    }

    /// Ends the stop.
    pub fn finish(self) -> Stopped {
        Stopped {
            took: self.began.elapsed(),
            unfinished: self.unfinished,
        }
    }
}

#[cfg(test)]
mod tests;
