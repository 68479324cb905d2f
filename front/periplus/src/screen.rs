//! What the terminal can show: colours, width, and drawn buffers as lines of text.

pub(crate) mod columns;

use std::io::{self, IsTerminal, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};

/// Width where nothing tells one: that of the terminals of old.
const DEFAULT_WIDTH: u16 = 80;

/// Puts colour on words, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    colour: bool,
}

impl Paint {
    /// No colour.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { colour: false };

    /// Colour if standard output is a terminal and the user has not said no (<https://no-color.org>).
    pub(crate) fn stdout() -> Self {
        Self {
            colour: io::stdout().is_terminal() && colour_wanted(),
        }
    }

    /// As [`Paint::stdout`], for standard error.
    pub(crate) fn stderr() -> Self {
        Self {
            colour: io::stderr().is_terminal() && colour_wanted(),
        }
    }

    /// Tells whether there is colour.
    pub(crate) fn is_on(self) -> bool {
        self.colour
    }

    /// Makes text bold.
    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Makes text stand back.
    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// Makes text red and bold.
    pub(crate) fn red(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn colour_wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Returns the width of the terminal on standard output, `COLUMNS` or 80 where there is none.
pub(crate) fn stdout_width() -> u16 {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let terminal = || match crossterm::terminal::size() {
        Ok((width, _)) if width > 0 => Some(width),
        _ => None,
    };
    let width = if io::stdout().is_terminal() {
        terminal()
    } else {
        columns()
    };
    width.unwrap_or(DEFAULT_WIDTH).max(40)
}

/// Writes data to standard output. A reader that left early (`| head`) is no error.
///
/// # Errors
/// Standard output cannot be written to.
pub(crate) fn print(data: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(data.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Talks to the person on standard error. If that is closed, nobody is there to be told.
pub(crate) fn say(text: &str) {
    _ = writeln!(io::stderr().lock(), "{text}");
}

/// Draws text into at most `width` cells; what lies outside the buffer is left out.
pub(crate) fn put(buffer: &mut Buffer, (x, y): (u16, u16), text: &str, (width, style): (u16, Style)) {
    if buffer.area.contains(Position { x, y }) {
        buffer.set_stringn(x, y, text, usize::from(width), style);
    }
}

/// Turns a drawn buffer into lines without white space at their ends.
pub(crate) fn buffer_text(buffer: &Buffer, paint: Paint) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let cells: Vec<_> = (buffer.area.left()..buffer.area.right())
            .filter_map(|x| buffer.cell((x, y)))
            .collect();
        let used = cells
            .iter()
            .rposition(|cell| cell.symbol() != " ")
            .map_or(0, |last| last + 1);
        let mut style = String::new();
        for cell in cells.iter().take(used) {
            let wanted = if paint.is_on() {
                ansi(cell.fg, cell.modifier)
            } else {
                String::new()
            };
            if wanted != style {
                out.push_str("\u{1b}[0m");
                out.push_str(&wanted);
                style = wanted;
            }
            out.push_str(cell.symbol());
        }
        if !style.is_empty() {
            out.push_str("\u{1b}[0m");
        }
        out.push('\n');
    }
    out
}

/// Returns the escape sequence of a style, empty for the plain one.
fn ansi(colour: Color, modifier: Modifier) -> String {
    let mut codes = Vec::new();
    if modifier.contains(Modifier::BOLD) {
        codes.push("1");
    }
    if modifier.contains(Modifier::DIM) {
        codes.push("2");
    }
    codes.push(match colour {
        Color::Red => "31",
        Color::Green => "32",
        Color::Yellow => "33",
        Color::Blue => "34",
        Color::Magenta => "35",
        Color::Cyan => "36",
        Color::DarkGray => "90",
        Color::LightRed => "91",
        Color::LightGreen => "92",
        Color::LightYellow => "93",
        Color::LightBlue => "94",
        Color::LightMagenta => "95",
        Color::LightCyan => "96",
        _ => "",
    });
    codes.retain(|code| !code.is_empty());
    if codes.is_empty() {
        String::new()
    } else {
        format!("\u{1b}[{}m", codes.join(";"))
    }
}

#[cfg(test)]
mod tests;
