//! What the store holds, in the shapes of Prometheus' `/api/v1/status/tsdb…`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use store::PartStatus;

use crate::api::answer::json::Object;
use crate::api::answer::success;
use crate::app::App;

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
        Object::new(out).count("min", 0).count("max", last).count("current", last);
    })
}
