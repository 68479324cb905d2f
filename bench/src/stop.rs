//! Ctrl-C and SIGTERM end a run in order: processes killed, folders removed, exit status 1.
//!
//! The signal sets a flag; whatever works looks at it often and fails with [`Stopped`], so that every owner of a
//! process or a folder is dropped on the way out. Peers also die with this process, whatever ends it.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

static STOPPED: AtomicBool = AtomicBool::new(false);

/// The run was asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("stopped before the end")]
pub(crate) struct Stopped;

/// Fails once the run was asked to stop.
///
/// # Errors
/// That is the error.
pub(crate) fn check() -> Result<(), Stopped> {
    if STOPPED.load(Ordering::Relaxed) {
        return Err(Stopped);
    }
    Ok(())
}

/// Begins to listen for signals, on a thread that lives as long as the process.
///
/// # Errors
/// The thread cannot be started.
pub(crate) fn listen() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let run = move || runtime.block_on(attend());
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(run)?;
    Ok(())
}

/// Sets the flag at the first signal; at the second one nothing is waited for.
async fn attend() -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if STOPPED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    }
}
