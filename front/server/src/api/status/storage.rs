//! What the store holds, in the shapes of Prometheus' `/api/v1/status/tsdb…`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use store::PartStatus;

use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, ErrorKind, success};
use crate::api::names::storage_error;
use crate::api::params::Params;
use crate::app::App;
use crate::pool::Stop;

/// Entries of each table if the request does not say, and at most.
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 10_000;

/// `/api/v1/status/tsdb`: the series in memory by their labels.
pub(crate) async fn tsdb(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let bad = |text: String| Err(ApiError::new(ErrorKind::BadData, text));
    let limit = match params.get("limit").map(str::parse::<usize>) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if limit > MAX_LIMIT => {
            return bad(format!("limit must not exceed {MAX_LIMIT}"));
        }
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => return bad("limit must be a positive number".to_owned()),
    };
    let store = Arc::clone(&app.sources.store);
    let work = move |_: &Stop| store.cardinality(limit, None, &[]).map_err(storage_error);
    let found = app.pool.run(app.config.query.timeout, work).await?;
    Ok(success(|out| {
        let mut data = Object::new(out);
        data.object("headStats")
            .integer("numSeries", found.series)
            .integer("numLabelPairs", found.label_pairs)
            .integer("chunkCount", found.chunks)
            .integer("minTime", found.range.map_or(0, |range| range.start))
            .integer("maxTime", found.range.map_or(0, |range| range.end));
        for (key, counted) in [
            ("seriesCountByMetricName", &found.metrics),
            ("labelValueCountByLabelName", &found.label_values),
            ("memoryInBytesByLabelName", &found.label_bytes),
            ("seriesCountByLabelValuePair", &found.pairs),
        ] {
            let mut list = data.array(key);
            for one in counted {
                list.object()
                    .string("name", &one.name)
                    .integer("value", one.value);
            }
        }
    }))
}

/// `/api/v1/status/tsdb/blocks`: the parts of the store. A part has no ULID; its file's name stands for it.
pub(crate) async fn blocks(State(app): State<Arc<App>>) -> Response {
    let status = app.sources.store.status();
    success(|out| {
        let mut data = Object::new(out);
        let mut blocks = data.array("blocks");
        for part in &status.parts {
            write_block(blocks.object(), part);
        }
    })
}

fn write_block(mut block: Object<'_>, part: &PartStatus) {
    let name = part.path.file_stem().unwrap_or_default().to_string_lossy();
    block
        .string("ulid", &name)
        .integer("minTime", part.range.start)
        // Prometheus' blocks end before their last time.
        .integer("maxTime", part.range.end.saturating_add(1));
    block
        .object("stats")
        .integer("numSamples", part.samples)
        .integer("numSeries", part.series);
    block
        .object("compaction")
        .integer("level", part.level.saturating_add(1))
        .strings("sources", [&name]);
    block.integer("version", 1);
}

/// `/api/v1/status/walreplay`: the log is read back before the server listens, so it is always done.
pub(crate) async fn replay(State(app): State<Arc<App>>) -> Response {
    let segments = app.sources.store.status().wal_segments;
    let last = segments.saturating_sub(1);
    success(|out| {
        Object::new(out)
            .count("min", 0)
            .count("max", last)
            .count("current", last);
    })
}
