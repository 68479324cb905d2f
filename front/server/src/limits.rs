//! What each tenant may use, and the counts that decide.
//!
//! A tenant is who a request is made for: named by a header if the operator wants that, else everyone is one
//! tenant. A bound that is set is checked as early as it can be: the size of a request and the rate of samples before
//! the body is read, labels and series after it is decoded. What is refused is named with the limit, its value and
//! the setting that raises it, and counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderMap;
use model::{Family, Millis, Sink};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Semaphore;

use self::bucket::Bucket;
use self::series::ActiveSeries;
use crate::config::{Tenancy, TenantLimits};

mod batch;
mod bucket;
mod series;

pub(crate) use batch::Refusals;

/// The tenant of requests that name none.
const DEFAULT: &str = "default";
/// What stands for all tenants beyond those told apart.
const OTHERS: &str = "(others)";
/// Longest name of a tenant, in bytes.
const MAX_NAME_BYTES: usize = 150;

const REFUSED: Family<'_> = Family::counter(
    "periplus_limit_refused_total",
    "Requests or samples refused because a tenant is at a limit.",
);

/// A bound that a tenant can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Series,
    NewSeries,
    SampleRate,
    Labels,
    LabelNameBytes,
    LabelValueBytes,
    RequestBytes,
}

/// In the order of the variants: the setting, and what it bounds.
const LIMITS: [(&str, &str); 7] = [
    ("max_series", "active series"),
    ("new_series_per_minute", "new series a minute"),
    ("samples_per_second", "samples a second"),
    ("max_labels", "labels a series"),
    ("max_label_name_bytes", "bytes of a label's name"),
    ("max_label_value_bytes", "bytes of a label's value"),
    ("max_request_bytes", "bytes a request"),
];

impl Limit {
    fn setting(self) -> &'static str {
        LIMITS.get(self as usize).map_or("", |(setting, _)| setting)
    }
}

/// A tenant is at a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "tenant {tenant:?} is at its limit of {value} {what}; raise `{setting}` of periplus.tenants in the configuration file"
)]
pub(crate) struct Exceeded {
    tenant: String,
    value: u64,
    what: &'static str,
    setting: &'static str,
    /// Seconds after which the same request would pass; 0 if it never will.
    pub(crate) retry_after_seconds: u32,
}

/// All tenants seen.
#[derive(Debug)]
pub(crate) struct Tenants(RwLock<InForce>);

/// Settings, and those they are for.
#[derive(Debug)]
struct InForce {
    config: Tenancy,
    known: HashMap<String, Arc<Tenant>>,
    default: Arc<Tenant>,
    others: Arc<Tenant>,
}

/// One tenant with its counts.
#[derive(Debug)]
pub(crate) struct Tenant {
    name: String,
    limits: TenantLimits,
    samples: Arc<Mutex<Bucket>>,
    births: Arc<Mutex<Bucket>>,
    series: Arc<Mutex<ActiveSeries>>,
    /// Room for queries, if they are bounded.
    pub(crate) queries: Option<Arc<Semaphore>>,
    refused: Arc<[AtomicU64; LIMITS.len()]>,
}

impl Tenants {
    /// Prepares for settings.
    pub(crate) fn new(config: Tenancy) -> Self {
        let make = |name: &str| Arc::new(Tenant::new(name, config.limits_of(name)));
        Self(RwLock::new(InForce {
            default: make(DEFAULT),
            others: make(OTHERS),
            known: HashMap::new(),
            config,
        }))
    }

    /// Brings other settings into force. What tenants have used so far stays counted.
    pub(crate) fn adjust(&self, config: Tenancy) {
        let mut force = self.0.write();
        let InForce {
            known,
            default,
            others,
            ..
        } = &mut *force;
        for tenant in [default, others].into_iter().chain(known.values_mut()) {
            *tenant = tenant.with(config.limits_of(&tenant.name));
        }
        force.config = config;
    }

    /// Returns the tenant a request is made for.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Arc<Tenant> {
        let force = self.0.read();
        let header = force.config.header.as_ref().and_then(|name| headers.get(name));
        let name = header.and_then(|name| name.to_str().ok()).map_or("", str::trim);
        if name.is_empty() || name == DEFAULT {
            return Arc::clone(&force.default);
        }
        if name.len() > MAX_NAME_BYTES {
            return Arc::clone(&force.others);
        }
        if let Some(tenant) = force.known.get(name) {
            return Arc::clone(tenant);
        }
        drop(force);
        let mut force = self.0.write();
        if force.known.len() >= force.config.max_tenants && !force.known.contains_key(name) {
            return Arc::clone(&force.others);
        }
        let InForce { known, config, .. } = &mut *force;
        let tenant = known
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Tenant::new(name, config.limits_of(name))));
        Arc::clone(tenant)
    }

    /// Says what was refused.
    pub(crate) fn report(&self, out: &mut dyn Sink) {
        let force = self.0.read();
        let mut all: Vec<&Arc<Tenant>> = force.known.values().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        for tenant in [&force.default, &force.others].into_iter().chain(all) {
            for ((setting, _), count) in LIMITS.iter().zip(tenant.refused.iter()) {
                let count = count.load(Ordering::Relaxed);
                // The default tenant is there from the start; others appear with what they did.
                if count > 0 || tenant.name == DEFAULT {
                    let labels = [("tenant", tenant.name.as_str()), ("limit", setting)];
                    out.sample(&REFUSED, &labels, count as f64);
                }
            }
        }
    }
}

impl Tenancy {
    fn limits_of(&self, tenant: &str) -> TenantLimits {
        self.overrides.get(tenant).unwrap_or(&self.limits).clone()
    }
}

impl Tenant {
    fn new(name: &str, limits: TenantLimits) -> Self {
        Self {
            name: name.to_owned(),
            samples: rate_of_samples(&limits),
            births: rate_of_births(&limits),
            series: Arc::default(),
            queries: room_for_queries(&limits),
            refused: Arc::default(),
            limits,
        }
    }

    /// Returns the tenant with other limits. What it has used counts on where it is bounded as before; under another
    /// bound it begins anew, except for series, which are there.
    fn with(&self, limits: TenantLimits) -> Arc<Self> {
        let old = &self.limits;
        let samples = old.samples_per_second == limits.samples_per_second;
        let births = old.new_series_per_minute == limits.new_series_per_minute;
        let queries = old.max_concurrent_queries == limits.max_concurrent_queries;
        Arc::new(Self {
            name: self.name.clone(),
            samples: if samples {
                Arc::clone(&self.samples)
            } else {
                rate_of_samples(&limits)
            },
            births: if births {
                Arc::clone(&self.births)
            } else {
                rate_of_births(&limits)
            },
            series: Arc::clone(&self.series),
            queries: if queries {
                self.queries.clone()
            } else {
                room_for_queries(&limits)
            },
            refused: Arc::clone(&self.refused),
            limits,
        })
    }

    /// Returns the samples one query may hold, if the tenant has a bound of its own.
    pub(crate) fn max_query_samples(&self) -> Option<usize> {
        self.limits.max_query_samples
    }

    /// Decides on a request that writes, before its body is read.
    ///
    /// # Errors
    /// It is too large, or more samples than allowed came before.
    pub(crate) fn admit_write(&self, bytes: Option<usize>, now: Millis) -> Result<(), Exceeded> {
        if let (Some(limit), Some(bytes)) = (self.limits.max_request_bytes, bytes)
            && bytes > limit
        {
            return Err(self.exceeded((Limit::RequestBytes, limit as u64), (1, 0)));
        }
        if let Some(rate) = self.limits.samples_per_second
            && let Some(wait) = self.samples.lock().wait_seconds(now)
        {
            return Err(self.exceeded((Limit::SampleRate, rate), (1, wait)));
        }
        Ok(())
    }

    /// Returns the largest body to be read.
    pub(crate) fn max_request_bytes(&self, server: usize) -> usize {
        self.limits
            .max_request_bytes
            .map_or(server, |own| own.min(server))
    }

    fn exceeded(&self, (limit, value): (Limit, u64), (n, retry_after_seconds): (u64, u32)) -> Exceeded {
        self.count(limit, n);
        Exceeded {
            tenant: self.name.clone(),
            value,
            what: LIMITS.get(limit as usize).map_or("", |(_, what)| what),
            setting: limit.setting(),
            retry_after_seconds,
        }
    }

    fn count(&self, limit: Limit, n: u64) {
        if let Some(counter) = self.refused.get(limit as usize) {
            counter.fetch_add(n, Ordering::Relaxed);
        }
    }
}

fn rate_of_samples(limits: &TenantLimits) -> Arc<Mutex<Bucket>> {
    let rate = limits.samples_per_second.unwrap_or(u64::MAX);
    Arc::new(Mutex::new(Bucket::per_second(rate)))
}

fn rate_of_births(limits: &TenantLimits) -> Arc<Mutex<Bucket>> {
    let rate = limits.new_series_per_minute.unwrap_or(u64::MAX);
    Arc::new(Mutex::new(Bucket::per_minute(rate)))
}

fn room_for_queries(limits: &TenantLimits) -> Option<Arc<Semaphore>> {
    let n = limits.max_concurrent_queries?;
    Some(Arc::new(Semaphore::new(n.max(1))))
}

#[cfg(test)]
mod tests;
