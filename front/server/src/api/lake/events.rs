//! `/api/v1/events`: events by what people know of them, page by page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use lake::events::{Cursor, EventFilter, EventsPage, Order};
use model::calendar::format_rfc3339;
use model::{Event, EventObject, EventType};

use super::{lake, refusal};
use crate::api::answer::json::Object;
use crate::api::answer::{ApiError, success};
use crate::api::params::Params;
use crate::app::App;

/// Events of a page if nobody says.
const LIMIT: usize = 100;

/// Finds events, the newest first. `next` of an answer is `after` of the question for the next page.
pub(super) async fn events(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let filter = filter(&params)?;
    let page = lake(&app)?
        .events(&filter)
        .await
        .map_err(|error| refusal(error, ""))?;
    Ok(success(|out| push_page(out, &page)))
}

fn filter(params: &Params) -> Result<EventFilter, ApiError> {
    let text = |name: &str| params.get(name).map(str::to_owned);
    let event_type = params.get("type").map(|word| {
        EventType::parse(word).ok_or_else(|| {
            ApiError::parameter("type", format!("{word:?} is no type")).hint("types are Normal and Warning")
        })
    });
    let order = match params.get("order") {
        None | Some("newest") => Order::NewestFirst,
        Some("oldest") => Order::OldestFirst,
        Some(other) => {
            return Err(ApiError::parameter("order", format!("{other:?} is no order"))
                .hint("orders are newest and oldest, which say what comes first"));
        }
    };
    let after = params.get("after").map(|word| {
        Cursor::parse(word).ok_or_else(|| {
            ApiError::parameter("after", "it is no place").hint("take `next` of the page before as it is")
        })
    });
    Ok(EventFilter {
        range: params.range()?,
        text: text("text"),
        cluster: text("cluster"),
        namespace: text("namespace"),
        kind: text("kind"),
        object: text("object"),
        object_uid: text("object_uid"),
        owner: text("owner"),
        node: text("node"),
        event_type: event_type.transpose()?,
        reason: text("reason"),
        limit: params.limit("limit")?.unwrap_or(LIMIT),
        order,
        after: after.transpose()?,
    })
}

fn push_page(out: &mut String, page: &EventsPage) {
    let mut data = Object::new(out);
    let mut events = data.array("events");
    for event in &page.events {
        push_event(&mut events.object(), event);
    }
    drop(events);
    data.optional_string("next", page.next.as_ref().map(Cursor::to_word).as_deref());
}

fn push_event(out: &mut Object<'_>, event: &Event) {
    out.string("time", &format_rfc3339(event.last_time));
    out.string("type", event.event_type.as_str());
    out.string("reason", &event.reason);
    out.string("message", &event.message);
    out.integer("count", event.count).integer("delta", event.delta);
    out.string("firstTime", &format_rfc3339(event.first_time));
    out.string("observedTime", &format_rfc3339(event.observed_time));
    out.string("cluster", &event.cluster)
        .string("namespace", &event.namespace);
    push_object(&mut out.object("object"), &event.object);
    if let Some(related) = &event.related {
        push_object(&mut out.object("related"), related);
    }
    if let Some(owner) = &event.owner {
        out.object("owner")
            .string("kind", &owner.kind)
            .string("name", &owner.name);
    }
    out.string("node", &event.node).string("action", &event.action);
    out.string("reportingComponent", &event.reporting_component);
    out.string("reportingInstance", &event.reporting_instance);
    out.string("name", &event.name).string("uid", &event.uid);
    out.string("resourceVersion", &event.resource_version);
}

fn push_object(out: &mut Object<'_>, object: &EventObject) {
    out.string("apiVersion", &object.api_version)
        .string("kind", &object.kind);
    out.string("namespace", &object.namespace)
        .string("name", &object.name);
    out.string("uid", &object.uid)
        .string("fieldPath", &object.field_path);
}
