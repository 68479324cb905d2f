//! `/api/v1/query_exemplars`: single observations that point out of the series of an expression.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use model::{Exemplar, ExemplarRequest, Matcher};
use promql::ast::{Expr, ExprKind};

use crate::api::answer::json::{Array, Object, push_labels, push_timestamp};
use crate::api::answer::{ApiError, success};
use crate::api::names::{run, storage_error};
use crate::api::params::Params;
use crate::app::App;

/// Answers with the exemplars of every series that any selector of the expression matches.
pub(crate) async fn exemplars(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let range = params.range()?;
    let expr = super::parse(&app, params.get("query").unwrap_or(""))?;
    let mut matcher_sets = Vec::new();
    collect_selectors(&expr, &mut matcher_sets);
    run(&app, move |query, _| {
        let request = ExemplarRequest { matcher_sets, range };
        let found = query.exemplars(&request).map_err(storage_error)?;
        Ok(success(|out| {
            let mut list = Array::new(out);
            for series in found.iter().filter(|series| !series.exemplars.is_empty()) {
                let mut entry = list.object();
                push_labels(entry.key("seriesLabels"), &series.labels);
                let mut exemplars = entry.array("exemplars");
                for one in &series.exemplars {
                    write(exemplars.object(), one);
                }
            }
        }))
    })
    .await
}

fn write(mut out: Object<'_>, one: &Exemplar) {
    push_labels(out.key("labels"), &one.labels);
    out.string("value", &wire::format_float(one.value));
    push_timestamp(out.key("timestamp"), one.timestamp);
}

fn collect_selectors(expr: &Expr, found: &mut Vec<Vec<Matcher>>) {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => {}
        ExprKind::Selector(selector) => found.push(selector.matchers.clone()),
        ExprKind::Matrix(matrix) => found.push(matrix.selector.matchers.clone()),
        ExprKind::Subquery(subquery) => collect_selectors(&subquery.expr, found),
        ExprKind::Call(call) => call.args.iter().for_each(|arg| collect_selectors(arg, found)),
        ExprKind::Aggregate(aggregate) => {
            collect_selectors(&aggregate.expr, found);
            if let Some(param) = &aggregate.param {
                collect_selectors(param, found);
            }
        }
        ExprKind::Binary(binary) => {
            collect_selectors(&binary.left, found);
            collect_selectors(&binary.right, found);
        }
        ExprKind::Unary(unary) => collect_selectors(&unary.expr, found),
        ExprKind::Paren(inner) => collect_selectors(inner, found),
    }
}
