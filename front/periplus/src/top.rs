//! `periplus top`: one machine in the terminal, asked for by PromQL, so it works with any server that has the
//! series of node_exporter, cAdvisor and our process collector.
//!
//! What a server does not have is shown as missing, not as zero. An answer that fails leaves the old picture in
//! place with its age. The terminal is put back on every way out.

mod bars;
mod columns;
mod controls;
mod feed;
mod header;
mod listing;
mod questions;
mod snapshot;
mod terminal;
mod view;

use std::io::IsTerminal as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use service::signals::Signals;

use self::controls::{Controls, Reaction};
use self::feed::Feed;
use self::snapshot::Snapshot;
use self::terminal::{Event, Terminal};
use self::view::View;
use crate::cli::TopArgs;
use crate::client::{Client, ClientError};
use crate::query::failure;
use crate::report::Failure;
use crate::screen::{self, Paint};

/// Rows of each list in a frame that is printed.
const PRINTED_ROWS: u16 = 20;

/// Shows the machine until the user quits, or prints one frame.
///
/// # Errors
/// The server cannot be asked, knows no machine, or the terminal cannot be used.
pub(crate) async fn run(args: &TopArgs) -> Result<(), Failure> {
    let mut client = Client::new(args.server.access()?).map_err(failure)?;
    let instance = questions::find_instance(&mut client, args.instance.as_deref()).await?;
    let snapshot = questions::ask(&mut client, &instance).await.map_err(failure)?;
    if args.once || !std::io::stdout().is_terminal() {
        return print(&snapshot);
    }
    live(args, client, &instance, snapshot).await
}

/// Prints one frame that is as high as it needs to be.
fn print(snapshot: &Snapshot) -> Result<(), Failure> {
    let controls = Controls::new(controls::Lists::Both);
    let view = View {
        snapshot,
        controls: &controls,
        trouble: None,
        paused: false,
    };
    let width = screen::stdout_width();
    let height = view.height(width, PRINTED_ROWS);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view.render(buffer.area, &mut buffer);
    screen::print(&screen::buffer_text(&buffer, Paint::stdout())).map_err(Failure::new)
}

async fn live(args: &TopArgs, client: Client, instance: &str, first: Snapshot) -> Result<(), Failure> {
    let mut signals = Signals::install().map_err(Failure::new)?;
    let mut feed = Feed::start(client, instance.to_owned(), args.interval);
    let mut terminal = Terminal::open().map_err(Failure::new)?;
    let mut controls = Controls::new(controls::Lists::One);
    let mut snapshot = first;
    let mut trouble: Option<ClientError> = None;
    loop {
        let paused = feed.is_paused();
        let view = View {
            snapshot: &snapshot,
            controls: &controls,
            trouble: trouble.as_ref(),
            paused,
        };
        terminal
            .draw(|area, buffer| view.render(area, buffer))
            .map_err(Failure::new)?;
        tokio::select! {
            event = terminal.next() => match event {
                Some(Event::Key(key)) => match controls.press(key, &snapshot) {
                    Reaction::Quit => return Ok(()),
                    Reaction::Pause => feed.toggle_pause(),
                    Reaction::Redraw => {}
                },
                Some(Event::Resized) => {}
                None => return Ok(()),
            },
            _ = signals.next() => return Ok(()),
            answer = feed.next() => match answer.map_err(Failure::new)? {
                Ok(next) => {
                    snapshot = next;
                    trouble = None;
                }
                Err(error) => trouble = Some(error),
            },
        }
    }
}
