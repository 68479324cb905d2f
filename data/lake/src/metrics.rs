//! What the lake counts of itself.

use std::sync::atomic::{AtomicU64, Ordering};

use model::{Family, Sink};

use crate::table::Table;

/// A number that others may read.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts of one table.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) appended_rows: Count,
    pub(crate) refused_rows: Count,
    pub(crate) recovered_rows: Count,
    pub(crate) damaged_records: Count,
    pub(crate) failed_writes: Count,
    pub(crate) log_syncs: Count,
    pub(crate) log_bytes: Count,
    pub(crate) flushes: Count,
    pub(crate) compactions: Count,
    pub(crate) compacted_bytes: Count,
    pub(crate) failed_upkeep: Count,
    pub(crate) expired_files: Count,
    pub(crate) expired_rows: Count,
    pub(crate) quarantined_files: Count,
    pub(crate) quarantined_rows: Count,
    pub(crate) checked_files: Count,
}

/// Counts of queries.
#[derive(Debug, Default)]
pub(crate) struct QueryCounters {
    pub(crate) answered: Count,
    pub(crate) refused: Count,
    pub(crate) failed: Count,
    pub(crate) timed_out: Count,
    pub(crate) cut: Count,
    pub(crate) micros: Count,
}

type Row = (Family<'static>, fn(&Counters) -> &Count);

const TABLE_ROWS: &[Row] = &[
    (
        Family::counter(
            "periplus_lake_appended_rows_total",
            "Rows taken and made durable.",
        ),
        |counters| &counters.appended_rows,
    ),
    (
        Family::counter(
            "periplus_lake_refused_rows_total",
            "Rows refused: no room, no disk, or closing.",
        ),
        |counters| &counters.refused_rows,
    ),
    (
        Family::counter(
            "periplus_lake_recovered_rows_total",
            "Rows read back from the log at the start.",
        ),
        |counters| &counters.recovered_rows,
    ),
    (
        Family::counter(
            "periplus_lake_damaged_records_total",
            "Records of the log that could not be read back.",
        ),
        |counters| &counters.damaged_records,
    ),
    (
        Family::counter(
            "periplus_lake_log_write_failures_total",
            "Writes or syncs of the log that failed.",
        ),
        |counters| &counters.failed_writes,
    ),
    (
        Family::counter(
            "periplus_lake_log_syncs_total",
            "Syncs of the log; each makes all rows durable that waited.",
        ),
        |counters| &counters.log_syncs,
    ),
    (
        Family::gauge("periplus_lake_log_bytes", "Bytes of the log on disk."),
        |counters| &counters.log_bytes,
    ),
    (
        Family::counter(
            "periplus_lake_flushes_total",
            "Times that rows went from memory to files.",
        ),
        |counters| &counters.flushes,
    ),
    (
        Family::counter(
            "periplus_lake_compactions_total",
            "Times that small files were merged.",
        ),
        |counters| &counters.compactions,
    ),
    (
        Family::counter(
            "periplus_lake_compacted_bytes_total",
            "Bytes of small files that were merged.",
        ),
        |counters| &counters.compacted_bytes,
    ),
    (
        Family::counter(
            "periplus_lake_upkeep_failures_total",
            "Pieces of upkeep that failed and are tried again.",
        ),
        |counters| &counters.failed_upkeep,
    ),
    (
        Family::counter("periplus_lake_expired_files_total", "Files dropped by retention."),
        |counters| &counters.expired_files,
    ),
    (
        Family::counter("periplus_lake_expired_rows_total", "Rows dropped by retention."),
        |counters| &counters.expired_rows,
    ),
    (
        Family::counter(
            "periplus_lake_quarantined_files_total",
            "Damaged files that were set aside.",
        ),
        |counters| &counters.quarantined_files,
    ),
    (
        Family::counter(
            "periplus_lake_quarantined_rows_total",
            "Rows of damaged files that were set aside.",
        ),
        |counters| &counters.quarantined_rows,
    ),
    (
        Family::counter(
            "periplus_lake_checked_files_total",
            "Files whose checksum was compared.",
        ),
        |counters| &counters.checked_files,
    ),
];

const FILES: Family<'_> = Family::gauge("periplus_lake_files", "Files of the table.");
const FILE_BYTES: Family<'_> = Family::gauge("periplus_lake_file_bytes", "Bytes of the table's files.");
const FILE_ROWS: Family<'_> = Family::gauge("periplus_lake_file_rows", "Rows in the table's files.");
const MEMORY_ROWS: Family<'_> = Family::gauge("periplus_lake_memory_rows", "Rows that are in no file yet.");
const MEMORY_BYTES: Family<'_> = Family::gauge(
    "periplus_lake_memory_bytes",
    "Bytes of rows that are in no file yet.",
);
const ASIDE: Family<'_> = Family::gauge(
    "periplus_lake_table_set_aside",
    "1 if the table is damaged and takes no rows until that is put right.",
);
const QUERIES: Family<'_> = Family::counter(
    "periplus_lake_queries_total",
    "Queries by how they ended; cut ones are answered too.",
);
const QUERY_SECONDS: Family<'_> = Family::counter(
    "periplus_lake_query_seconds_total",
    "Time that queries waited and ran.",
);

/// Hands over the metrics of a table.
pub(crate) fn report_table(table: &Table, out: &mut dyn Sink) {
    let labels = [("table", table.def.name)];
    for (family, read) in TABLE_ROWS {
        out.sample(family, &labels, float(read(&table.counters).get()));
    }
    let (snapshot, rows) = table.view(|view| (view.snapshot.clone(), view.memory.rows()));
    out.sample(&FILES, &labels, float(snapshot.files.len() as u64));
    out.sample(&FILE_BYTES, &labels, float(snapshot.bytes()));
    out.sample(&FILE_ROWS, &labels, float(snapshot.rows()));
    out.sample(&MEMORY_ROWS, &labels, float(rows as u64));
    out.sample(&MEMORY_BYTES, &labels, float(table.waiting_bytes() as u64));
}

/// Says of each table whether it is set aside.
pub(crate) fn report_aside(tables: impl Iterator<Item = (&'static str, u64)>, out: &mut dyn Sink) {
    for (table, is_aside) in tables {
        out.sample(&ASIDE, &[("table", table)], float(is_aside));
    }
}

/// Hands over the metrics of queries.
pub(crate) fn report_queries(counters: &QueryCounters, out: &mut dyn Sink) {
    let ends = [
        ("answered", &counters.answered),
        ("refused", &counters.refused),
        ("failed", &counters.failed),
        ("timed_out", &counters.timed_out),
        ("cut", &counters.cut),
    ];
    for (end, count) in ends {
        out.sample(&QUERIES, &[("end", end)], float(count.get()));
    }
    out.sample(&QUERY_SECONDS, &[], float(counters.micros.get()) / 1e6);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 lose their last digit and nothing else"
)]
fn float(n: u64) -> f64 {
    n as f64
}
