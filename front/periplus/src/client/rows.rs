//! Rows and tables, as our own part of the API shapes them.

use serde::Deserialize;
use serde_json::Value;

use super::answer::{Refusal, open};

/// Rows that a query found.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The columns.
    pub(crate) columns: Vec<RowColumn>,
    /// A value a column.
    pub(crate) rows: Vec<Vec<Value>>,
    /// What the server wants to be known of it.
    pub(crate) notes: Vec<String>,
    /// The part `data` of the answer as it came, in JSON.
    pub(crate) json: String,
}

/// A column of rows.
#[derive(Debug, Deserialize)]
pub(crate) struct RowColumn {
    /// Its name.
    pub(crate) name: String,
    /// What its values are: text, integer, time …
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// A table, described.
#[derive(Debug, Deserialize)]
pub(crate) struct TableDoc {
    /// Its name.
    pub(crate) name: String,
    /// What a row is.
    pub(crate) about: String,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// Its columns.
    pub(crate) columns: Vec<ColumnDoc>,
}

/// A column of a table, described.
#[derive(Debug, Deserialize)]
pub(crate) struct ColumnDoc {
    /// Its name.
    pub(crate) name: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Unit of its numbers.
    #[serde(default)]
    pub(crate) unit: String,
    /// What it means.
    pub(crate) about: String,
}

#[derive(Deserialize)]
struct WireRows {
    columns: Vec<RowColumn>,
    rows: Vec<Vec<Value>>,
}

/// Reads rows; `None` if these are none.
pub(super) fn read(bytes: &[u8]) -> Option<Result<Rows, Refusal>> {
    let (json, notes) = match open(bytes)? {
        Ok(opened) => opened,
        Err(refusal) => return Some(Err(refusal)),
    };
    let wire: WireRows = serde_json::from_str(json).ok()?;
    Some(Ok(Rows {
        columns: wire.columns,
        rows: wire.rows,
        notes,
        json: json.to_owned(),
    }))
}

/// Reads descriptions of tables; `None` if these are none.
pub(super) fn read_tables(bytes: &[u8]) -> Option<Result<Vec<TableDoc>, Refusal>> {
    match open(bytes)? {
        Ok((json, _)) => serde_json::from_str(json).ok().map(Ok),
        Err(refusal) => Some(Err(refusal)),
    }
}
