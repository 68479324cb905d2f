//! Comma-separated values (RFC 4180): one line a sample, one column a label, exact values.

use crate::client::{Data, Point, Series};
use model::calendar::format_rfc3339;

/// Writes an answer. Columns are `time`, `value` and the labels in order of their names.
pub(super) fn render(data: &Data) -> String {
    let point = |point: &Point| format!("{},{}", format_rfc3339(point.time), exact(point.value));
    match data {
        Data::Scalar(value) => format!("time,value\n{}\n", point(value)),
        Data::Text(time, text) => format!("time,value\n{},{}\n", format_rfc3339(*time), quote(text)),
        Data::Vector(series) | Data::Matrix(series) => {
            let mut names: Vec<&str> = series
                .iter()
                .flat_map(|one| one.labels.iter().map(|(name, _)| name.as_str()))
                .collect();
            names.sort_unstable();
            names.dedup();
            let header = names.iter().map(|name| quote(name));
            let mut out = row(["time", "value"].map(str::to_owned).into_iter().chain(header));
            for one in series {
                let labels = labels(one, &names);
                for value in &one.points {
                    out.push_str(&row([point(value)].into_iter().chain(labels.iter().cloned())));
                }
            }
            out
        }
    }
}

fn labels(series: &Series, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| quote(series.label(name))).collect()
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let mut line = cells.collect::<Vec<_>>().join(",");
    line.push('\n');
    line
}

/// Writes the shortest text that reads back as the same value.
fn exact(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}

/// Writes a cell, in quotes where it needs them.
pub(crate) fn quote(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests;
