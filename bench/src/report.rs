//! What a run found: tables for people, JSON for machines, and the place in the documentation.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

/// A table; the first column is text, the others are figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// A sentence above it.
    pub(crate) title: String,
    /// Heads of the columns.
    pub(crate) columns: Vec<String>,
    /// Cells.
    pub(crate) rows: Vec<Vec<String>>,
}

/// What one section found.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// Its name on the command line, in the JSON and in the markers.
    pub(crate) name: &'static str,
    /// How it was measured, in Markdown.
    pub(crate) text: String,
    /// Tables of the documentation.
    pub(crate) tables: Vec<Table>,
    /// Everything, for machines.
    pub(crate) json: Value,
}

impl Table {
    /// Starts a table.
    pub(crate) fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Renders it in Markdown, aligned for the terminal too.
    pub(crate) fn markdown(&self) -> String {
        let width = |at: usize| -> usize {
            let cells = self.rows.iter().chain([&self.columns]);
            cells
                .filter_map(|row| row.get(at))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[String]| -> String {
            let mut text = String::from("|");
            for (at, cell) in cells.iter().enumerate() {
                let width = widths.get(at).copied().unwrap_or(0);
                text.push_str(&match at {
                    0 => format!(" {cell:<width$} |"),
                    _ => format!(" {cell:>width$} |"),
                });
            }
            text + "\n"
        };
        let mut text = format!("{}\n\n{}", self.title, line(&self.columns));
        let rules: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(at, width)| match at {
                0 => "-".repeat(*width),
                _ => format!("{}:", "-".repeat(width.saturating_sub(1))),
            })
            .collect();
        text.push_str(&line(&rules));
        for row in &self.rows {
            text.push_str(&line(row));
        }
        text
    }
}

impl Section {
    /// Renders it in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("{}\n", self.text.trim());
        for table in &self.tables {
            text.push('\n');
            text.push_str(&table.markdown());
        }
        text
    }
}

/// Writes sections into a JSON file; other sections in it stay.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_json(path: &Path, sections: &[Section]) -> anyhow::Result<()> {
    let known = fs::read_to_string(path)
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let mut report = known.filter(Value::is_object).unwrap_or_else(|| json!({}));
    for section in sections {
        report[section.name] = section.json.clone();
    }
    let folder = path.parent().context("the report is in a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(path, serde_json::to_string_pretty(&report)? + "\n")
        .with_context(|| format!("failed to write {}", path.display()))
}

/// Puts sections between their markers in a Markdown file.
///
/// # Errors
/// The file cannot be read or written, or has no markers for a section.
pub(crate) fn write_document(path: &Path, sections: &[Section]) -> anyhow::Result<()> {
    let mut text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    for section in sections {
        text = replace_between(&text, section.name, &section.markdown()).with_context(|| {
            let name = section.name;
            format!(
                "{} has no lines <!-- {name} --> and <!-- /{name} -->",
                path.display()
            )
        })?;
    }
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// Replaces what stands between the markers of a section.
fn replace_between(text: &str, name: &str, markdown: &str) -> Option<String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&open)?;
    let (_, after) = rest.split_once(&close)?;
    Some(format!("{before}{open}\n{}\n{close}{after}", markdown.trim_end()))
}

#[cfg(test)]
mod tests;
