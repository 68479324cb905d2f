//! What the query language offers, for completion and for reading up.

use std::sync::OnceLock;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;

use crate::api::answer::json::Object;
use crate::api::answer::json_response;

/// Aggregations with how they are called and what they do.
pub(crate) const AGGREGATIONS: [(&str, &str, &str); 14] = [
    (
        "avg",
        "avg [by|without (labels)] (v instant-vector)",
        "Arithmetic mean of each group.",
    ),
    (
        "bottomk",
        "bottomk(k scalar, v instant-vector)",
        "The k smallest elements of each group.",
    ),
    (
        "count",
        "count [by|without (labels)] (v instant-vector)",
        "Number of elements in each group.",
    ),
    (
        "count_values",
        "count_values(label string, v instant-vector)",
        "Number of elements with each value, the value as a label.",
    ),
    (
        "group",
        "group [by|without (labels)] (v instant-vector)",
        "1 for each group there is.",
    ),
    (
        "limit_ratio",
        "limit_ratio(r scalar, v instant-vector)",
        "About that share of each group, always the same.",
    ),
    (
        "limitk",
        "limitk(k scalar, v instant-vector)",
        "Some k elements of each group, always the same.",
    ),
    (
        "max",
        "max [by|without (labels)] (v instant-vector)",
        "Largest value of each group.",
    ),
    (
        "min",
        "min [by|without (labels)] (v instant-vector)",
        "Smallest value of each group.",
    ),
    (
        "quantile",
        "quantile(q scalar, v instant-vector)",
        "The q-quantile (0 <= q <= 1) of each group.",
    ),
    (
        "stddev",
        "stddev [by|without (labels)] (v instant-vector)",
        "Population standard deviation of each group.",
    ),
    (
        "stdvar",
        "stdvar [by|without (labels)] (v instant-vector)",
        "Population variance of each group.",
    ),
    (
        "sum",
        "sum [by|without (labels)] (v instant-vector)",
        "Sum of each group.",
    ),
    (
        "topk",
        "topk(k scalar, v instant-vector)",
        "The k largest elements of each group.",
    ),
];

/// `GET /api/v1/promql/catalog`. The answer never changes while the process lives, so it is written once.
pub(crate) async fn catalog() -> Response {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    json_response(Body::from(TEXT.get_or_init(write).clone()))
}

fn write() -> Bytes {
    let mut out = String::new();
    let mut answer = Object::new(&mut out);
    answer.string("status", "success");
    let mut data = answer.object("data");
    let mut functions = data.array("functions");
    for function in promql::functions() {
        functions
            .object()
            .string("name", function.name)
            .string("signature", function.signature)
            .string("doc", function.description);
    }
    drop(functions);
    let mut aggregations = data.array("aggregations");
    for (name, signature, doc) in AGGREGATIONS {
        aggregations
            .object()
            .string("name", name)
            .string("signature", signature)
            .string("doc", doc);
    }
    drop(aggregations);
    let is_aggregation = |word: &&str| AGGREGATIONS.iter().any(|(name, ..)| name == word);
    data.strings(
        "keywords",
        promql::keywords()
            .into_iter()
            .filter(|word| !is_aggregation(word)),
    );
    drop(data);
    drop(answer);
    Bytes::from(out)
}
