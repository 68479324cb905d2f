//! The terminal while the view has it: raw, on its own screen, and put back on every way out.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossterm::event::{self, KeyEvent, KeyEventKind};
use ratatui::DefaultTerminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

/// How soon the reading thread notices that the view has closed.
const POLL: Duration = Duration::from_millis(100);
/// Keys that may wait; a person cannot press more while one frame is drawn, and what is beyond is dropped.
const WAITING_EVENTS: usize = 64;

/// What happens at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The size changed.
    Resized,
}

/// The terminal; dropping it puts it back as it was.
pub(super) struct Terminal {
    inner: DefaultTerminal,
    events: mpsc::Receiver<Event>,
    closed: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Takes the terminal over. A panic puts it back before it prints.
    ///
    /// # Errors
    /// There is no terminal, or it cannot be made raw.
    pub(super) fn open() -> io::Result<Self> {
        let inner = ratatui::try_init()?;
        let closed = Arc::new(AtomicBool::new(false));
        let (tx, events) = mpsc::channel(WAITING_EVENTS);
        let until = Arc::clone(&closed);
        let reader = Builder::new()
            .name("terminal".to_owned())
            .spawn(move || read(&tx, &until));
        let mut terminal = Self {
            inner,
            events,
            closed,
            reader: None,
        };
        // From here on a failure puts the terminal back by dropping it.
        terminal.reader = Some(reader?);
        Ok(terminal)
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub(super) fn draw(&mut self, render: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        self.inner
            .draw(|frame| render(frame.area(), frame.buffer_mut()))?;
        Ok(())
    }

    /// Waits for the next event; `None` once the terminal is gone. Safe to drop and call again.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        ratatui::restore();
        if let Some(reader) = self.reader.take() {
            // It ends within the time of one poll; a panic in it has been printed by then.
            drop(reader.join());
        }
    }
}

/// Reads until the view closes, or until the terminal is gone, which closes the channel.
fn read(tx: &mpsc::Sender<Event>, closed: &AtomicBool) {
    while !closed.load(Ordering::Relaxed) {
        let event = match event::poll(POLL) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(_) => return,
        };
        let event = match event {
            Ok(event::Event::Key(key)) if key.kind != KeyEventKind::Release => Event::Key(key),
            Ok(event::Event::Resize(..)) => Event::Resized,
            Ok(_) => continue,
            Err(_) => return,
        };
        if let Err(mpsc::error::TrySendError::Closed(_)) = tx.try_send(event) {
            return;
        }
    }
}
