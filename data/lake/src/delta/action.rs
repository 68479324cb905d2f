//! Actions of the transaction log, as JSON has them.

use std::collections::BTreeMap;

use model::{Millis, TimeRange, calendar};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::definition::TableDef;

/// The operation that only rearranges rows.
pub(super) const OPTIMIZE: &str = "OPTIMIZE";

const MIN_TIME: &str = "periplus.minTime";
const MAX_TIME: &str = "periplus.maxTime";
const ROWS: &str = "periplus.rows";
const CHECKSUM: &str = "periplus.crc32c";

/// One line of a commit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Action {
    /// A file joins.
    Add(Add),
    /// A file leaves.
    Remove(Remove),
    /// What the table is.
    MetaData(MetaData),
    /// What readers and writers must know.
    Protocol(Protocol),
    /// How far an application came.
    Txn(Transaction),
    /// Who did it, for people.
    CommitInfo(CommitInfo),
}

/// Reads an action. One that this program does not know is `None`: the format says to pass over it, and raises the
/// version of the protocol where that would be wrong.
pub(super) fn parse(line: &[u8]) -> Result<Option<Action>, serde_json::Error> {
    const KNOWN: [&str; 6] = ["add", "remove", "metaData", "protocol", "txn", "commitInfo"];
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line)?;
    if !object.keys().any(|key| KNOWN.contains(&key.as_str())) {
        return Ok(None);
    }
    serde_json::from_value(object.into()).map(Some)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Add {
    pub(super) path: String,
    #[serde(default)]
    pub(super) partition_values: BTreeMap<String, String>,
    pub(super) size: i64,
    pub(super) modification_time: Millis,
    pub(super) data_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stats: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remove {
    pub(super) path: String,
    #[serde(default)]
    pub(super) deletion_timestamp: Option<Millis>,
    pub(super) data_change: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaData {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    pub(super) format: Format,
    pub(super) schema_string: String,
    #[serde(default)]
    pub(super) partition_columns: Vec<String>,
    #[serde(default)]
    pub(super) configuration: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) created_time: Option<Millis>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Format {
    pub(super) provider: String,
    #[serde(default)]
    pub(super) options: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(super) min_reader_version: i32,
    pub(super) min_writer_version: i32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    pub(super) app_id: String,
    pub(super) version: i64,
    #[serde(default)]
    pub(super) last_updated: Option<Millis>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CommitInfo {
    pub(super) timestamp: Millis,
    pub(super) operation: String,
    pub(super) engine_info: String,
}

impl Protocol {
    pub(super) const OURS: Self = Self {
        min_reader_version: 1,
        min_writer_version: 2,
    };
}

impl Remove {
    pub(super) fn new(path: String, now: Millis, data_change: bool) -> Self {
        Self {
            path,
            deletion_timestamp: Some(now),
            data_change,
        }
    }
}

impl MetaData {
    pub(super) fn new(def: &TableDef, schema_string: String, now: Millis) -> Self {
        Self {
            id: table_id(def.name, now),
            name: Some(def.name.to_owned()),
            description: Some(def.about.to_owned()),
            format: Format {
                provider: "parquet".to_owned(),
                options: BTreeMap::new(),
            },
            schema_string,
            created_time: Some(now),
            ..Self::default()
        }
    }
}

/// Makes an identifier of a table in the form of a UUID (version 8: our own bits). Two tables of one name made in
/// the same millisecond have the same one, which nothing minds.
fn table_id(name: &str, now: Millis) -> String {
    let time = now.to_be_bytes();
    let name = crc32c::crc32c(name.as_bytes());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (high, low) = time.split_at(4);
    format!(
        "{}-{}-8000-8000-{}{name:08x}",
        hex(high),
        hex(low.get(..2).unwrap_or(&[0, 0])),
        hex(low.get(2..).unwrap_or(&[0, 0])),
    )
}

/// A file of a table, as the engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// Path below the table's folder.
    pub(crate) path: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Rows in it.
    pub(crate) rows: u64,
    /// Times of its rows, in microseconds.
    pub(crate) min_time: i64,
    /// Times of its rows, in microseconds.
    pub(crate) max_time: i64,
    /// Checksum of the whole file; `None` if another program wrote it.
    pub(crate) checksum: Option<u32>,
    /// When it was written.
    pub(crate) written: Millis,
    /// Statistics for other readers.
    pub(crate) stats: Option<String>,
}

impl DataFile {
    /// Returns the statistics that the format has for a file, of the time column.
    pub(crate) fn describe(&mut self, time: &str) {
        let stats = json!({
            "numRecords": self.rows,
            "minValues": { time: instant(self.min_time) },
            // Statistics of the format are in milliseconds: the upper bound is rounded up.
            "maxValues": { time: instant(self.max_time.saturating_add(999)) },
            "nullCount": { time: 0 },
        });
        self.stats = Some(stats.to_string());
    }

    /// Tells the span of its rows' times, in milliseconds, rounded outwards.
    pub(crate) fn span(&self) -> TimeRange {
        TimeRange {
            start: self.min_time.div_euclid(1000),
            end: self.max_time.saturating_add(999).div_euclid(1000),
        }
    }

    pub(super) fn into_add(self, data_change: bool) -> Add {
        let mut tags = BTreeMap::from([
            (MIN_TIME.to_owned(), self.min_time.to_string()),
            (MAX_TIME.to_owned(), self.max_time.to_string()),
            (ROWS.to_owned(), self.rows.to_string()),
        ]);
        if let Some(checksum) = self.checksum {
            tags.insert(CHECKSUM.to_owned(), format!("{checksum:08x}"));
        }
        Add {
            path: self.path,
            partition_values: BTreeMap::new(),
            size: i64::try_from(self.bytes).unwrap_or(i64::MAX),
            modification_time: self.written,
            data_change,
            stats: self.stats,
            tags: Some(tags),
        }
    }

    /// Reads an `add` action. A file of another program has no tags of ours: its times may be anything.
    pub(super) fn from_add(add: Add) -> Self {
        let tags = add.tags.unwrap_or_default();
        let number = |key: &str| tags.get(key).and_then(|text| text.parse::<i64>().ok());
        let checksum = tags
            .get(CHECKSUM)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        Self {
            bytes: u64::try_from(add.size).unwrap_or(0),
            rows: number(ROWS)
                .and_then(|rows| u64::try_from(rows).ok())
                .unwrap_or(0),
            min_time: number(MIN_TIME).unwrap_or(i64::MIN),
            max_time: number(MAX_TIME).unwrap_or(i64::MAX),
            checksum,
            written: add.modification_time,
            stats: add.stats,
            path: add.path,
        }
    }
}

/// Writes microseconds since 1970 as the format has points in time, truncated to milliseconds.
fn instant(micros: i64) -> String {
    calendar::format_rfc3339(micros.div_euclid(1000))
}
