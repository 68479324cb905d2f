//! `/api/v1/features`: what this server can do, in the categories and words of Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use wire::DeltaHandling;

use crate::api::answer::json::Object;
use crate::api::answer::success;
use crate::api::query::AGGREGATIONS;
use crate::app::App;

/// The features of the API that do not depend on settings.
const API: [(&str, bool); 8] = [
    ("exclude_alerts", true),
    ("label_values_match", true),
    ("query_cost", false),
    ("query_stats", true),
    ("query_warnings", true),
    ("remote_write_receiver", true),
    ("search", true),
    ("time_range_labels", true),
];
const OPERATORS: [&str; 18] = [
    "!=", "%", "*", "+", "-", "/", "<", "</", "<=", "==", ">", ">/", ">=", "^", "and", "atan2", "or",
    "unless",
];

/// `/api/v1/features`.
pub(crate) async fn features(State(app): State<Arc<App>>) -> Response {
    let api = [
        ("admin", app.config.enable_admin_api),
        ("lifecycle", app.sources.lifecycle.is_some()),
    ];
    let delta = app.otlp().delta;
    let experimental = app.config.language.grammar.experimental_functions;
    success(|out| {
        let mut data = Object::new(out);
        write(data.object("api"), api.into_iter().chain(API));
        write(
            data.object("otlp_receiver"),
            [
                ("delta_conversion", delta == DeltaHandling::Accumulate),
                ("native_delta_ingestion", delta == DeltaHandling::Store),
            ],
        );
        write(
            data.object("prometheus"),
            [("agent_mode", false), ("server_mode", true)],
        );
        let promql = [
            ("anchored", true),
            ("at_modifier", true),
            ("bool", true),
            ("by", true),
            ("experimental_functions", experimental),
            ("group_left", true),
            ("group_right", true),
            ("ignoring", true),
            ("negative_offset", true),
            ("offset", true),
            ("on", true),
            ("smoothed", true),
            ("subqueries", true),
            ("without", true),
        ];
        write(data.object("promql"), promql);
        let aggregations = AGGREGATIONS.iter().map(|(name, ..)| (*name, true));
        let functions = promql::functions().iter();
        let functions = functions.map(|one| (one.name, !one.experimental || experimental));
        write(data.object("promql_functions"), functions);
        write(
            data.object("promql_operators"),
            OPERATORS.iter().map(|name| (*name, true)).chain(aggregations),
        );
        let scraping = app.sources.scraping.is_some();
        write(data.object("scrape"), [("scrape_pools", scraping)]);
        let storage = [
            ("delayed_compaction", false),
            ("exemplar_storage", true),
            ("native_histograms", true),
            ("start_timestamps", true),
        ];
        write(data.object("tsdb"), storage);
    })
}

fn write<'a>(mut category: Object<'_>, features: impl IntoIterator<Item = (&'a str, bool)>) {
    for (name, enabled) in features {
        category.boolean(name, enabled);
    }
}
