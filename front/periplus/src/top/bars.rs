//! Bars of several parts: shares of a whole, each with its own filling, so they read without colour too.

use ratatui::style::{Color, Style};
use ratatui::text::Span;

/// A part of a bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Share of the whole.
    pub(super) share: f64,
    /// What it is drawn with.
    pub(super) filling: char,
    /// Its colour.
    pub(super) colour: Color,
}

/// Draws parts one after another into `width` characters between brackets. Whatever is not zero but too small
/// to be seen is left out; parts never take more than the whole.
pub(super) fn bar(parts: &[Part], width: usize) -> Vec<Span<'static>> {
    let room = width.saturating_sub(2);
    let mut spans = vec![Span::styled("[", Style::new().dim())];
    let (mut sum, mut filled) = (0.0, 0);
    for part in parts.iter().filter(|part| part.share.is_finite()) {
        sum += part.share.max(0.0);
        // Ends are rounded, not lengths: rounding errors do not add up.
        let end = ((sum * room as f64).round() as usize).min(room);
        let text: String = std::iter::repeat_n(part.filling, end.saturating_sub(filled)).collect();
        filled = filled.max(end);
        spans.push(Span::styled(text, Style::new().fg(part.colour)));
    }
    spans.push(Span::raw(" ".repeat(room - filled)));
    spans.push(Span::styled("]", Style::new().dim()));
    spans
}
