//! Answers, and the formats they leave in.

use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::writer::JsonFormat;
use arrow::json::writer::{JsonArray, LineDelimited};
use arrow::json::{StructMode, WriterBuilder};

/// Rows that a query found.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Columns.
    pub schema: SchemaRef,
    /// Rows.
    pub batches: Vec<RecordBatch>,
    /// The bound of rows or bytes that cut the answer; `None` if this is all of it.
    pub cut: Option<Cut>,
    /// Time it waited and ran.
    pub took: Duration,
}

/// The bound that cut an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// So many rows.
    Rows(usize),
    /// So many bytes.
    Bytes(usize),
}

/// A format of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON: an array of rows, each an array of values in the order of the columns.
    JsonRows,
    /// An object a line, with the columns' names.
    NdJson,
    /// Comma-separated values with a line of names.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

/// Why an answer cannot be put into a format.
#[derive(Debug, thiserror::Error)]
#[error("the answer cannot be written in this format")]
pub struct AnswerError(#[from] ArrowError);

impl Answer {
    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Returns name and type of each column, types in the words of this page's formats.
    pub fn columns(&self) -> Vec<(String, String)> {
        let fields = self.schema.fields().iter();
        fields
            .map(|field| (field.name().clone(), type_name(field.data_type())))
            .collect()
    }

    /// Says which bound cut the answer.
    pub fn notice(&self) -> Option<String> {
        self.cut.map(|cut| match cut {
            Cut::Rows(most) => {
                format!("only the first {most} rows are shown; narrow the query or add a LIMIT")
            }
            Cut::Bytes(most) => {
                format!(
                    "only the first {most} bytes of rows are shown; narrow the query or select fewer columns"
                )
            }
        })
    }

    /// Writes the rows in a format.
    ///
    /// # Errors
    /// The format has no way to write a column's type.
    pub fn encode(&self, format: Format) -> Result<Vec<u8>, AnswerError> {
        match format {
            Format::JsonRows => self.json::<JsonArray>(StructMode::ListOnly),
            Format::NdJson => self.json::<LineDelimited>(StructMode::ObjectOnly),
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new().with_header(true).build(Vec::new());
                // A header also where there are no rows.
                writer.write(&RecordBatch::new_empty(SchemaRef::clone(&self.schema)))?;
                for batch in &self.batches {
                    writer.write(batch)?;
                }
                Ok(writer.into_inner())
            }
            Format::Arrow => {
                let mut writer = StreamWriter::try_new(Vec::new(), &self.schema)?;
                for batch in &self.batches {
                    writer.write(batch)?;
                }
                Ok(writer.into_inner()?)
            }
        }
    }

    fn json<F: JsonFormat>(&self, mode: StructMode) -> Result<Vec<u8>, AnswerError> {
        let builder = WriterBuilder::new()
            .with_explicit_nulls(true)
            .with_struct_mode(mode);
        let mut writer = builder.build::<_, F>(Vec::new());
        for batch in &self.batches {
            writer.write(batch)?;
        }
        writer.finish()?;
        Ok(writer.into_inner())
    }
}

fn type_name(kind: &DataType) -> String {
    let name = match kind {
        DataType::Null => "null",
        DataType::Boolean => "boolean",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text",
        DataType::Timestamp(..) => "time",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Duration(_) | DataType::Interval(_) => "duration",
        DataType::Dictionary(_, values) => return type_name(values),
        kind if kind.is_integer() => "integer",
        kind if kind.is_floating() => "float",
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => "decimal",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "list",
        DataType::Struct(_) => "object",
        DataType::Map(..) => "attributes",
        other => return other.to_string(),
    };
    name.to_owned()
}
