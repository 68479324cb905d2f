//! Answers for the tests of this module.

use crate::client::{Point, Series};

/// Makes a series; `points` are `(seconds, value)`.
pub(super) fn series(labels: &[(&str, &str)], points: &[(i64, f64)]) -> Series {
    Series {
        labels: labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        points: points
            .iter()
            .map(|&(time, value)| Point {
                time: time * 1000,
                value,
            })
            .collect(),
    }
}

/// Makes a wave of 60 points in 15 s steps.
pub(super) fn wave(labels: &[(&str, &str)], base: f64, size: f64) -> Series {
    let points: Vec<(i64, f64)> = (0..60)
        .map(|n| (1_795_317_720 + n * 15, base + size * (n as f64 / 9.0).sin()))
        .collect();
    series(labels, &points)
}
