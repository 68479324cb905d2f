use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::{Paint, buffer_text};

const COLOUR: Paint = Paint { colour: true };

fn drawn() -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
    buffer.set_string(0, 0, "ab", Style::new());
    buffer.set_string(2, 0, "cd", Style::new().fg(Color::Red).bold());
    buffer
}

#[test]
fn plain_text_has_no_escapes_and_no_trailing_space() {
    assert_eq!(buffer_text(&drawn(), Paint::PLAIN), "abcd\n\n");
}

#[test]
fn colour_is_set_where_it_changes() {
    assert_eq!(
        buffer_text(&drawn(), COLOUR),
        "ab\u{1b}[0m\u{1b}[1;31mcd\u{1b}[0m\n\n"
    );
}

#[test]
fn words() {
    assert_eq!(Paint::PLAIN.red("no"), "no");
    assert_eq!(COLOUR.red("no"), "\u{1b}[1;31mno\u{1b}[0m");
}
