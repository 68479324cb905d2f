//! A series in a table cell.

use crate::client::Point;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws a series between its own extremes with at most `width` characters, one a point where there are fewer;
/// where it has no value there is a gap.
pub(super) fn draw(points: &[Point], width: usize) -> String {
    let finite = || points.iter().filter(|point| point.value.is_finite());
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let low = finite().map(|point| point.value).fold(f64::INFINITY, f64::min);
    let high = finite()
        .map(|point| point.value)
        .fold(f64::NEG_INFINITY, f64::max);
    let length = (last.time - first.time).max(1) as f64;
    let width = width.min(points.len());
    let mut cells: Vec<Option<f64>> = vec![None; width];
    for point in finite() {
        // The last of those that fall on one cell stands.
        let place = (point.time - first.time) as f64 / length * (width.saturating_sub(1)) as f64;
        if let Some(cell) = cells.get_mut(place.round() as usize) {
            *cell = Some(point.value);
        }
    }
    let bar = |value: f64| {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.0
        };
        BARS.get((share * 7.0).round() as usize).copied().unwrap_or('█')
    };
    cells.into_iter().map(|cell| cell.map_or(' ', bar)).collect()
}
