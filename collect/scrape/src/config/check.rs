//! From the file as it is written to a job.

use std::path::Path;
use std::time::Duration;

use model::{NameScheme, RelabelAction, RelabelRule, RelabelSpec};

use super::duration::{RawDuration, format_duration};
use super::http;
use super::job::{DiscoveryConfig, DnsKind, HistogramOptions, Job, Limits, Protocol, StaticGroup};
use super::raw::{RawDnsDiscovery, RawFileDiscovery, RawGlobal, RawGroup, RawHttpDiscovery, RawJob, RawRule};
use super::size::RawSize;
use super::{Names, Rules, kubernetes};

const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const FILE_REFRESH: Duration = Duration::from_secs(300);
const DNS_REFRESH: Duration = Duration::from_secs(30);
const HTTP_REFRESH: Duration = Duration::from_secs(60);
/// Weights of `Accept` fall from here; they have one digit.
const MAX_PROTOCOLS: usize = 5;

/// Fills in the defaults of `global`.
pub(super) fn complete_global(global: &mut RawGlobal, mistakes: &mut Vec<String>) {
    let interval = global.scrape_interval.filter(|given| !given.0.is_zero());
    let interval = interval.map_or(DEFAULT_INTERVAL, |given| given.0);
    let timeout = global.scrape_timeout.filter(|given| !given.0.is_zero());
    if timeout.is_some_and(|given| given.0 > interval) {
        mistakes.push(format!(
            "global scrape_timeout is longer than scrape_interval ({})",
            format_duration(interval)
        ));
    }
    global.scrape_interval = Some(RawDuration(interval));
    global.scrape_timeout = Some(timeout.unwrap_or(RawDuration(DEFAULT_TIMEOUT.min(interval))));
    global
        .evaluation_interval
        .get_or_insert(RawDuration(DEFAULT_INTERVAL));
    let scheme = scheme(global.metric_name_validation_scheme.as_deref(), mistakes);
    for name in global.external_labels.iter().flatten().map(|(name, _)| name) {
        if !scheme.is_label_name(name) {
            mistakes.push(format!("{name:?} under external_labels is not a label name"));
        }
    }
}

/// Fills in what a job takes from `global`, and checks the rest.
pub(super) fn job(raw: &mut RawJob, global: &RawGlobal, folder: &Path, mistakes: &mut Vec<String>) -> Job {
    inherit(raw, global);
    let name = raw.job_name.clone().unwrap_or_default();
    let mut own = Vec::new();
    if name.is_empty() {
        own.push("job_name is missing".to_owned());
    }
    let interval = raw.scrape_interval.map_or(DEFAULT_INTERVAL, |given| given.0);
    let timeout = raw.scrape_timeout.map_or(DEFAULT_TIMEOUT, |given| given.0);
    if timeout > interval {
        own.push(format!(
            "scrape_timeout ({}) is longer than scrape_interval ({})",
            format_duration(timeout),
            format_duration(interval)
        ));
    }
    let scheme_word = raw.scheme.clone().unwrap_or_else(|| "http".to_owned());
    if !["http", "https"].contains(&scheme_word.as_str()) {
        own.push(format!("scheme {scheme_word:?} is neither http nor https"));
    }
    let names = names(raw, global, &mut own);
    let histograms = HistogramOptions {
        native: raw.scrape_native_histograms.unwrap_or(false),
        always_classic: raw.always_scrape_classic_histograms.unwrap_or(false),
        convert_classic: raw.convert_classic_histograms_to_nhcb.unwrap_or(false),
    };
    let job = Job {
        honor_labels: raw.honor_labels.unwrap_or(false),
        honor_timestamps: raw.honor_timestamps.unwrap_or(true),
        track_timestamps_staleness: raw.track_timestamps_staleness.unwrap_or(false),
        params: raw.params.clone().unwrap_or_default().into_iter().collect(),
        interval,
        timeout,
        protocols: protocols(raw, histograms, &mut own),
        fallback: fallback(raw, &mut own),
        histograms,
        path: raw.metrics_path.clone().unwrap_or_else(|| "/metrics".to_owned()),
        scheme: scheme_word,
        compression: raw.enable_compression.unwrap_or(true),
        limits: limits(raw),
        extra_metrics: raw.extra_scrape_metrics.unwrap_or(false),
        http: http::check(raw.http(), folder, &mut own),
        relabel: rules(
            "relabel_configs",
            raw.relabel_configs.as_deref(),
            names.scheme,
            &mut own,
        ),
        metric_relabel: rules(
            "metric_relabel_configs",
            raw.metric_relabel_configs.as_deref(),
            names.scheme,
            &mut own,
        ),
        relabel_text: texts(raw.relabel_configs.as_deref()),
        discovery: discovery(raw, folder, &mut own),
        names,
        name,
        hindrance: None,
        printed: String::new(),
    };
    mistakes.extend(
        own.into_iter()
            .map(|mistake| format!("job {:?}: {mistake}", job.name)),
    );
    job
}

fn inherit(raw: &mut RawJob, global: &RawGlobal) {
    fn zero_is_unset(value: &mut Option<u64>, global: Option<u64>) {
        *value = value.filter(|given| *given != 0).or(global);
    }
    let set = |given: Option<RawDuration>| given.filter(|given| !given.0.is_zero());
    raw.scrape_interval = set(raw.scrape_interval).or(global.scrape_interval);
    let interval = raw.scrape_interval.map_or(DEFAULT_INTERVAL, |given| given.0);
    let inherited = global
        .scrape_timeout
        .map(|given| RawDuration(given.0.min(interval)));
    raw.scrape_timeout = set(raw.scrape_timeout).or(inherited);
    let size = raw.body_size_limit.filter(|size| *size != RawSize(0));
    raw.body_size_limit = size.or(global.body_size_limit);
    zero_is_unset(&mut raw.sample_limit, global.sample_limit);
    zero_is_unset(&mut raw.target_limit, global.target_limit);
    zero_is_unset(&mut raw.label_limit, global.label_limit);
    zero_is_unset(&mut raw.label_name_length_limit, global.label_name_length_limit);
    zero_is_unset(&mut raw.label_value_length_limit, global.label_value_length_limit);
    zero_is_unset(&mut raw.keep_dropped_targets, global.keep_dropped_targets);
    raw.scrape_native_histograms = raw.scrape_native_histograms.or(global.scrape_native_histograms);
    let convert = global.convert_classic_histograms_to_nhcb;
    raw.convert_classic_histograms_to_nhcb = raw.convert_classic_histograms_to_nhcb.or(convert);
    let always = global.always_scrape_classic_histograms;
    raw.always_scrape_classic_histograms = raw.always_scrape_classic_histograms.or(always);
    raw.extra_scrape_metrics = raw.extra_scrape_metrics.or(global.extra_scrape_metrics);
    if raw.scrape_protocols.is_none() {
        raw.scrape_protocols.clone_from(&global.scrape_protocols);
    }
    raw.honor_timestamps.get_or_insert(true);
    raw.enable_compression.get_or_insert(true);
    raw.follow_redirects.get_or_insert(true);
    raw.enable_http2.get_or_insert(true);
    raw.metrics_path.get_or_insert_with(|| "/metrics".to_owned());
    raw.scheme.get_or_insert_with(|| "http".to_owned());
}

fn limits(raw: &RawJob) -> Limits {
    Limits {
        body_size: raw.body_size_limit.map_or(0, |size| size.0),
        samples: raw.sample_limit.unwrap_or(0),
        targets: raw.target_limit.unwrap_or(0),
        labels: raw.label_limit.unwrap_or(0),
        label_name_length: raw.label_name_length_limit.unwrap_or(0),
        label_value_length: raw.label_value_length_limit.unwrap_or(0),
        histogram_buckets: raw.native_histogram_bucket_limit.unwrap_or(0),
        histogram_min_factor: raw.native_histogram_min_bucket_factor.unwrap_or(0.0),
        kept_dropped_targets: raw.keep_dropped_targets.unwrap_or(0),
    }
}

fn scheme(word: Option<&str>, mistakes: &mut Vec<String>) -> NameScheme {
    match word {
        None | Some("" | "utf8") => NameScheme::Utf8,
        Some("legacy") => NameScheme::Legacy,
        Some(other) => {
            mistakes.push(format!(
                "metric_name_validation_scheme {other:?} is neither utf8 nor legacy"
            ));
            NameScheme::Utf8
        }
    }
}

fn names(raw: &RawJob, global: &RawGlobal, mistakes: &mut Vec<String>) -> Names {
    let own = raw
        .metric_name_validation_scheme
        .as_deref()
        .filter(|word| !word.is_empty());
    let scheme = scheme(own.or(global.metric_name_validation_scheme.as_deref()), mistakes);
    let by_scheme = match scheme {
        NameScheme::Utf8 => "allow-utf-8",
        NameScheme::Legacy => "underscores",
    };
    let inherited = global
        .metric_name_escaping_scheme
        .as_deref()
        .filter(|_| own.is_none());
    let word = raw.metric_name_escaping_scheme.as_deref().or(inherited);
    let escaping = match word.filter(|word| !word.is_empty()) {
        None => by_scheme,
        Some("allow-utf-8") if scheme == NameScheme::Legacy => {
            mistakes.push(
                "metric_name_escaping_scheme allow-utf-8 needs metric_name_validation_scheme utf8".to_owned(),
            );
            by_scheme
        }
        Some("allow-utf-8") => "allow-utf-8",
        Some("underscores") => "underscores",
        Some("dots") => "dots",
        Some("values") => "values",
        Some(other) => {
            mistakes.push(format!(
                "metric_name_escaping_scheme {other:?} is not one of allow-utf-8, underscores, dots and values"
            ));
            by_scheme
        }
    };
    Names { scheme, escaping }
}

fn protocol(word: &str, key: &str, mistakes: &mut Vec<String>) -> Option<Protocol> {
    let found = Protocol::ALL
        .into_iter()
        .find(|protocol| protocol.as_str() == word);
    if found.is_none() {
        let known: Vec<_> = Protocol::ALL.iter().map(|protocol| protocol.as_str()).collect();
        mistakes.push(format!("{key} knows no {word:?}; known are {}", known.join(", ")));
    }
    found
}

fn protocols(raw: &RawJob, histograms: HistogramOptions, mistakes: &mut Vec<String>) -> Vec<Protocol> {
    let Some(words) = &raw.scrape_protocols else {
        let first = histograms.native.then_some(Protocol::PrometheusProto);
        let text = [
            Protocol::OpenMetricsText100,
            Protocol::OpenMetricsText001,
            Protocol::PrometheusText100,
            Protocol::PrometheusText004,
        ];
        return first.into_iter().chain(text).collect();
    };
    if words.is_empty() {
        mistakes.push("scrape_protocols is empty".to_owned());
    }
    let mut found = Vec::new();
    for word in words {
        let Some(protocol) = protocol(word, "scrape_protocols", mistakes) else {
            continue;
        };
        if found.contains(&protocol) {
            mistakes.push(format!("scrape_protocols names {word} twice"));
        } else {
            found.push(protocol);
        }
    }
    debug_assert!(found.len() <= MAX_PROTOCOLS, "each protocol is there once");
    found
}

fn fallback(raw: &RawJob, mistakes: &mut Vec<String>) -> Option<Protocol> {
    let word = raw
        .fallback_scrape_protocol
        .as_deref()
        .filter(|word| !word.is_empty())?;
    protocol(word, "fallback_scrape_protocol", mistakes)
}

fn rules(key: &str, raw: Option<&[RawRule]>, names: NameScheme, mistakes: &mut Vec<String>) -> Rules {
    let mut out = Vec::new();
    for (i, raw) in raw.unwrap_or_default().iter().enumerate() {
        let place = format!("rule {} of {key}", i + 1);
        let word = raw.action.as_deref().unwrap_or("replace");
        let Some(action) = RelabelAction::from_word(word) else {
            let known: Vec<_> = RelabelAction::ALL.iter().map(|action| action.as_str()).collect();
            mistakes.push(format!(
                "{place}: there is no action {word:?}; known are {}",
                known.join(", ")
            ));
            continue;
        };
        let spec = RelabelSpec {
            source_labels: raw.source_labels.clone(),
            separator: raw.separator.clone(),
            regex: raw.regex.clone(),
            modulus: raw.modulus.unwrap_or(0),
            target_label: raw.target_label.clone().unwrap_or_default(),
            replacement: raw.replacement.clone(),
            action,
        };
        match RelabelRule::new(spec, names) {
            Ok(rule) => out.push(rule),
            Err(error) => mistakes.push(format!("{place}: {}", model::with_causes(&error))),
        }
    }
    out
}

fn texts(raw: Option<&[RawRule]>) -> Vec<String> {
    let rules = raw.unwrap_or_default().iter();
    rules
        .map(|rule| serde_saphyr::to_string(rule).unwrap_or_default())
        .collect()
}

fn discovery(raw: &RawJob, folder: &Path, mistakes: &mut Vec<String>) -> Vec<DiscoveryConfig> {
    let mut out = Vec::new();
    if let Some(groups) = &raw.static_configs {
        let relabelled = raw
            .relabel_configs
            .as_ref()
            .is_some_and(|rules| !rules.is_empty());
        out.push(DiscoveryConfig::Static(
            groups
                .iter()
                .map(|group| static_group(group, relabelled, mistakes))
                .collect(),
        ));
    }
    for file in raw.file_sd_configs.iter().flatten() {
        out.push(file_discovery(file, folder, mistakes));
    }
    for dns in raw.dns_sd_configs.iter().flatten() {
        out.extend(dns_discovery(dns, mistakes));
    }
    for list in raw.http_sd_configs.iter().flatten() {
        out.push(http_discovery(list, folder, mistakes));
    }
    for raw in raw.kubernetes_sd_configs.iter().flatten() {
        out.extend(kubernetes::check(raw, folder, mistakes));
    }
    out
}

fn static_group(raw: &RawGroup, relabelled: bool, mistakes: &mut Vec<String>) -> StaticGroup {
    let targets = raw.targets.clone().unwrap_or_default();
    for target in targets
        .iter()
        .filter(|target| !relabelled && target.contains('/'))
    {
        mistakes.push(format!(
            "target {target:?} of static_configs is not a host and port: scheme and path have keys of their own"
        ));
    }
    StaticGroup {
        targets,
        labels: raw.labels.clone().unwrap_or_default().into_iter().collect(),
    }
}

fn file_discovery(raw: &RawFileDiscovery, folder: &Path, mistakes: &mut Vec<String>) -> DiscoveryConfig {
    let files = raw.files.clone().unwrap_or_default();
    if files.is_empty() {
        mistakes.push("file_sd_configs needs files".to_owned());
    }
    for file in &files {
        let (path, name) = file.rsplit_once('/').unwrap_or(("", file));
        let known = [".json", ".yml", ".yaml"].iter().any(|end| name.ends_with(end));
        if !known || path.contains('*') || name.matches('*').count() > 1 {
            mistakes.push(format!(
                "file {file:?} of file_sd_configs must end in .json, .yml or .yaml, with at most one * in its last part"
            ));
        }
    }
    DiscoveryConfig::File {
        files: files.iter().map(|file| http::join(folder, file)).collect(),
        refresh: raw.refresh_interval.map_or(FILE_REFRESH, |given| given.0),
    }
}

fn dns_discovery(raw: &RawDnsDiscovery, mistakes: &mut Vec<String>) -> Option<DiscoveryConfig> {
    let names = raw.names.clone().unwrap_or_default();
    if names.is_empty() {
        mistakes.push("dns_sd_configs needs names".to_owned());
    }
    let word = raw.kind.as_deref().unwrap_or("SRV").to_ascii_uppercase();
    let kind = match word.as_str() {
        "SRV" => DnsKind::Srv,
        "A" => DnsKind::A,
        "AAAA" => DnsKind::Aaaa,
        "MX" => DnsKind::Mx,
        "NS" => DnsKind::Ns,
        _ => {
            mistakes.push(format!(
                "type {word:?} of dns_sd_configs is not one of SRV, A, AAAA, MX and NS"
            ));
            return None;
        }
    };
    if kind != DnsKind::Srv && raw.port.is_none() {
        mistakes.push(format!("dns_sd_configs needs a port for records of type {word}"));
    }
    Some(DiscoveryConfig::Dns {
        names,
        kind,
        port: raw.port.unwrap_or(0),
        refresh: raw.refresh_interval.map_or(DNS_REFRESH, |given| given.0),
    })
}

fn http_discovery(raw: &RawHttpDiscovery, folder: &Path, mistakes: &mut Vec<String>) -> DiscoveryConfig {
    let url = raw.url.clone().unwrap_or_default();
    let parsed = url::Url::parse(&url).ok();
    if !parsed.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
        mistakes
            .push("http_sd_configs needs a url that begins with http:// or https:// and a host".to_owned());
    }
    DiscoveryConfig::Http {
        url,
        http: Box::new(http::check(raw.http(), folder, mistakes)),
        refresh: raw.refresh_interval.map_or(HTTP_REFRESH, |given| given.0),
    }
}
