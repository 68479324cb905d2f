//! A target: its labels behind relabelling, its URL, its place in the interval.

use std::time::Duration;

use model::{EditableLabels, Labels, MatchOp, Matcher, relabel};
use url::Url;
use xxhash_rust::xxh3::Xxh3;

use crate::config::{Job, format_duration, parse_duration};

/// Labels of discovery; they do not outlive relabelling.
const META: &str = "__meta_";
/// Labels of our own; they do not become labels of series.
const RESERVED: &str = "__";
/// Labels that become parameters of the URL.
const PARAMETER: &str = "__param_";

pub(crate) const ADDRESS: &str = "__address__";
const SCHEME: &str = "__scheme__";
const PATH: &str = "__metrics_path__";
const INTERVAL: &str = "__scrape_interval__";
const TIMEOUT: &str = "__scrape_timeout__";

/// Why something that discovery found is no target.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// Relabelling left no address.
    #[error("it has no __address__")]
    NoAddress,
    /// The address is a URL or a path.
    #[error(
        "__address__ {0:?} is not a host with an optional port: scheme and path have labels of their own"
    )]
    Address(String),
    /// Interval or timeout are none.
    #[error("{label} {value:?} is not a duration above zero")]
    Duration {
        /// The label.
        label: &'static str,
        /// Its value.
        value: String,
    },
    /// A scrape could run into the next.
    #[error("__scrape_timeout__ {timeout:?} is longer than __scrape_interval__ {interval:?}")]
    Timeout {
        /// The timeout.
        timeout: String,
        /// The interval.
        interval: String,
    },
    /// Scheme, address, path and parameters make no URL.
    #[error("{url:?} is not a URL")]
    Url {
        /// What they make.
        url: String,
        /// What is wrong.
        #[source]
        source: url::ParseError,
    },
    /// The labels make no set.
    #[error("its labels form no set")]
    Labels(#[from] model::LabelError),
}

/// A target that is scraped.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// What discovery found, with the defaults of the job.
    pub(crate) discovered: Labels,
    /// Labels of its series.
    pub(crate) labels: Labels,
    pub(crate) url: Url,
    /// The port that the address names though it is the scheme's own.
    usual_port: Option<u16>,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    /// Tells it from other targets of the job, over restarts too.
    pub(crate) hash: u64,
}

/// What became of a label set that discovery found.
pub(crate) enum Populated {
    Target(Box<Target>),
    /// Rules drop it, or leave it without labels.
    Dropped(Labels),
}

/// Returns the labels before relabelling: those of the target, of its group, and the defaults of the job.
///
/// # Errors
/// A name is empty or too long.
pub(crate) fn discovered(
    job: &Job,
    own: &[(String, String)],
    group: &[(String, String)],
) -> Result<Labels, TargetError> {
    let mut labels = EditableLabels::default();
    for (name, value) in group.iter().chain(own) {
        labels.set(name, value);
    }
    let defaults = [
        ("job", job.name.clone()),
        (INTERVAL, format_duration(job.interval)),
        (TIMEOUT, format_duration(job.timeout)),
        (PATH, job.path.clone()),
        (SCHEME, job.scheme.clone()),
    ];
    for (name, value) in defaults {
        if labels.get(name).is_empty() {
            labels.set(name, &value);
        }
    }
    for (name, values) in &job.params {
        let label = format!("{PARAMETER}{name}");
        if let Some(first) = values.first()
            && labels.get(&label).is_empty()
        {
            labels.set(&label, first);
        }
    }
    Ok(labels.to_labels()?)
}

/// Makes a target of what discovery found.
///
/// # Errors
/// It is no target, though no rule drops it.
pub(crate) fn populate(job: &Job, discovered: Labels) -> Result<Populated, TargetError> {
    let mut labels = EditableLabels::from_packed(discovered.as_packed());
    if !relabel(&job.relabel, &mut labels) {
        return Ok(Populated::Dropped(discovered));
    }
    let address = labels.get(ADDRESS).to_owned();
    if address.is_empty() {
        return Err(TargetError::NoAddress);
    }
    if address.contains('/') {
        return Err(TargetError::Address(address));
    }
    let interval = duration(&labels, INTERVAL)?;
    let timeout = duration(&labels, TIMEOUT)?;
    if timeout > interval {
        return Err(TargetError::Timeout {
            timeout: labels.get(TIMEOUT).to_owned(),
            interval: labels.get(INTERVAL).to_owned(),
        });
    }
    labels.retain(|name| !name.starts_with(META));
    if labels.get("instance").is_empty() {
        labels.set("instance", &address);
    }
    let all = labels.to_labels()?;
    let public = all.filtered(|name| !name.starts_with(RESERVED));
    if public.is_empty() {
        return Ok(Populated::Dropped(discovered));
    }
    let url = url(job, &all)?;
    let usual_port = url
        .port_or_known_default()
        .filter(|port| url.port().is_none() && address.ends_with(&format!(":{port}")));
    let mut hash = Xxh3::new();
    hash.update(all.packed().as_bytes());
    hash.update(url.as_str().as_bytes());
    Ok(Populated::Target(Box::new(Target {
        discovered,
        labels: public,
        url,
        usual_port,
        interval,
        timeout,
        hash: hash.digest(),
    })))
}

fn duration(labels: &EditableLabels, label: &'static str) -> Result<Duration, TargetError> {
    let value = labels.get(label);
    let found = parse_duration(value).filter(|duration| !duration.is_zero());
    found.ok_or_else(|| TargetError::Duration {
        label,
        value: value.to_owned(),
    })
}

fn url(job: &Job, labels: &Labels) -> Result<Url, TargetError> {
    let get = |name| labels.get(name).unwrap_or_default();
    let mut params: Vec<(String, Vec<String>)> = job.params.clone();
    for (name, value) in labels.iter() {
        let Some(name) = name.strip_prefix(PARAMETER) else {
            continue;
        };
        match params.iter_mut().find(|(other, _)| other == name) {
            Some((_, values)) => match values.first_mut() {
                Some(first) => value.clone_into(first),
                None => values.push(value.to_owned()),
            },
            None => params.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    params.sort();
    let path = get(PATH);
    let slash = if path.starts_with('/') || path.is_empty() {
        ""
    } else {
        "/"
    };
    let text = format!("{}://{}{slash}{path}", get(SCHEME), get(ADDRESS));
    let mut url = Url::parse(&text).map_err(|source| TargetError::Url { url: text, source })?;
    let pairs = params
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let mut pairs = pairs.peekable();
    if pairs.peek().is_some() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(url)
}

impl Target {
    /// Returns the place of the target's scrapes within its interval, so that targets spread over it. `seed` parts
    /// several servers that scrape the same targets.
    pub(crate) fn offset_ms(&self, seed: u64) -> i64 {
        let interval = u64::try_from(self.interval.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        i64::try_from((self.hash ^ seed) % interval).unwrap_or(0)
    }

    /// Returns the URL as Prometheus shows it: with the port that its address names, without secrets.
    pub(crate) fn shown_url(&self) -> String {
        self.with_port(&self.url)
    }

    fn with_port(&self, url: &Url) -> String {
        let shown = crate::client::shown(url);
        let authority = shown.split_once("://").and_then(|(scheme, rest)| {
            let (authority, path) = rest.split_once('/')?;
            Some((scheme, authority, path))
        });
        match (self.usual_port, authority) {
            (Some(port), Some((scheme, authority, path))) => format!("{scheme}://{authority}:{port}/{path}"),
            _ => shown,
        }
    }

    /// Returns the URL as other machines may reach it.
    pub(crate) fn global_url(&self, host_name: &str) -> String {
        let local = match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let mut url = self.url.clone();
        if local && !host_name.is_empty() && url.set_host(Some(host_name)).is_err() {
            return self.shown_url();
        }
        self.with_port(&url)
    }

    /// Tells whether all matchers hold on the labels of the target.
    pub(crate) fn matches(&self, matchers: &[Matcher]) -> bool {
        matchers.iter().all(|matcher| {
            debug_assert!(matches!(
                matcher.op(),
                MatchOp::Equal | MatchOp::NotEqual | MatchOp::Regex | MatchOp::NotRegex
            ));
            matcher.matches(self.labels.get(matcher.name()).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests;
