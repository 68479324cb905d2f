//! What all kinds of monitors have in common: who they are made for, and the keys that every job may have.

use scrape::OfferedJob;
use serde_json::{Map, Value, json};
use tls::Secret;

use super::book::Monitor;
use super::fields::{Fields, Problems};
use super::keys::{Holder, Keys, Missing, Reference};
use crate::discovery::credentials::Credentials;
use crate::discovery::rules::{constant, copy};
use crate::objects::Quantity;

/// Targets that rules drop are too many to be shown.
const SHOWN_DROPPED: u64 = 100;
/// Keys of a job that hold secrets, or go with them.
const CREDENTIALS: [&str; 8] = [
    "tls_config",
    "basic_auth",
    "authorization",
    "oauth2",
    "bearer_token",
    "proxy_url",
    "no_proxy",
    "proxy_connect_header",
];
/// Fields of an endpoint that are keys of a job.
const ENDPOINT: [(&str, &str); 7] = [
    ("path", "metrics_path"),
    ("params", "params"),
    ("interval", "scrape_interval"),
    ("scrapeTimeout", "scrape_timeout"),
    ("honorLabels", "honor_labels"),
    ("honorTimestamps", "honor_timestamps"),
    ("trackTimestampsStaleness", "track_timestamps_staleness"),
];
/// Fields of every kind of object that are keys of a job.
const COMMON: [(&str, &str); 13] = [
    ("sampleLimit", "sample_limit"),
    ("targetLimit", "target_limit"),
    ("labelLimit", "label_limit"),
    ("labelNameLengthLimit", "label_name_length_limit"),
    ("labelValueLengthLimit", "label_value_length_limit"),
    ("keepDroppedTargets", "keep_dropped_targets"),
    ("bodySizeLimit", "body_size_limit"),
    ("scrapeProtocols", "scrape_protocols"),
    ("fallbackScrapeProtocol", "fallback_scrape_protocol"),
    ("scrapeNativeHistograms", "scrape_native_histograms"),
    ("nativeHistogramBucketLimit", "native_histogram_bucket_limit"),
    ("scrapeClassicHistograms", "always_scrape_classic_histograms"),
    (
        "convertClassicHistogramsToNHCB",
        "convert_classic_histograms_to_nhcb",
    ),
];

/// For whom jobs are made.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// What the cluster is called.
    pub(crate) cluster: &'a str,
    /// Who we are to it.
    pub(crate) credentials: &'a Credentials,
    /// Namespaces whose monitors may use that.
    pub(crate) credentials_for: &'a [String],
}

/// Where the jobs of one object are made.
pub(crate) struct Desk<'a> {
    pub(super) monitor: &'a Monitor,
    pub(super) caller: Caller<'a>,
    keys: &'a mut Keys,
    pub(super) problems: Problems,
    /// Why the targets of the job that is being made cannot be scraped.
    hindrance: Option<String>,
}

/// A job that is being made.
pub(super) struct Draft {
    name: String,
    pub(super) job: Map<String, Value>,
    pub(super) rules: Vec<Value>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(monitor: &'a Monitor, caller: Caller<'a>, keys: &'a mut Keys) -> Self {
        Self {
            monitor,
            caller,
            keys,
            problems: Problems::default(),
            hindrance: None,
        }
    }

    /// Returns what is wrong with the object.
    pub(crate) fn problems(self) -> Vec<String> {
        self.problems.into_list()
    }

    /// Begins a job: the one of an endpoint, or the only one of the object.
    pub(super) fn draft(&self, endpoint: Option<usize>) -> Draft {
        let Monitor {
            kind,
            namespace,
            name,
            ..
        } = self.monitor;
        let mut own = format!("{}/{namespace}/{name}", kind.of_jobs());
        if let Some(i) = endpoint {
            own.push_str(&format!("/{i}"));
        }
        let rules = vec![
            constant("job", &own),
            copy("job", "__tmp_prometheus_job_name"),
            constant("cluster", self.caller.cluster),
        ];
        let name = format!("{}/{own}", self.caller.cluster);
        let mut job = Map::new();
        job.insert("job_name".to_owned(), json!(name));
        job.insert("keep_dropped_targets".to_owned(), json!(SHOWN_DROPPED));
        Draft { name, job, rules }
    }

    /// Ends a job.
    pub(super) fn offer(&mut self, draft: Draft) -> OfferedJob {
        let Draft { name, mut job, rules } = draft;
        job.insert("relabel_configs".to_owned(), json!(rules));
        let hindrance = self.hindrance.take();
        if let Some(reason) = &hindrance {
            self.problems.add(reason.clone());
            // Halves of credentials would be mistakes, and nothing is sent.
            job.retain(|key, _| !CREDENTIALS.contains(&key.as_str()));
        }
        OfferedJob {
            name,
            text: Secret::new(Value::Object(job).to_string()),
            hindrance,
        }
    }

    /// Notes why the targets of the job cannot be scraped.
    pub(super) fn hinder(&mut self, reason: String) {
        self.hindrance.get_or_insert(reason);
    }

    /// Forgets why the targets of the job cannot be scraped, and returns it.
    pub(super) fn take_hindrance(&mut self) -> Option<String> {
        self.hindrance.take()
    }

    /// Looks up what `{name, key}` names in a secret; `None` if it names nothing, or it is not to be had.
    pub(super) fn secret(&mut self, selector: Option<Fields>) -> Option<Secret> {
        self.look_up(Holder::Secret, selector?)
    }

    /// Looks up what `{secret: {name, key}}` or `{configMap: {name, key}}` names.
    pub(super) fn secret_or_config_map(&mut self, either: Option<Fields>) -> Option<Secret> {
        let mut either = either?;
        let secret = either.object("secret");
        let map = either.object("configMap");
        either.end(&mut self.problems);
        match (secret, map) {
            (Some(secret), _) => self.look_up(Holder::Secret, secret),
            (None, Some(map)) => self.look_up(Holder::ConfigMap, map),
            (None, None) => None,
        }
    }

    fn look_up(&mut self, holder: Holder, mut selector: Fields) -> Option<Secret> {
        let (name, key) = (selector.text("name")?, selector.text("key"));
        let is_optional = selector.truth("optional").unwrap_or(false);
        let place = selector.place.clone();
        selector.end(&mut self.problems);
        let reference = Reference {
            holder,
            namespace: self.monitor.namespace.clone(),
            name,
            key: key.unwrap_or_default(),
        };
        match self.keys.find(&reference) {
            Ok(secret) => Some(secret),
            Err(Missing::Absent(_)) if is_optional => None,
            Err(missing) => {
                self.hinder(format!("{place}: {reference} {missing}"));
                None
            }
        }
    }

    /// Moves what every kind of object may say of its jobs.
    pub(super) fn common(&mut self, spec: &mut Fields) -> Map<String, Value> {
        let mut job = Map::new();
        spec.hand_over(&COMMON, &mut job);
        if let Some(factor) = spec.text("nativeHistogramMinBucketFactor") {
            match Quantity::parse(&factor) {
                Some(factor) => {
                    let key = "native_histogram_min_bucket_factor";
                    job.insert(key.to_owned(), json!(factor.value()));
                }
                None => self.problems.add(format!(
                    "{}.nativeHistogramMinBucketFactor is no quantity",
                    spec.place
                )),
            }
        }
        let why = "scrape classes belong to the operator's Prometheus, which is not read";
        spec.refuse("scrapeClass", why, &mut self.problems);
        job
    }
}

impl Draft {
    /// Moves what an endpoint says of its job.
    pub(super) fn endpoint(&mut self, fields: &mut Fields) {
        fields.hand_over(&ENDPOINT, &mut self.job);
        self.scheme(fields);
    }

    /// Moves the scheme, which some write in capitals.
    pub(super) fn scheme(&mut self, fields: &mut Fields) {
        if let Some(scheme) = fields.text("scheme") {
            self.job
                .insert("scheme".to_owned(), json!(scheme.to_ascii_lowercase()));
        }
    }

    /// Adds keys.
    pub(super) fn add(&mut self, keys: &Map<String, Value>) {
        for (key, value) in keys {
            self.job.insert(key.clone(), value.clone());
        }
    }
}
