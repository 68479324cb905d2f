//! Answers as drawings: lines over time in braille dots, bars for one moment.
//!
//! Each line has a letter at its right end and in the legend, so the chart reads without colour too.

use std::cmp::Ordering;

use model::Millis;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line};

use super::caption::Caption;
use super::table::summary;
use super::unit::Units;
use crate::client::{Data, Point, Series};
use crate::screen::{Paint, buffer_text, put};
use crate::time::{format_clock, format_minute};
use crate::units::Unit;

/// Rows of the drawing itself.
pub(super) const HEIGHT: u16 = 16;
/// Most lines that are drawn; the others are counted.
const MAX_LINES: usize = 10;
const COLOURS: [Color; 10] = [
    Color::LightBlue,
    Color::LightYellow,
    Color::LightGreen,
    Color::LightMagenta,
    Color::LightCyan,
    Color::LightRed,
    Color::Blue,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
];
const LETTERS: [&str; MAX_LINES] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
/// A gap this many times the usual distance of points stays a gap.
const GAP_STEPS: Millis = 2;
/// From this length on, times of day alone do not tell.
const DAY_MS: Millis = 86_400_000;

/// Size of a drawing in characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// All of it, axis and letters included.
    pub(super) width: u16,
    /// Without the axis of time and the legend.
    pub(super) height: u16,
}

/// Draws an answer.
pub(super) fn render(data: &Data, units: Units, size: Size, paint: Paint) -> String {
    match data {
        Data::Matrix(series) => lines(series, units, size, paint),
        Data::Vector(series) => bars(series, units, size, paint),
        Data::Scalar(_) | Data::Text(..) => super::table::render(data, units, paint),
    }
}

/// The part of the plane that is shown.
struct View {
    start: Millis,
    end: Millis,
    low: f64,
    high: f64,
}

impl View {
    fn of(series: &[&Series]) -> Option<Self> {
        let points = || {
            series
                .iter()
                .flat_map(|one| &one.points)
                .filter(|point| point.value.is_finite())
        };
        let start = points().map(|point| point.time).min()?;
        let end = points().map(|point| point.time).max()?;
        let least = points().map(|point| point.value).fold(f64::INFINITY, f64::min);
        let greatest = points()
            .map(|point| point.value)
            .fold(f64::NEG_INFINITY, f64::max);
        // Zero is shown unless the values keep far from it and together.
        let near_zero = least >= 0.0 && (greatest == least || (greatest - least) * 4.0 > greatest);
        let low = if near_zero { 0.0 } else { least };
        // Values that hardly move are shown to hardly move: the axis spans a fiftieth of them at least.
        let span = (greatest - low).max(greatest.abs().max(least.abs()) / 50.0);
        let high = if span > 0.0 { low + span } else { low + 1.0 };
        Some(Self {
            start,
            end: end.max(start + 1),
            low,
            high,
        })
    }
}

fn lines(series: &[Series], units: Units, size: Size, paint: Paint) -> String {
    let mut ranked: Vec<&Series> = series.iter().collect();
    // Sorted by how much they deserve attention: the highest first.
    ranked.sort_by(|a, b| falling(summary(a)[2], summary(b)[2]));
    let shown: Vec<&Series> = ranked.iter().take(MAX_LINES).copied().collect();
    let Some(view) = View::of(&shown) else {
        return super::table::render(&Data::Matrix(series.to_vec()), units, paint);
    };
    let unit = shown.first().map_or(Unit::Number, |one| units.of(one));
    let labels = [view.high, (view.low + view.high) / 2.0, view.low].map(|value| unit.format(value));
    let axis = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    // Callers keep the width at 40 or more.
    let axis = u16::try_from(axis).unwrap_or(u16::MAX).min(size.width / 2);
    let plot = Rect::new(axis + 2, 0, size.width.saturating_sub(axis + 4), size.height);
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.width, size.height + 2));
    draw_axes(&mut buffer, plot, &labels, &view);
    draw_lines(&mut buffer, plot, &shown, &view);
    draw_letters(&mut buffer, plot, &shown, &view);
    let mut out = String::new();
    let caption = Caption::of(series);
    if let Some(shared) = caption.shared() {
        out.push_str(&paint.dim(&shared));
        out.push('\n');
    }
    out.push_str(&buffer_text(&buffer, paint));
    out.push_str(&legend(&shown, &caption, unit, paint));
    if ranked.len() > shown.len() {
        out.push_str(&format!(
            "other ({}): see --output table\n",
            ranked.len() - shown.len()
        ));
    }
    out
}

fn draw_axes(buffer: &mut Buffer, plot: Rect, labels: &[String; 3], view: &View) {
    let dim = (plot.right(), Style::new().dim());
    let width = |text: &str| u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    let (left, axis, bottom) = (plot.left(), plot.left().saturating_sub(1), plot.bottom());
    for (label, y) in labels
        .iter()
        .zip([0, bottom.saturating_sub(1) / 2, bottom.saturating_sub(1)])
    {
        put(
            buffer,
            (axis.saturating_sub(1).saturating_sub(width(label)), y),
            label,
            dim,
        );
    }
    for y in 0..bottom {
        put(buffer, (axis, y), "│", dim);
    }
    put(buffer, (axis, bottom), "└", dim);
    for x in left..plot.right() {
        put(buffer, (x, bottom), "─", dim);
    }
    let format = if view.end - view.start >= DAY_MS {
        format_minute
    } else {
        format_clock
    };
    let (first, last) = (format(view.start), format!("{} UTC", format(view.end)));
    put(buffer, (left, bottom + 1), &first, dim);
    put(
        buffer,
        (plot.right().saturating_sub(width(&last)), bottom + 1),
        &last,
        dim,
    );
}

fn draw_lines(buffer: &mut Buffer, plot: Rect, shown: &[&Series], view: &View) {
    let step = usual_step(shown);
    let x = |point: &Point| (point.time - view.start) as f64;
    Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, (view.end - view.start) as f64])
        .y_bounds([view.low, view.high])
        .paint(|ctx| {
            for (one, &colour) in shown.iter().zip(&COLOURS).rev() {
                let finite: Vec<&Point> = one
                    .points
                    .iter()
                    .filter(|point| point.value.is_finite())
                    .collect();
                if let [only] = finite.as_slice() {
                    ctx.draw(&Line::new(x(only), only.value, x(only), only.value, colour));
                }
                for pair in finite.windows(2) {
                    if let [a, b] = pair
                        && b.time - a.time <= step * GAP_STEPS
                    {
                        ctx.draw(&Line::new(x(a), a.value, x(b), b.value, colour));
                    }
                }
            }
        })
        .render(plot, buffer);
}

/// Returns the least distance of two points: the step of the query.
fn usual_step(shown: &[&Series]) -> Millis {
    let distances = shown
        .iter()
        .flat_map(|one| one.points.windows(2))
        .filter_map(|pair| match pair {
            [a, b] => Some(b.time - a.time),
            _ => None,
        });
    distances.min().unwrap_or(Millis::MAX / GAP_STEPS)
}

/// Puts the letter of each line beside its end; where two would meet, the later one moves to a free row.
fn draw_letters(buffer: &mut Buffer, plot: Rect, shown: &[&Series], view: &View) {
    let mut taken = vec![false; usize::from(plot.height)];
    for ((one, letter), &colour) in shown.iter().zip(LETTERS).zip(&COLOURS) {
        let Some(last) = one.points.iter().rev().find(|point| point.value.is_finite()) else {
            continue;
        };
        let share = (view.high - last.value) / (view.high - view.low);
        let wanted = (share * f64::from(plot.height.saturating_sub(1))).round() as usize;
        let free = (0..taken.len()).filter(|row| !taken.get(*row).copied().unwrap_or(true));
        let Some(row) = free.min_by_key(|row| row.abs_diff(wanted)) else {
            continue;
        };
        if let Some(slot) = taken.get_mut(row) {
            *slot = true;
        }
        let y = plot.top() + u16::try_from(row).unwrap_or(0);
        put(
            buffer,
            (plot.right() + 1, y),
            letter,
            (1, Style::new().fg(colour).bold()),
        );
    }
}

fn legend(shown: &[&Series], caption: &Caption, unit: Unit, paint: Paint) -> String {
    let header = ["", "MIN", "AVG", "MAX", "LAST", "SERIES"].map(str::to_owned);
    let mut rows = vec![header];
    for (one, letter) in shown.iter().zip(LETTERS) {
        let [low, average, high] = summary(one).map(|value| unit.format(value));
        rows.push([
            letter.to_owned(),
            low,
            average,
            high,
            unit.format(one.last()),
            caption.apart(one),
        ]);
    }
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut out = String::new();
    for (idx, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:>width$}  "));
        }
        line.push_str(row.last().map_or("", String::as_str));
        out.push_str(&if idx == 0 { paint.dim(&line) } else { line });
        out.push('\n');
    }
    out
}

/// Orders the greater value first, and what is no number last.
fn falling(a: f64, b: f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then_with(|| b.total_cmp(&a))
}

/// Draws one bar a series, the longest first.
fn bars(series: &[Series], units: Units, size: Size, paint: Paint) -> String {
    let mut ranked: Vec<&Series> = series.iter().collect();
    ranked.sort_by(|a, b| falling(a.last(), b.last()));
    let caption = Caption::of(series);
    let rows: Vec<(String, String, f64)> = ranked
        .iter()
        .map(|one| (caption.apart(one), units.of(one).format(one.last()), one.last()))
        .collect();
    let count = |text: &String| text.chars().count();
    let name_width = rows
        .iter()
        .map(|row| count(&row.0))
        .max()
        .unwrap_or(0)
        .min(usize::from(size.width) / 2);
    let value_width = rows.iter().map(|row| count(&row.1)).max().unwrap_or(0);
    let room = usize::from(size.width).saturating_sub(name_width + value_width + 4);
    let greatest = rows
        .iter()
        .map(|row| row.2.abs())
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let mut out = String::new();
    if let Some(shared) = caption.shared() {
        out.push_str(&paint.dim(&shared));
        out.push('\n');
    }
    for (name, value, size) in rows {
        let share = if greatest > 0.0 && size.is_finite() {
            size.abs() / greatest
        } else {
            0.0
        };
        let bar = "█".repeat((share * room as f64).round() as usize);
        let name: String = name.chars().take(name_width).collect();
        out.push_str(format!("{name:<name_width$}  {value:>value_width$}  {bar}").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
