//! Sixteen usual shapes of range queries over a day of ten thousand series.

use std::time::SystemTime;

use serde_json::json;

use super::{Arena, Asked, COLUMNS, Question, Span, totals};
use crate::engine::Place;
use crate::load::body::Schedule;
use crate::load::shop::shop;
use crate::report::{Section, Table};

/// Milliseconds from one sample to the next.
const INTERVAL: i64 = 15_000;
/// Milliseconds between two points of an answer.
const STEP: i64 = 60_000;

const QUERIES: [&str; 16] = [
    "sum(rate(shop_requests_total[5m]))",
    "sum by (instance) (increase(shop_requests_total[1h]))",
    "sum by (path, code) (rate(shop_requests_total[5m]))",
    "histogram_quantile(0.99, sum by (le, path) (rate(shop_request_duration_seconds_bucket[5m])))",
    "quantile(0.9, avg_over_time(shop_queue_length[10m]))",
    "max by (queue) (max_over_time(shop_queue_length[30m]))",
    "topk(5, sum by (instance) (rate(shop_worker_busy_seconds_total[5m])))",
    "sum(rate(shop_requests_total{code=~\"5..\"}[5m])) / sum(rate(shop_requests_total[5m]))",
    "sum by (region) (shop_memory_bytes)",
    "count by (version) (shop_queue_length > 100)",
    "avg by (region) (shop_cache_hit_ratio) * on (region) group_left () max by (region) (shop_memory_bytes)",
    "max_over_time(sum(rate(shop_requests_total{path=\"/checkout\"}[5m]))[30m:5m])",
    "sum by (zone) (label_replace(shop_queue_length, \"zone\", \"zone-$1\", \"region\", \"region-(.*)\"))",
    "shop_memory_bytes{instance=~\"10.1.0.[0-9]+:8080\"} - shop_memory_bytes{instance=~\"10.1.0.[0-9]+:8080\"} offset 1h",
    "stddev by (queue) (shop_queue_length)",
    "sum by (instance) (irate(shop_worker_busy_seconds_total{worker!~\"1.*\"}[5m])) > 1",
];

/// Measures.
///
/// # Errors
/// An engine is not built, does not answer, or its answers are wrong.
pub(crate) fn measure(place: &Place, quick: bool) -> anyhow::Result<Section> {
    let (instances, hours) = if quick { (10, 6) } else { (100, 24) };
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_millis() as i64;
    let rounds = hours * 240;
    let schedule = Schedule {
        start: (now / INTERVAL - i64::from(rounds) - 2) * INTERVAL,
        interval: INTERVAL,
        rounds,
        rounds_per_block: 40,
    };
    let corpus = shop(instances, INTERVAL as f64 / 1000.0);
    let arena = Arena::fill(place, "ranges", corpus, schedule)?;
    let span = Span::last(&schedule, i64::from(hours) * 3_600_000, STEP);
    let question = |query: &str| Question {
        name: "range".to_owned(),
        query: query.to_owned(),
        instant: false,
    };
    let questions: Vec<Question> = QUERIES.into_iter().map(question).collect();
    let asked = arena.ask(&questions, span)?;
    let mut table = Table::new("One by one:", &COLUMNS);
    for one in &asked {
        let query = format!("`{}`", one.question.query.replace('|', "\\|"));
        table.rows.push([vec![query], one.cells()].concat());
    }
    let text = format!(
        "{} range queries of usual shapes over {hours} hours of {} series with a sample every {} s, with a step of {} s.",
        asked.len(),
        instances * 100,
        INTERVAL / 1000,
        STEP / 1000
    );
    let json = json!({
        "load": arena.json, "step_ms": STEP,
        "queries": asked.iter().map(Asked::json).collect::<Vec<_>>(),
    });
    Ok(Section {
        name: "ranges",
        text,
        tables: vec![totals(&asked), table, arena.sizes],
        json,
    })
}
