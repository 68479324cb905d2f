//! Curves through windows: `deriv`, `predict_linear`, `double_exponential_smoothing`, `integral`.

use model::Millis;

use crate::eval::window::Window;
use crate::math::Kahan;

/// Slope per second, and value at `origin`, of the least-squares line.
fn regression(window: &Window<'_>, origin: Millis) -> Option<(f64, f64)> {
    let values = window.values();
    let first = *values.first()?;
    if values.iter().skip(1).all(|value| *value == first) {
        return Some(if first.is_infinite() {
            (f64::NAN, f64::NAN)
        } else {
            (0.0, first)
        });
    }
    let [mut sum_x, mut sum_y, mut sum_xy, mut sum_x2] = [Kahan::default(); 4];
    for (t, y) in window.timestamps().iter().zip(values) {
        let x = (t - origin) as f64 / 1000.0;
        sum_x = sum_x.add(x);
        sum_y = sum_y.add(*y);
        sum_xy = sum_xy.add(x * y);
        sum_x2 = sum_x2.add(x * x);
    }
    let [sum_x, sum_y, sum_xy, sum_x2] = [sum_x, sum_y, sum_xy, sum_x2].map(|s| s.sum + s.compensation);
    let n = values.len() as f64;
    let slope = (sum_xy - sum_x * sum_y / n) / (sum_x2 - sum_x * sum_x / n);
    Some((slope, sum_y / n - slope * sum_x / n))
}

/// Slope per second; needs two samples.
pub(super) fn deriv(window: &Window<'_>) -> Option<f64> {
    let origin = *window.timestamps().first()?;
    if window.len() < 2 {
        None
    } else {
        regression(window, origin).map(|(slope, _)| slope)
    }
}

/// Value so many seconds after the evaluation time; needs two samples.
pub(super) fn predict(window: &Window<'_>, ahead: f64) -> Option<f64> {
    if window.len() < 2 {
        return None;
    }
    regression(window, window.time).map(|(slope, intercept)| slope * ahead + intercept)
}

/// Holt's double exponential smoothing; needs two samples.
pub(super) fn smooth(window: &Window<'_>, smoothing: f64, trend_factor: f64) -> Option<f64> {
    let [first, second, ..] = window.values() else {
        return None;
    };
    let mut before = 0.0;
    let mut level = *first;
    let mut trend = second - first;
    for (i, value) in window.values().iter().enumerate().skip(1) {
        if i > 1 {
            trend = trend_factor * (level - before) + (1.0 - trend_factor) * trend;
        }
        let next = smoothing * value + (1.0 - smoothing) * (level + trend);
        before = level;
        level = next;
    }
    Some(level)
}

/// Area under the samples in seconds: by left points (0), right points (1) or trapezoids; NaN counts as zero.
pub(super) fn integral(window: &Window<'_>, strategy: f64) -> f64 {
    let number = |value: f64| if value.is_nan() { 0.0 } else { value };
    let mut area = Kahan::default();
    for (times, values) in window.timestamps().windows(2).zip(window.values().windows(2)) {
        let (before, after) = (number(values[0]), number(values[1]));
        let height = if strategy == 0.0 {
            Kahan {
                sum: before,
                compensation: 0.0,
            }
        } else if strategy == 1.0 {
            Kahan {
                sum: after,
                compensation: 0.0,
            }
        } else {
            midpoint(before, after)
        };
        if height.sum == 0.0 && height.compensation == 0.0 {
            continue;
        }
        let seconds = (times[1] - times[0]) as f64 / 1000.0;
        let carried = Kahan {
            compensation: area.compensation + height.compensation * seconds,
            ..area
        };
        area = carried.add(height.sum * seconds);
    }
    area.total()
}

fn midpoint(before: f64, after: f64) -> Kahan {
    let sum = Kahan {
        sum: before,
        compensation: 0.0,
    }
    .add(after);
    if sum.sum.is_infinite() && before.is_finite() && after.is_finite() {
        return Kahan {
            sum: before / 2.0,
            compensation: 0.0,
        }
        .add(after / 2.0);
    }
    Kahan {
        sum: sum.sum / 2.0,
        compensation: sum.compensation / 2.0,
    }
}
