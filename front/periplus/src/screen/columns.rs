//! Text in columns.

use super::Paint;

/// Which side of its column a cell leans to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lean {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// Writes a head and rows with their cells under each other; `lean` tells the side of a column by its number.
pub(crate) fn align(
    header: &[String],
    rows: &[Vec<String>],
    lean: impl Fn(usize) -> Lean,
    paint: Paint,
) -> String {
    let widths: Vec<usize> = (0..header.len())
        .map(|idx| {
            let column = rows
                .iter()
                .map(Vec::as_slice)
                .chain([header])
                .filter_map(|row| row.get(idx))
                .map(|cell| width(cell));
            column.max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let mut line = String::new();
        for (idx, (cell, &column)) in row.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(column.saturating_sub(width(cell)));
            match lean(idx) {
                Lean::Left => line.extend([cell.as_str(), &gap, "  "]),
                Lean::Right => line.extend([gap.as_str(), cell, "  "]),
            }
        }
        line.trim_end().to_owned()
    };
    let mut out = paint.bold(&line(header));
    out.push('\n');
    for row in rows {
        out.push_str(&line(row));
        out.push('\n');
    }
    out
}

fn width(text: &str) -> usize {
    ratatui::text::Span::raw(text).width()
}
