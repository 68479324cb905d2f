//! Checkpoints: the actions that make a version, in one Parquet file.
//!
//! A row is an action, a column a kind of action: the JSON of the commits with a schema. Both ways go through that
//! JSON, so there is one description of an action only.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::json::{LineDelimitedWriter, ReaderBuilder};
use bytes::Bytes;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::action::{self, Action};
use super::{DeltaError, Snapshot};
use crate::objects::Objects;

/// How the name of a checkpoint ends; before it stands the version.
pub(super) const SUFFIX: &str = ".checkpoint.parquet";
const LAST: &str = "_last_checkpoint";
const BATCH_ROWS: usize = 1024;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Writes the checkpoint of a version, and then the file that points to it.
pub(super) async fn write(objects: &Objects, folder: &Path, snapshot: &Snapshot) -> Result<(), DeltaError> {
    let version = snapshot.version.unwrap_or(0);
    let path = path(folder, version);
    let actions = snapshot.actions();
    let content = encode(&actions).map_err(|error| DeltaError::Damaged {
        path: path.to_string(),
        reason: error.to_string(),
    })?;
    objects.replace(&path, content.into()).await?;
    let last = serde_json::json!({ "version": version, "size": actions.len() }).to_string();
    objects.replace(&folder.clone().join(LAST), last.into()).await?;
    Ok(())
}

/// Reads the actions of a checkpoint.
pub(super) async fn read(objects: &Objects, folder: &Path, version: u64) -> Result<Vec<Action>, DeltaError> {
    let path = path(folder, version);
    let content = objects.read(&path).await?;
    decode(content).map_err(|error| DeltaError::Damaged {
        path: path.to_string(),
        reason: error.to_string(),
    })
}

fn path(folder: &Path, version: u64) -> Path {
    folder.clone().join(format!("{version:020}{SUFFIX}"))
}

fn encode(actions: &[Action]) -> Result<Vec<u8>, Failure> {
    let schema = schema();
    let mut decoder = ReaderBuilder::new(Arc::clone(&schema))
        .with_batch_size(actions.len())
        .build_decoder()?;
    decoder.serialize(actions)?;
    let batch = decoder
        .flush()?
        .unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&schema)));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

fn decode(content: Bytes) -> Result<Vec<Action>, Failure> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content)?
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let mut lines = LineDelimitedWriter::new(Cursor::new(Vec::new()));
    for batch in reader {
        lines.write(&batch?)?;
    }
    lines.finish()?;
    let lines = lines.into_inner().into_inner();
    let mut actions = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        actions.extend(action::parse(line)?);
    }
    Ok(actions)
}

fn schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let long = |name| Field::new(name, DataType::Int64, true);
    let int = |name| Field::new(name, DataType::Int32, true);
    let flag = |name| Field::new(name, DataType::Boolean, true);
    let of = |name, fields: Vec<Field>| Field::new(name, DataType::Struct(Fields::from(fields)), true);
    let map = |name| {
        let entries = vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Utf8, true),
        ];
        let entry = Field::new("key_value", DataType::Struct(entries.into()), false);
        Field::new(name, DataType::Map(Arc::new(entry), false), true)
    };
    let texts = |name| {
        Field::new(
            name,
            DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))),
            true,
        )
    };
    Arc::new(Schema::new(vec![
        of("txn", vec![text("appId"), long("version"), long("lastUpdated")]),
        of(
            "add",
            vec![
                text("path"),
                map("partitionValues"),
                long("size"),
                long("modificationTime"),
                flag("dataChange"),
                text("stats"),
                map("tags"),
            ],
        ),
        of(
            "remove",
            vec![text("path"), long("deletionTimestamp"), flag("dataChange")],
        ),
        of(
            "metaData",
            vec![
                text("id"),
                text("name"),
                text("description"),
                of("format", vec![text("provider"), map("options")]),
                text("schemaString"),
                texts("partitionColumns"),
                map("configuration"),
                long("createdTime"),
            ],
        ),
        of("protocol", vec![int("minReaderVersion"), int("minWriterVersion")]),
    ]))
}
