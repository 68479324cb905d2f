//! What is collected from where: the collectors of this machine and the targets that are scraped, in one list.
//!
//! A collector is a target without discovered labels in a pool of its own name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agent::{CollectorState, CollectorStatus};
use axum::extract::{Request, State};
use axum::response::Response;
use model::{Labels, Millis};
use scrape::{ActiveTarget, MetadataRequest, RelabelStep, ScrapeStatus};

use super::answer::json::{Object, push_labels};
use super::answer::{ApiError, ErrorKind, success};
use super::params::Params;
use crate::app::App;
use crate::sources::Scraping;
use model::calendar::format_rfc3339;

/// What Go prints for a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// `/api/v1/targets`: what is collected and scraped, and what relabelling dropped.
pub(crate) async fn targets(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let state = params.get("state").unwrap_or("any").to_ascii_lowercase();
    let wants = |word: &str| state == "any" || state == word;
    let pool = params.get("scrapePool");
    let in_pool = |name: &str| pool.is_none_or(|pool| pool == name);
    let scraped = scrape_status(&app);
    Ok(success(|out| {
        let mut data = Object::new(out);
        let mut active = data.array("activeTargets");
        if wants("active") {
            for one in collectors(&app).iter().filter(|one| in_pool(one.name)) {
                write_collector(active.object(), one, &app.sources.host);
            }
            let pools = scraped.pools.iter().filter(|pool| in_pool(&pool.name));
            for one in pools.flat_map(|pool| &pool.active) {
                write_target(active.object(), one);
            }
        }
        drop(active);
        let mut dropped = data.array("droppedTargets");
        let mut counts = BTreeMap::new();
        if wants("dropped") {
            for pool in &scraped.pools {
                counts.insert(pool.name.as_str(), pool.n_dropped);
                for one in pool.dropped.iter().filter(|one| in_pool(&one.scrape_pool)) {
                    let mut target = dropped.object();
                    push_labels(target.key("discoveredLabels"), &one.discovered_labels);
                    target.string("scrapePool", &one.scrape_pool);
                }
            }
        }
        drop(dropped);
        let mut totals = data.object("droppedTargetCounts");
        for (pool, count) in counts {
            totals.count(pool, count);
        }
    }))
}

/// `/api/v1/scrape_pools`: the names of pools.
pub(crate) async fn pools(State(app): State<Arc<App>>) -> Response {
    let collectors = collectors(&app);
    let scraped = scrape_status(&app);
    let mut names: Vec<&str> = collectors.iter().map(|one| one.name).collect();
    names.extend(scraped.pools.iter().map(|pool| pool.name.as_str()));
    names.sort_unstable();
    success(|out| {
        Object::new(out).strings("scrapePools", &names);
    })
}

/// `/api/v1/scrape_pools/config`: how a pool is scraped, as YAML.
pub(crate) async fn pool_config(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let pool = required(&params, "scrapePool")?;
    let yaml = match collectors(&app).iter().find(|one| one.name == pool) {
        Some(one) => format!(
            "job_name: {}\nscrape_interval: {}\n",
            one.job,
            super::status::format_span(one.interval)
        ),
        None => scraping(&app, pool)?
            .pool_config(pool)
            .ok_or_else(|| unknown_pool(pool))?,
    };
    Ok(success(|out| {
        Object::new(out).string("yaml", &yaml);
    }))
}

/// `/api/v1/targets/metadata`: what targets say about their metrics.
pub(crate) async fn metadata(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let matchers = match params.get("match_target") {
        Some(text) => promql::parse_selector(text).map_err(|error| {
            ApiError::parameter("match_target", error.text(text)).position(error.span.start, error.span.end)
        })?,
        None => Vec::new(),
    };
    let wanted = MetadataRequest {
        matchers,
        metric: params.get("metric").map(str::to_owned),
        limit: params.signed("limit")?.and_then(|n| usize::try_from(n).ok()),
    };
    let found = app.sources.scraping.as_ref();
    let found = found
        .map(|scraping| scraping.metadata(&wanted))
        .unwrap_or_default();
    Ok(success(|out| {
        let mut list = super::answer::json::Array::new(out);
        for one in &found {
            let mut entry = list.object();
            push_labels(entry.key("target"), &one.target);
            if wanted.metric.is_none() {
                entry.string("metric", &one.metric);
            }
            entry
                .string("type", one.metadata.metric_type.as_str())
                .string("help", &one.metadata.help)
                .string("unit", &one.metadata.unit);
        }
    }))
}

/// `/api/v1/targets/relabel_steps`: what each relabelling rule of a pool makes of a set of labels.
pub(crate) async fn relabel_steps(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    let params = Params::read(request, app.config.query.max_form_bytes).await?;
    let pool = required(&params, "scrapePool")?;
    let labels = parse_labels(required(&params, "labels")?)?;
    // Collectors are not relabelled.
    let is_collector = collectors(&app).iter().any(|one| one.name == pool);
    let steps = match is_collector {
        true => Vec::new(),
        false => scraping(&app, pool)?
            .relabel_steps(pool, &labels)
            .ok_or_else(|| unknown_pool(pool))?,
    };
    let rules = steps.iter().map(rule_json).collect::<Result<Vec<_>, _>>()?;
    Ok(success(|out| {
        let mut data = Object::new(out);
        let mut list = data.array("steps");
        for (step, rule) in steps.iter().zip(&rules) {
            let mut entry = list.object();
            entry.key("rule").push_str(rule);
            push_labels(entry.key("output"), &step.output);
            entry.boolean("keep", step.keep);
        }
    }))
}

/// Rules are kept as the YAML they were written in; the API speaks of them in JSON.
fn rule_json(step: &RelabelStep) -> Result<String, ApiError> {
    let rule = serde_saphyr::from_str::<serde_json::Value>(&step.rule);
    rule.map(|rule| rule.to_string()).map_err(|error| {
        ApiError::new(
            ErrorKind::Internal,
            format!("relabelling rule is not YAML: {error}"),
        )
    })
}

fn parse_labels(text: &str) -> Result<Labels, ApiError> {
    let problem =
        |problem: String| ApiError::new(ErrorKind::BadData, format!("error parsing labels: {problem}"));
    let pairs: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|error| problem(error.to_string()))?;
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Labels::from_pairs(pairs).map_err(|error| problem(error.to_string()))
}

fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, ApiError> {
    params
        .get(name)
        .ok_or_else(|| ApiError::new(ErrorKind::BadData, format!("no {name} parameter provided")))
}

fn scraping<'a>(app: &'a App, pool: &str) -> Result<&'a dyn Scraping, ApiError> {
    app.sources.scraping.as_deref().ok_or_else(|| unknown_pool(pool))
}

fn unknown_pool(pool: &str) -> ApiError {
    let text = format!("error retrieving scrape config: no scrape pool {pool:?}");
    ApiError::new(ErrorKind::BadData, text).hint("/api/v1/scrape_pools lists them")
}

fn scrape_status(app: &App) -> ScrapeStatus {
    let scraping = app.sources.scraping.as_ref();
    scraping.map(|scraping| scraping.status()).unwrap_or_default()
}

/// Collectors that are not switched off.
fn collectors(app: &App) -> Vec<CollectorStatus> {
    let status = app
        .sources
        .collection
        .as_ref()
        .map(|collection| collection.status());
    let mut collectors = status.map(|status| status.collectors).unwrap_or_default();
    collectors.retain(|one| one.state != CollectorState::Disabled);
    collectors
}

/// What `/api/v1/targets` says of any target, whoever asks it.
struct Row<'a> {
    pool: &'a str,
    url: &'a str,
    global_url: &'a str,
    error: &'a str,
    last: Option<Millis>,
    took: Duration,
    health: &'a str,
    interval: Duration,
    timeout: Duration,
}

fn write_collector(mut target: Object<'_>, one: &CollectorStatus, host: &str) {
    target.object("discoveredLabels");
    target
        .object("labels")
        .string("job", one.job)
        .string("instance", host);
    let row = Row {
        pool: one.name,
        url: one.source,
        global_url: one.source,
        error: &one.message,
        last: one.last_run,
        took: one.last_duration,
        health: match one.state {
            CollectorState::Ok => "up",
            CollectorState::Starting => "unknown",
            _ => "down",
        },
        interval: one.interval,
        timeout: one.interval,
    };
    write_row(target, &row);
}

fn write_target(mut target: Object<'_>, one: &ActiveTarget) {
    push_labels(target.key("discoveredLabels"), &one.discovered_labels);
    push_labels(target.key("labels"), &one.labels);
    let row = Row {
        pool: &one.scrape_pool,
        url: &one.scrape_url,
        global_url: &one.global_url,
        error: &one.last_error,
        last: one.last_scrape,
        took: one.last_scrape_duration,
        health: one.health.as_str(),
        interval: one.scrape_interval,
        timeout: one.scrape_timeout,
    };
    write_row(target, &row);
}

fn write_row(mut target: Object<'_>, row: &Row<'_>) {
    let last = row.last.map_or_else(|| NEVER.to_owned(), format_rfc3339);
    target
        .string("scrapePool", row.pool)
        .string("scrapeUrl", row.url)
        .string("globalUrl", row.global_url)
        .string("lastError", row.error)
        .string("lastScrape", &last)
        .number("lastScrapeDuration", row.took.as_secs_f64())
        .string("health", row.health)
        .string("scrapeInterval", &super::status::format_span(row.interval))
        .string("scrapeTimeout", &super::status::format_span(row.timeout));
}

#[cfg(test)]
mod tests;
