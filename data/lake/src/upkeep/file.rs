//! Rows to Parquet.

use std::sync::Arc;

use arrow::array::RecordBatch;
use model::calendar;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::definition::{Kind, TableDef};
use crate::delta::DataFile;
use crate::table::Table;

/// Rows of a row group: what a reader decides by Bloom filters and statistics.
const GROUP_ROWS: usize = 1 << 16;
/// Rows of a page: what a reader decides by the page index.
const PAGE_ROWS: usize = 4096;
/// Distinct values that a Bloom filter is made for.
const BLOOM_VALUES: u64 = 1 << 14;
/// Version of what we put into files beyond Parquet itself.
const FORMAT: &str = "1";
const ZSTD_LEVEL: i32 = 3;
const DAY_MICROS: i64 = calendar::DAY_SECONDS * 1_000_000;

/// Writes the Parquet file of sorted rows, and describes it; the path is the caller's to fill in.
pub(super) struct FileWriter {
    writer: ArrowWriter<Vec<u8>>,
    file: DataFile,
    time: usize,
}

impl FileWriter {
    /// Begins a file.
    pub(super) fn begin(table: &Table) -> Result<Self, ParquetError> {
        let properties = properties(&table.def);
        Ok(Self {
            writer: ArrowWriter::try_new(Vec::new(), Arc::clone(&table.schema), Some(properties))?,
            file: DataFile {
                path: String::new(),
                bytes: 0,
                rows: 0,
                min_time: i64::MAX,
                max_time: i64::MIN,
                checksum: None,
                written: table.clock.now(),
                stats: None,
            },
            time: table.schema.index_of(table.def.time).unwrap_or(0),
        })
    }

    /// Adds rows.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        let (min, max) = crate::table::times(batch, self.time);
        self.file.min_time = self.file.min_time.min(min);
        self.file.max_time = self.file.max_time.max(max);
        self.file.rows += batch.num_rows() as u64;
        self.writer.write(batch)
    }

    /// Ends the file.
    pub(super) fn finish(self, def: &TableDef) -> Result<(DataFile, Vec<u8>), ParquetError> {
        let content = self.writer.into_inner()?;
        let mut file = self.file;
        file.bytes = content.len() as u64;
        file.checksum = Some(crc32c::crc32c(&content));
        file.describe(def.time);
        Ok((file, content))
    }
}

/// Returns the day that a time in microseconds belongs to, counted from 1970.
pub(super) fn day_of(micros: i64) -> i64 {
    micros.div_euclid(DAY_MICROS)
}

/// Returns the path of a file in its table: a folder for the day, and a name that no file ever had.
pub(super) fn path(day: i64, table: &Table) -> String {
    let (year, month, day) = calendar::date_of(day);
    format!("day={year:04}-{month:02}-{day:02}/{}.parquet", table.new_name())
}

fn properties(def: &TableDef) -> WriterProperties {
    let place = |name: &str| def.columns.iter().position(|column| column.name == name);
    let sorting = def.sort.iter().filter_map(|name| place(name));
    let sorting = sorting.map(|idx| SortingColumn {
        column_idx: i32::try_from(idx).unwrap_or(i32::MAX),
        descending: false,
        nulls_first: true,
    });
    let own = vec![
        KeyValue::new("periplus.format".to_owned(), FORMAT.to_owned()),
        KeyValue::new("periplus.table".to_owned(), def.name.to_owned()),
    ];
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(
            ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default(),
        ))
        .set_created_by(concat!("periplus version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS)
        .set_sorting_columns(Some(sorting.collect()))
        .set_key_value_metadata(Some(own));
    for column in &def.columns {
        let path = ColumnPath::from(column.name);
        if matches!(column.kind, Kind::Time | Kind::Integer) {
            properties = properties
                .set_column_dictionary_enabled(path, false)
                .set_column_encoding(ColumnPath::from(column.name), Encoding::DELTA_BINARY_PACKED);
        } else if def.bloom.contains(&column.name) {
            properties = properties
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_max_ndv(path, BLOOM_VALUES);
        }
    }
    properties.build()
}
