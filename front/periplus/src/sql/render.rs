//! Rows as text.

use serde_json::Value;

use crate::client::{ColumnDoc, Rows, TableDoc};
use crate::query::csv::quote;
use crate::screen::Paint;
use crate::screen::columns::{Lean, align};

/// Writes rows in aligned columns. A line break in a value is a space here: a row is a line.
pub(super) fn table(rows: &Rows, paint: Paint) -> String {
    if rows.rows.is_empty() {
        return String::new();
    }
    let header: Vec<String> = rows.columns.iter().map(|column| column.name.clone()).collect();
    let cells = |row: &Vec<Value>| row.iter().map(|value| one_line(&text(value))).collect();
    let cells: Vec<Vec<String>> = rows.rows.iter().map(cells).collect();
    let lean = |idx: usize| match rows.columns.get(idx).map(|column| column.kind.as_str()) {
        Some("integer" | "float" | "decimal") => Lean::Right,
        _ => Lean::Left,
    };
    align(&header, &cells, lean, paint)
}

/// Writes an object a line, its keys in the order of the columns.
pub(super) fn ndjson(rows: &Rows) -> String {
    let mut out = String::new();
    for row in &rows.rows {
        let pairs = rows.columns.iter().zip(row);
        let members: Vec<String> = pairs
            .map(|(column, value)| format!("{}:{value}", Value::from(column.name.as_str())))
            .collect();
        out.push_str(&format!("{{{}}}\n", members.join(",")));
    }
    out
}

/// Writes comma-separated values (RFC 4180) with a line of names.
pub(super) fn csv(rows: &Rows) -> String {
    let header: Vec<String> = rows.columns.iter().map(|column| quote(&column.name)).collect();
    let mut out = header.join(",") + "\n";
    for row in &rows.rows {
        let cells: Vec<String> = row.iter().map(|value| quote(&text(value))).collect();
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

/// Writes what tables there are, with their columns.
pub(super) fn tables(tables: &[TableDoc], paint: Paint) -> String {
    let mut out = String::new();
    for table in tables {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!(
            "{}  {} ({} rows)\n",
            paint.bold(&table.name),
            table.about,
            table.rows
        ));
        let header = ["COLUMN", "TYPE", "MEANING"].map(str::to_owned);
        let rows: Vec<Vec<String>> = table.columns.iter().map(column).collect();
        for line in align(&header, &rows, |_| Lean::Left, paint).lines() {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

fn column(column: &ColumnDoc) -> Vec<String> {
    let kind = match column.unit.as_str() {
        "" => column.kind.clone(),
        unit => format!("{} ({unit})", column.kind),
    };
    vec![column.name.clone(), kind, column.about.clone()]
}

/// Writes a value: text as it is, nothing for null, JSON for what has parts.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}
