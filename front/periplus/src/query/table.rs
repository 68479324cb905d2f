//! Answers as tables: one row a series, one column a label in which they differ.

use super::caption::Caption;
use super::sparkline;
use super::unit::Units;
use crate::client::{Data, Series};
use crate::screen::Paint;
use crate::screen::columns::{Lean, align};
use crate::time::format_time;

const SPARKLINE_WIDTH: usize = 24;

/// Writes an answer.
pub(super) fn render(data: &Data, units: Units, paint: Paint) -> String {
    match data {
        Data::Scalar(point) => format!("{}\n", units.scalar().format(point.value)),
        Data::Text(_, text) => format!("{text}\n"),
        Data::Vector(series) => of_series(series, paint, &["VALUE"], |one| {
            vec![units.of(one).format(one.last())]
        }),
        Data::Matrix(series) => {
            let mut out = of_series(series, paint, &["TREND", "MIN", "AVG", "MAX", "LAST"], |one| {
                let unit = units.of(one);
                let [low, average, high] = summary(one);
                let trend = sparkline::draw(&one.points, SPARKLINE_WIDTH);
                vec![
                    trend,
                    unit.format(low),
                    unit.format(average),
                    unit.format(high),
                    unit.format(one.last()),
                ]
            });
            let times = || {
                series
                    .iter()
                    .flat_map(|one| one.points.iter().map(|point| point.time))
            };
            if let (Some(first), Some(last)) = (times().min(), times().max()) {
                out.push_str(&paint.dim(&format!("{} to {}", format_time(first), format_time(last))));
                out.push('\n');
            }
            out
        }
    }
}

/// Returns least, average and greatest value; NaN where there is none.
pub(super) fn summary(series: &Series) -> [f64; 3] {
    let values = || {
        series
            .points
            .iter()
            .map(|point| point.value)
            .filter(|value| !value.is_nan())
    };
    let count = values().count();
    if count == 0 {
        return [f64::NAN; 3];
    }
    [
        values().fold(f64::INFINITY, f64::min),
        values().sum::<f64>() / count as f64,
        values().fold(f64::NEG_INFINITY, f64::max),
    ]
}

fn of_series(
    series: &[Series],
    paint: Paint,
    columns: &[&str],
    cells: impl Fn(&Series) -> Vec<String>,
) -> String {
    if series.is_empty() {
        return String::new();
    }
    let caption = Caption::of(series);
    let mut out = String::new();
    if let Some(shared) = caption.shared() {
        out.push_str(&paint.dim(&shared));
        out.push('\n');
    }
    let label_names = caption.varying.iter().map(|name| match name.as_str() {
        model::METRIC_NAME => "METRIC".to_owned(),
        name => name.to_uppercase(),
    });
    let header: Vec<String> = label_names
        .chain(columns.iter().map(|&name| name.to_owned()))
        .collect();
    let mut rows = Vec::with_capacity(series.len());
    for one in series {
        let mut row: Vec<String> = caption
            .varying
            .iter()
            .map(|name| one.label(name).to_owned())
            .collect();
        row.extend(cells(one));
        rows.push(row);
    }
    let lean = |idx: usize| {
        let is_number =
            idx >= caption.varying.len() && columns.get(idx - caption.varying.len()) != Some(&"TREND");
        if is_number { Lean::Right } else { Lean::Left }
    };
    out + &align(&header, &rows, lean, paint)
}

#[cfg(test)]
mod tests;
