//! A list of processes or containers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use super::columns::{Column, Value, arrange, shown};
use super::controls::Controls;
use crate::screen::put;

const GAP: u16 = 2;
/// Least width of a column that takes what is left.
const LEAST_FLEXIBLE: u16 = 8;

/// Draws a list: titles, then rows in order. `active` is the list that keys are for.
pub(super) fn render<T: Default>(
    rows: &[T],
    columns: &'static [Column<T>],
    (controls, active): (&Controls, bool),
    (area, buffer): (Rect, &mut Buffer),
) {
    let visible: Vec<&Column<T>> = columns
        .iter()
        .filter(|column| area.width >= column.from_width)
        .collect();
    let widths = widths(&visible, area.width);
    let mut x = area.left();
    if area.is_empty() {
        return;
    }
    for (column, &width) in visible.iter().zip(&widths) {
        let sorted = active && column.key == Some(controls.sort);
        let mark = match (sorted, controls.reversed) {
            (false, _) => "",
            (true, false) => "▾",
            (true, true) => "▴",
        };
        let mut style = Style::new().bold();
        if sorted {
            style = style.fg(Color::Cyan).add_modifier(Modifier::UNDERLINED);
        }
        let title = format!("{}{mark}", column.title);
        // A title leans to the side of its values.
        let title = match (column.value)(&T::default()) {
            Value::Number(..) => Value::Number(f64::NAN, title),
            Value::Text(_) => Value::Text(title),
        };
        cell(buffer, (x, area.top(), width), &title, style);
        x = x.saturating_add(width + GAP);
    }
    let order = (controls.sort, controls.reversed);
    let arranged = arrange(rows, columns, &controls.filter, order);
    let skipped = if active { controls.scrolled } else { 0 };
    for (row, y) in arranged.iter().skip(skipped).zip(area.top() + 1..area.bottom()) {
        let mut x = area.left();
        for (column, &width) in visible.iter().zip(&widths) {
            cell(buffer, (x, y, width), &(column.value)(row), Style::new());
            x = x.saturating_add(width + GAP);
        }
    }
    if arranged.is_empty() && area.height > 1 {
        let text = if rows.is_empty() {
            "none known"
        } else {
            "none match the filter"
        };
        put(
            buffer,
            (area.left(), area.top() + 1),
            text,
            (area.width, Style::new().dim()),
        );
    }
}

/// Shares what the fixed columns leave among the flexible ones.
fn widths<T>(columns: &[&Column<T>], total: u16) -> Vec<u16> {
    let n_columns = u16::try_from(columns.len()).unwrap_or(u16::MAX);
    let fixed: u16 = columns.iter().map(|column| column.width).sum();
    let n_flexible = columns.iter().filter(|column| column.width == 0).count();
    let left = total.saturating_sub(fixed + GAP * n_columns.saturating_sub(1));
    let share = left / u16::try_from(n_flexible.max(1)).unwrap_or(1);
    columns
        .iter()
        .map(|column| {
            if column.width == 0 {
                share.max(LEAST_FLEXIBLE)
            } else {
                column.width
            }
        })
        .collect()
}

/// Draws a cell; numbers lean right.
fn cell(buffer: &mut Buffer, (x, y, width): (u16, u16, u16), value: &Value, style: Style) {
    let text = shown(value);
    let taken = u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX);
    let indent = if matches!(value, Value::Number(..)) {
        width.saturating_sub(taken)
    } else {
        0
    };
    put(
        buffer,
        (x.saturating_add(indent), y),
        text,
        (width - indent, style),
    );
}
