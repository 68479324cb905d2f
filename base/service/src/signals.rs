//! SIGTERM and SIGINT: the first asks for an orderly stop, the second ends the process at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that end a process, caught from the moment this exists.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM, from an init system or `kill`.
    Terminate,
    /// SIGINT, from Ctrl-C.
    Interrupt,
}

impl StopSignal {
    /// Returns the name of the signal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }

    /// Returns the exit status by which shells know a process that this signal ended: 128 + its number.
    pub fn exit_code(self) -> i32 {
        match self {
            Self::Terminate => 128 + 15,
            Self::Interrupt => 128 + 2,
        }
    }
}

impl Signals {
    /// Takes over both signals. Needs a runtime with I/O.
    ///
    /// # Errors
    /// The kernel refuses the handlers.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next signal. Safe to drop and call again: no signal is lost, though two of one kind may
    /// count as one.
    pub async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
        }
    }

    /// Cancels `stop` at the first signal and calls `at_second` at the second one, which is expected to end the
    /// process there and then.
    pub async fn watch(mut self, stop: CancellationToken, at_second: impl FnOnce(StopSignal)) {
        let first = self.next().await;
        tracing::info!(signal = first.name(), "asked to stop");
        stop.cancel();
        at_second(self.next().await);
    }
}

#[cfg(test)]
mod tests;
