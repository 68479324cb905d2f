//! `/federate`: the newest sample of each series that matches, for another Prometheus to scrape.
//!
//! As in Prometheus: samples within the lookback; stale markers left out; series in order of metric names, untyped
//! unless they are histograms; every sample with its time; external labels added where a series has them not, and an
//! empty `instance`, so that the scraper adds none of its own. Native histograms need the protobuf format; those with
//! listed bounds become classic ones, which every format can say.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use model::{
    Histogram, Labels, LabelsBuilder, METRIC_NAME, Matcher, Millis, Query, SampleBuffer, Selection,
    TimeRange, is_stale,
};
use wire::{CONTENT_TYPE_FAMILIES, FamiliesWriter, SeriesFormat, SeriesText, format_bound};

use super::ExportError;
use super::read::with_external;
use crate::api::answer::{ApiError, ErrorKind};
use crate::api::names::storage_error;
use crate::api::params::Params;
use crate::app::App;
use crate::pool::Stop;

/// What scrapers add themselves if a page does not have it.
const INSTANCE: &str = "instance";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text(SeriesFormat),
    Protobuf,
}

/// A series with its newest sample.
struct Newest {
    labels: Labels,
    timestamp: Millis,
    value: f64,
    histogram: Option<Histogram>,
}

/// `GET /federate`.
pub(crate) async fn federate(State(app): State<Arc<App>>, request: Request) -> Response {
    match answer(&app, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(app: &App, request: Request) -> Result<Response, ExportError> {
    let format = negotiate(request.headers());
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let sets = params.all("match[]").map(promql::parse_selector);
    let texts: Vec<&str> = params.all("match[]").collect();
    let sets: Vec<Vec<Matcher>> = sets
        .zip(&texts)
        .map(|(set, text)| set.map_err(|error| ExportError::bad_request(error.text(text))))
        .collect::<Result<_, _>>()?;
    let now = app.now();
    let lookback = Millis::try_from(app.config.query.lookback.as_millis()).unwrap_or(Millis::MAX);
    let range = TimeRange {
        start: now.saturating_sub(lookback),
        end: now,
    };
    let (query, external) = (Arc::clone(&app.sources.query), app.external_labels());
    let work = move |stop: &Stop| {
        let mut found = newest(&*query, (sets, range), &external, stop)?;
        found.sort_by(|a, b| {
            let order = a.labels.metric_name().cmp(b.labels.metric_name());
            order.then_with(|| a.labels.cmp(&b.labels))
        });
        found.dedup_by(|a, b| a.labels == b.labels);
        Ok(match format {
            Format::Text(format) => write_text(format, &found).into_bytes(),
            Format::Protobuf => write_protobuf(&found),
        })
    };
    let page = app.pool.run(app.config.query.timeout, work).await?;
    let mut response = Response::new(Body::from(page));
    let content_type = HeaderValue::from_static(match format {
        Format::Text(format) => format.content_type(),
        Format::Protobuf => CONTENT_TYPE_FAMILIES,
    });
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

/// Protobuf if it is named with at least the weight of any text, as Prometheus does when it scrapes histograms.
fn negotiate(headers: &HeaderMap) -> Format {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let mut best = (0.0, Format::Text(SeriesFormat::from_accept(accept)));
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or("");
        let weight = parts.clone().find_map(|part| part.strip_prefix("q="));
        let weight = weight.map_or(1.0, |text| text.parse().unwrap_or(0.0));
        let is_delimited = parts.any(|part| part.eq_ignore_ascii_case("encoding=delimited"));
        let is_protobuf = media_type.eq_ignore_ascii_case("application/vnd.google.protobuf") && is_delimited;
        let is_text = media_type.starts_with("text/") || media_type.starts_with("application/openmetrics");
        if is_protobuf && weight >= best.0 && weight > 0.0 {
            best = (weight, Format::Protobuf);
        } else if is_text && weight > best.0 {
            best = (weight, Format::Text(SeriesFormat::from_accept(accept)));
        }
    }
    best.1
}

fn newest(
    query: &dyn Query,
    (sets, range): (Vec<Vec<Matcher>>, TimeRange),
    external: &Labels,
    stop: &Stop,
) -> Result<Vec<Newest>, ApiError> {
    let mut found = Vec::new();
    let mut samples = SampleBuffer::default();
    for matchers in sets {
        let set = query
            .select(&Selection { matchers, range })
            .map_err(storage_error)?;
        for idx in 0..set.len() {
            if stop.interrupt().is_some() {
                return Err(ApiError::new(ErrorKind::Canceled, "request was canceled"));
            }
            set.read(idx, &mut samples).map_err(storage_error)?;
            let Some(row) = samples.len().checked_sub(1) else {
                continue;
            };
            let (Some(&timestamp), Some(&value)) = (samples.timestamps.last(), samples.values.last()) else {
                continue;
            };
            if is_stale(value) {
                continue;
            }
            found.push(Newest {
                labels: with_external(&set.labels(idx), external),
                timestamp,
                value,
                histogram: samples.histogram(row).cloned(),
            });
        }
    }
    Ok(found)
}

fn write_protobuf(found: &[Newest]) -> Vec<u8> {
    let mut writer = FamiliesWriter::default();
    writer.write_empty(INSTANCE);
    for one in found {
        match &one.histogram {
            None => writer.push(&one.labels, (one.timestamp, one.value)),
            Some(histogram) => writer.push_histogram(&one.labels, one.timestamp, histogram),
        }
    }
    writer.finish()
}

fn write_text(format: SeriesFormat, found: &[Newest]) -> String {
    let mut text = SeriesText::new(format);
    text.write_empty(INSTANCE);
    for one in found {
        match &one.histogram {
            None => text.push(&one.labels, None, (one.timestamp, one.value)),
            Some(histogram) if histogram.has_custom_buckets() => push_classic(&mut text, one, histogram),
            // No text format can say it.
            Some(_) => {}
        }
    }
    text.finish()
}

fn push_classic(text: &mut SeriesText, one: &Newest, histogram: &Histogram) {
    let mut push = |suffix: &str, bound: Option<f64>, value: f64| {
        let mut labels = LabelsBuilder::default();
        let name = format!("{}{suffix}", one.labels.metric_name());
        labels.add(METRIC_NAME, &name);
        if let Some(bound) = bound {
            labels.add("le", &format_bound(bound));
        }
        for (name, value) in one
            .labels
            .iter()
            .filter(|(name, _)| *name != METRIC_NAME && *name != "le")
        {
            labels.add(name, value);
        }
        // Labels of a series with one more: too long only if the series was at the bound, and then left out.
        if let Ok(labels) = labels.build() {
            text.push(&labels, None, (one.timestamp, value));
        }
    };
    for (bound, count) in histogram.classic_buckets() {
        push("_bucket", Some(bound), count);
    }
    push("_count", None, histogram.count);
    push("_sum", None, histogram.sum);
}

#[cfg(test)]
mod tests;
