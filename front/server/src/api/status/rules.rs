//! Rules and alerts: there are none in this server, and it answers like a Prometheus that has none configured.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, success};
use crate::api::names::matcher_sets;
use crate::api::params::Params;
use crate::app::App;

/// `/api/v1/rules`.
pub(crate) async fn rules(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    check(&params)?;
    Ok(success(|out| {
        Object::new(out).array("groups");
    }))
}

/// `/api/v1/alerts`.
pub(crate) async fn alerts() -> Response {
    success(|out| {
        Object::new(out).array("alerts");
    })
}

/// `/api/v1/alertmanagers`.
pub(crate) async fn alertmanagers() -> Response {
    success(|out| {
        let mut data = Object::new(out);
        data.array("activeAlertmanagers");
        data.array("droppedAlertmanagers");
    })
}

/// Refuses what Prometheus refuses, so that a client's mistake shows before there are rules.
fn check(params: &Params) -> Result<(), ApiError> {
    matcher_sets(params)?;
    let kind = params.get("type").map(str::to_ascii_lowercase);
    if let Some(kind) = kind.filter(|kind| kind != "alert" && kind != "record") {
        return Err(ApiError::parameter(
            "type",
            format_args!("not supported value {kind:?}"),
        ));
    }
    params.boolean("exclude_alerts")?;
    let (limit, token) = (params.get("group_limit"), params.get("group_next_token"));
    match (limit, token) {
        (None, Some(_)) => Err(ApiError::parameter(
            "group_next_token",
            "group_limit needs to be present in order to paginate over the groups",
        )),
        (Some(limit), token) => {
            if !limit.parse().is_ok_and(|n: i32| n > 0) {
                let problem = "group_limit needs to be a number greater than 0";
                return Err(ApiError::parameter("group_limit", problem));
            }
            match token {
                Some(token) => Err(ApiError::parameter(
                    "group_next_token",
                    format_args!("invalid group_next_token '{token}'. were rule groups changed?"),
                )),
                None => Ok(()),
            }
        }
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
