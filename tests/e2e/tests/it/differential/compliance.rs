//! The kind of queries that the public PromQL compliance tester asks: templates over the metrics of a demo service,
//! every variant of each as a range query.
//!
//! Source of the approach: <https://github.com/prometheus/compliance>, `promql`. The table is ours; it covers the
//! same parts of the language: literals, selectors, aggregations, functions, operators, modifiers, and what has to
//! fail.

use anyhow::Context as _;
use model::{Batch, LabelsBuilder};
use testkit::Client;

use super::{Pair, When};

/// Time of the first sample, in milliseconds.
const START: i64 = 1_700_000_000_000;
/// One sample every 5 s for an hour and a half.
const INTERVAL: i64 = 5_000;
const N_SAMPLES: i64 = 1080;
const INSTANCES: [&str; 3] = ["demo-0:10000", "demo-1:10001", "demo-2:10002"];

/// Placeholders of the templates with what they stand for.
const VARIANTS: [(&str, &[&str]); 11] = [
    ("{range}", &["1s", "15s", "1m", "5m", "15m", "1h"]),
    ("{offset}", &["1m", "5m", "10m", "-1m", "-5m"]),
    (
        "{aggregation}",
        &["sum", "avg", "max", "min", "count", "stddev", "stdvar", "group"],
    ),
    (
        "{over_time}",
        &[
            "sum", "avg", "max", "min", "count", "stddev", "stdvar", "absent", "last", "present",
        ],
    ),
    ("{arithmetic}", &["+", "-", "*", "/", "%", "^", "atan2"]),
    ("{comparison}", &["==", "!=", "<", ">", "<=", ">="]),
    (
        "{quantile}",
        &[
            "-0.5", "0.1", "0.5", "0.75", "0.95", "0.90", "0.99", "1", "1.5", "NaN",
        ],
    ),
    (
        "{simple}",
        &[
            "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sgn", "sin", "cos", "tan", "asin",
            "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg", "rad", "round",
        ],
    ),
    (
        "{date}",
        &[
            "day_of_month",
            "day_of_week",
            "day_of_year",
            "days_in_month",
            "hour",
            "minute",
            "month",
            "year",
        ],
    ),
    ("{counter}", &["rate", "increase", "irate", "resets", "changes"]),
    ("{gauge}", &["delta", "idelta", "deriv"]),
];

const TEMPLATES: [&str; 111] = [
    // Literals.
    "42",
    "1.234",
    ".123",
    "1.23e-3",
    "0x3d",
    "Inf",
    "+Inf",
    "-Inf",
    "NaN",
    "pi()",
    "time()",
    "vector(1.23)",
    "-(1 + 2)",
    // Selectors.
    "demo_memory_usage_bytes",
    "{__name__=\"demo_memory_usage_bytes\"}",
    "demo_memory_usage_bytes{type=\"free\"}",
    "demo_memory_usage_bytes{type!=\"free\"}",
    "demo_memory_usage_bytes{instance=~\"demo-.*\"}",
    "demo_memory_usage_bytes{instance=~\"host\"}",
    "demo_memory_usage_bytes{instance!~\".*:10000\"}",
    "demo_memory_usage_bytes{type=\"free\", instance!=\"demo-2:10002\"}",
    "{type=\"free\", instance!=\"demo-2:10002\"}",
    "{__name__=~\".*\", type=\"free\"}",
    "nonexistent_metric_name",
    "demo_memory_usage_bytes offset {offset}",
    "demo_memory_usage_bytes @ 1700003000",
    "demo_memory_usage_bytes @ start()",
    "demo_memory_usage_bytes @ end() offset {offset}",
    "demo_intermittent_metric",
    "up == 1",
    // Aggregations.
    "{aggregation}(demo_memory_usage_bytes)",
    "{aggregation}(nonexistent_metric_name)",
    "{aggregation} by() (demo_memory_usage_bytes)",
    "{aggregation} by(instance) (demo_memory_usage_bytes)",
    "{aggregation} by(instance, type) (demo_memory_usage_bytes)",
    "{aggregation} by(nonexistent) (demo_memory_usage_bytes)",
    "{aggregation} without() (demo_memory_usage_bytes)",
    "{aggregation} without(instance) (demo_memory_usage_bytes)",
    "{aggregation} without(instance, type) (demo_memory_usage_bytes)",
    "{aggregation} without(nonexistent) (demo_memory_usage_bytes)",
    "topk(3, demo_cpu_usage_seconds_total)",
    "bottomk(3, demo_cpu_usage_seconds_total)",
    "topk by(instance) (2, demo_cpu_usage_seconds_total)",
    "bottomk without(mode) (2, demo_cpu_usage_seconds_total)",
    "quantile({quantile}, demo_memory_usage_bytes)",
    "quantile by(type) ({quantile}, demo_memory_usage_bytes)",
    "count_values(\"value\", demo_api_request_duration_seconds_bucket)",
    "count_values without(instance) (\"value\", up)",
    "avg(max by(type) (demo_memory_usage_bytes))",
    // Functions.
    "{over_time}_over_time(demo_memory_usage_bytes[{range}])",
    "{over_time}_over_time(demo_intermittent_metric[{range}])",
    "quantile_over_time({quantile}, demo_memory_usage_bytes[5m])",
    "{counter}(demo_cpu_usage_seconds_total[{range}])",
    "{gauge}(demo_disk_usage_bytes[{range}])",
    "{simple}(demo_memory_usage_bytes)",
    "{simple}(-demo_num_cpus)",
    "{date}()",
    "{date}(demo_batch_last_success_timestamp_seconds)",
    "{date}(demo_batch_last_success_timestamp_seconds offset {offset})",
    "timestamp(demo_num_cpus)",
    "timestamp(timestamp(demo_num_cpus))",
    "timestamp(demo_intermittent_metric)",
    "predict_linear(demo_disk_usage_bytes[{range}], 600)",
    "clamp(demo_memory_usage_bytes, 0, 1e9)",
    "clamp(demo_memory_usage_bytes, 0, NaN)",
    "clamp(demo_memory_usage_bytes, 1e12, 0)",
    "clamp_min(demo_memory_usage_bytes, 2e9)",
    "clamp_max(demo_memory_usage_bytes, 2e9)",
    "round(demo_memory_usage_bytes, 1000)",
    "round(demo_memory_usage_bytes, 0.7)",
    "absent(demo_memory_usage_bytes)",
    "absent(nonexistent_metric_name{job=\"demo\", instance=~\".*\"})",
    "absent_over_time(nonexistent_metric_name[{range}])",
    "scalar(demo_memory_usage_bytes{type=\"free\", instance=\"demo-1:10001\"})",
    "scalar(demo_memory_usage_bytes)",
    "vector(scalar(sum(demo_num_cpus)))",
    "histogram_quantile({quantile}, rate(demo_api_request_duration_seconds_bucket[1m]))",
    "histogram_quantile(0.9, nonexistent_metric)",
    "histogram_quantile(0.9, demo_memory_usage_bytes)",
    "histogram_quantile(0.9, {__name__=~\"demo_api_request_duration_seconds_.+\"})",
    "histogram_quantile(0.9, sum by(le, path) (rate(demo_api_request_duration_seconds_bucket[{range}])))",
    "label_replace(demo_num_cpus, \"job\", \"destination-value-$1\", \"instance\", \"demo-(.*)\")",
    "label_replace(demo_num_cpus, \"job\", \"destination-value-$1\", \"instance\", \"emo-(.*)\")",
    "label_replace(demo_num_cpus, \"job\", \"$1-$2\", \"instance\", \"(.*):(.*)\")",
    "label_replace(demo_num_cpus, \"job\", \"x\", \"nonexistent-src\", \"source-value-(.*)\")",
    "label_replace(demo_num_cpus, \"instance\", \"\", \"\", \"\")",
    "label_replace(demo_num_cpus, \"job\", \"x\", \"src\", \"(.*\")",
    "label_replace(demo_num_cpus, \"~invalid\", \"\", \"src\", \"(.*)\")",
    "label_join(demo_num_cpus, \"new\", \"-\", \"instance\", \"job\")",
    "label_join(demo_num_cpus, \"job\", \"-\", \"instance\", \"instance\")",
    "label_join(demo_num_cpus, \"~invalid\", \"-\", \"instance\")",
    // Operators.
    "1 * 2 + 4 / 6 - 10 % 2 ^ 2",
    "demo_num_cpus + (1 {comparison} bool 2)",
    "-demo_memory_usage_bytes",
    "demo_memory_usage_bytes {arithmetic} 1.2345",
    "0.12345 {arithmetic} demo_memory_usage_bytes",
    "demo_memory_usage_bytes {comparison} 1e9",
    "demo_memory_usage_bytes {comparison} bool 1e9",
    "1e9 {comparison} bool demo_memory_usage_bytes",
    "demo_memory_usage_bytes {arithmetic} on(instance, job, type) demo_memory_usage_bytes",
    "demo_memory_usage_bytes {comparison} bool on(instance, job, type) demo_memory_usage_bytes",
    "sum by(instance, type) (demo_memory_usage_bytes) {arithmetic} on(instance, type) group_left(job) demo_memory_usage_bytes",
    "demo_memory_usage_bytes / on(instance) group_left demo_num_cpus",
    "demo_num_cpus / on(instance) demo_memory_usage_bytes",
    "demo_memory_usage_bytes{type=\"free\"} and on(instance) demo_num_cpus",
    "demo_num_cpus unless demo_memory_usage_bytes",
    "demo_num_cpus or on(instance) up",
    "demo_num_cpus + on(nonexistent) demo_num_cpus",
    // Subqueries.
    "max_over_time((time() - max(demo_batch_last_success_timestamp_seconds) < 1000)[5m:10s] offset {offset})",
    "{over_time}_over_time(rate(demo_cpu_usage_seconds_total[1m])[2m:10s])",
    "avg_over_time(demo_num_cpus[{range}:{range}])",
];

/// Returns a template with every combination of its placeholders' values.
fn expand(template: &str) -> Vec<String> {
    let mut all = vec![template.to_owned()];
    for (placeholder, values) in VARIANTS {
        if template.contains(placeholder) {
            let each = |query: &String| -> Vec<String> {
                values
                    .iter()
                    .map(|value| query.replace(placeholder, value))
                    .collect()
            };
            all = all.iter().flat_map(each).collect();
        }
    }
    all
}

/// Names and values of labels.
type Pairs = &'static [(&'static str, &'static str)];

/// Returns the series of the demo service: metric, labels but `job` and `instance`, and the value at a number of
/// samples since the start for a number of instance.
fn demo(at: i64, instance: i64) -> Vec<(&'static str, Pairs, f64)> {
    let t = at as f64;
    let i = instance as f64;
    let wave = |period: f64| (t * std::f64::consts::TAU / period + i).sin();
    // Counters begin anew at times that differ by instance.
    let counted = |rate: f64| ((at + instance * 97) % 500 + 1) as f64 * rate;
    let mut all: Vec<(&'static str, Pairs, f64)> = vec![
        ("up", &[], f64::from(u8::from(at % 90 != 7))),
        ("demo_num_cpus", &[], 4.0 + i),
        (
            "demo_memory_usage_bytes",
            &[("type", "used")],
            (3e9 + 1e9 * wave(300.0)).round(),
        ),
        (
            "demo_memory_usage_bytes",
            &[("type", "free")],
            (2e9 - 9e8 * wave(300.0)).round(),
        ),
        (
            "demo_memory_usage_bytes",
            &[("type", "buffers")],
            2e8 + 1024.0 * t + i,
        ),
        (
            "demo_memory_usage_bytes",
            &[("type", "cached")],
            (8e8 + 1e8 * wave(77.0)).round(),
        ),
        ("demo_disk_usage_bytes", &[], 1e11 + 123_456.0 * t * (1.0 + i)),
        ("demo_disk_total_bytes", &[], 2.6e11),
        (
            "demo_cpu_usage_seconds_total",
            &[("mode", "user")],
            counted(1.37 + i),
        ),
        (
            "demo_cpu_usage_seconds_total",
            &[("mode", "system")],
            counted(0.61 + i),
        ),
        (
            "demo_cpu_usage_seconds_total",
            &[("mode", "idle")],
            counted(7.93 + i),
        ),
        (
            "demo_batch_last_success_timestamp_seconds",
            &[],
            1.7e9 + (t / 60.0).floor() * 300.0 + i,
        ),
    ];
    if at / 40 % 3 != instance % 3 {
        all.push(("demo_intermittent_metric", &[], wave(20.0)));
    }
    let buckets: [(Pairs, f64); 5] = [
        (&[("path", "/api/foo"), ("le", "0.01")], 1.0),
        (&[("path", "/api/foo"), ("le", "0.05")], 3.0),
        (&[("path", "/api/foo"), ("le", "0.1")], 7.0),
        (&[("path", "/api/foo"), ("le", "1")], 8.5),
        (&[("path", "/api/foo"), ("le", "+Inf")], 9.0),
    ];
    for (labels, rate) in buckets {
        all.push((
            "demo_api_request_duration_seconds_bucket",
            labels,
            counted(rate).floor(),
        ));
    }
    all.push((
        "demo_api_request_duration_seconds_count",
        &[("path", "/api/foo")],
        counted(9.0),
    ));
    all.push((
        "demo_api_request_duration_seconds_sum",
        &[("path", "/api/foo")],
        counted(1.25),
    ));
    all
}

fn load(clients: &[&Client]) -> anyhow::Result<()> {
    // Several samples a series and request, in order of time.
    for from in (0..N_SAMPLES).step_by(60) {
        let mut batch = Batch::default();
        let mut labels = LabelsBuilder::default();
        for at in from..from + 60 {
            for (number, instance) in (0_i64..).zip(INSTANCES) {
                for (name, more, value) in demo(at, number) {
                    labels.clear();
                    labels
                        .add("__name__", name)
                        .add("job", "demo")
                        .add("instance", instance);
                    for (name, value) in more {
                        labels.add(name, value);
                    }
                    let series = batch.add_series(&mut labels)?;
                    batch.push(&series, START + at * INTERVAL, value);
                }
            }
        }
        let body = wire::encode_remote_write_v1(&batch);
        for client in clients {
            let answer = client.remote_write(&body)?;
            anyhow::ensure!(answer.status / 100 == 2, "{}: {}", client.base(), answer.body);
        }
    }
    Ok(())
}

#[test]
fn demo_queries_are_answered_as_prometheus_answers_them() -> anyhow::Result<()> {
    let pair = Pair::start()?;
    load(&[&pair.ours.client, &pair.theirs.client]).context("failed to load the demo data")?;
    let queries: Vec<String> = TEMPLATES.iter().flat_map(|template| expand(template)).collect();
    // Ten minutes near the end, in steps of 10 s: as the tester asks.
    let end = START + N_SAMPLES * INTERVAL - 120_000;
    let when = When::Range {
        start: end - 600_000,
        end,
        step: 10_000,
    };
    let mut spoke = 0;
    let mut different = Vec::new();
    for query in &queries {
        let (difference, says_something) = pair.ask(query, &when, false)?;
        spoke += usize::from(says_something);
        if let Some(what) = difference {
            different.push(format!("{query}\n  {what}"));
        }
    }
    println!(
        "{} queries, {spoke} with a result, {} different",
        queries.len(),
        different.len()
    );
    assert!(queries.len() >= 540, "only {} queries", queries.len());
    assert!(
        spoke * 4 > queries.len() * 3,
        "too few had a result: {spoke} of {}",
        queries.len()
    );
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    Ok(())
}
