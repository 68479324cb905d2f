//! What a table is: everything the engine knows of it stands here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Definition of a table.
#[derive(Clone, Debug)]
pub struct TableDef {
    /// Its name in SQL and of its folder: lowercase letters and underscores.
    pub name: &'static str,
    /// What a row is, in one sentence for people.
    pub about: &'static str,
    /// The columns. New ones go to the end; none is ever renamed or given another kind.
    pub columns: Vec<Column>,
    /// Name of the column by which rows are found and dropped: the first `Time` column, never null. Files are kept in
    /// a folder for each day of it, in UTC.
    pub time: &'static str,
    /// Columns by which the rows of a file are sorted, ascending. Starts with the columns that queries narrow most.
    pub sort: &'static [&'static str],
    /// Columns of many values that are asked for by equality: each row group gets a Bloom filter of them.
    pub bloom: &'static [&'static str],
    /// How long and how much is kept.
    pub retention: Retention,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in SQL: lowercase letters and underscores.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Unit of its numbers; empty where there is none.
    pub unit: &'static str,
    /// What it means, in one sentence for people.
    pub about: &'static str,
}

/// Kind of a column's values: those that all engines of open tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; what is not known is the empty string.
    Text,
    /// A signed 64-bit integer.
    Integer,
    /// A 64-bit float.
    Float,
    /// A point in time, UTC, in microseconds.
    Time,
    /// Text by text, such as attributes.
    Attributes,
}

/// How long and how much of a table is kept; what ends first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// A file goes when its newest row is older.
    pub age: Duration,
    /// The oldest files go when all of them together are larger. `None` is no bound.
    pub bytes: Option<u64>,
}

impl Kind {
    /// Returns the Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            Self::Attributes => {
                let entries = vec![
                    Field::new("key", DataType::Utf8, false),
                    Field::new("value", DataType::Utf8, false),
                ];
                let entry = Field::new("key_value", DataType::Struct(entries.into()), false);
                DataType::Map(Arc::new(entry), false)
            }
        }
    }

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Time => "time",
            Self::Attributes => "attributes",
        }
    }
}

impl TableDef {
    /// Returns the Arrow schema, with meaning and unit of each column in its metadata.
    pub fn schema(&self) -> SchemaRef {
        let fields = self.columns.iter().map(|column| {
            let mut metadata = HashMap::from([("comment".to_owned(), column.about.to_owned())]);
            if !column.unit.is_empty() {
                metadata.insert("unit".to_owned(), column.unit.to_owned());
            }
            Field::new(column.name, column.kind.data_type(), column.name != self.time).with_metadata(metadata)
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}
