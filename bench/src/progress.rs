//! What a run is doing now, for who waits: one moving line on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::stop;

const WHEEL: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// One task of known length.
#[derive(Debug)]
pub(crate) struct Progress {
    label: String,
    total: u64,
    done: AtomicU64,
    start: Instant,
    /// When the line was last drawn, and how often.
    drawn: Mutex<(Instant, usize)>,
    pause: Duration,
    terminal: bool,
}

impl Progress {
    /// Starts a task of `total` units.
    pub(crate) fn new(label: impl Into<String>, total: u64) -> Self {
        let terminal = stderr().is_terminal();
        let pause = Duration::from_millis(if terminal { 100 } else { 15_000 });
        let progress = Self {
            label: label.into(),
            total: total.max(1),
            done: AtomicU64::new(0),
            start: Instant::now(),
            drawn: Mutex::new((Instant::now(), 0)),
            pause,
            terminal,
        };
        progress.draw(0);
        progress
    }

    /// Counts units as done and draws the line if it is time to.
    ///
    /// # Errors
    /// The run is being stopped.
    pub(crate) fn advance(&self, units: u64) -> anyhow::Result<()> {
        stop::check()?;
        self.done.fetch_add(units, Ordering::Relaxed);
        let Some(mut drawn) = self.drawn.try_lock() else {
            return Ok(());
        };
        if drawn.0.elapsed() >= self.pause {
            *drawn = (Instant::now(), drawn.1 + 1);
            self.draw(drawn.1);
        }
        Ok(())
    }

    fn draw(&self, turn: usize) {
        let percent = (self.done.load(Ordering::Relaxed) * 100 / self.total).min(100);
        let seconds = self.start.elapsed().as_secs();
        let wheel = WHEEL.get(turn % WHEEL.len()).unwrap_or(&' ');
        let line = format!("{wheel} {}: {percent} %, {seconds} s", self.label);
        // A terminal that is gone is no reason to stop measuring.
        drop(if self.terminal {
            write!(stderr(), "\r\x1b[K{line}")
        } else {
            writeln!(stderr(), "{line}")
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let seconds = self.start.elapsed().as_secs_f64();
        if self.terminal {
            drop(writeln!(stderr(), "\r\x1b[K✓ {}: {seconds:.1} s", self.label));
        }
    }
}
