//! Deltas become running totals: what the collector's `deltatocumulative` processor does, and Prometheus under
//! `otlp-deltatocumulative`.
//!
//! A series of deltas is what OpenTelemetry calls a stream: resource, scope, metric and attributes together. Its first
//! point is taken as it is and begins the total, with its own start timestamp; later ones are added. A point at or
//! before the newest one, or of an earlier start, is refused: it may be in the total already. A series that was silent
//! for [`DeltaLimits::max_idle`] is forgotten and begins anew, which is a counter reset that the start timestamp tells.
//! So is a histogram whose bounds change.

mod exponential;

use std::collections::HashMap;

use model::Millis;
use xxhash_rust::xxh3::xxh3_128;

use super::{
    Attributes, Data, ExplicitHistogram, ExponentialHistogram, Metric, OtlpRefusal, OtlpRefusalReason,
    OtlpRequest, OtlpTranslated, Point, ResourceMetrics, ScopeMetrics, Temporality,
};

/// Refusals that are named.
const MAX_NAMED: usize = 10;
/// How often forgotten series are looked for.
const SWEEP: Millis = 60_000;

/// How much is remembered of series that are sent as deltas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeltaLimits {
    /// Series; points of further ones are refused.
    pub max_series: usize,
    /// Buckets of all histograms together; likewise.
    pub max_buckets: usize,
    /// Milliseconds of silence after which a series is forgotten.
    pub max_idle: Millis,
}

impl Default for DeltaLimits {
    /// 500,000 series, eight million buckets (64 MB), and five minutes as in the collector.
    fn default() -> Self {
        Self {
            max_series: 500_000,
            max_buckets: 8_000_000,
            max_idle: 5 * 60_000,
        }
    }
}

/// Running totals of series that are sent as deltas. Whoever receives keeps them between requests.
#[derive(Debug, Default)]
pub struct DeltaTotals {
    limits: DeltaLimits,
    series: HashMap<u128, Series>,
    n_buckets: usize,
    next_sweep: Millis,
}

#[derive(Debug)]
struct Series {
    start: Millis,
    timestamp: Millis,
    seen: Millis,
    total: Total,
}

#[derive(Debug)]
enum Total {
    Number(f64),
    Histogram(ExplicitHistogram),
    Exponential(Box<ExponentialHistogram>),
}

impl Total {
    fn n_buckets(&self) -> usize {
        match self {
            Self::Number(_) => 0,
            Self::Histogram(histogram) => histogram.counts.len() + histogram.bounds.len(),
            Self::Exponential(histogram) => histogram.positive.counts.len() + histogram.negative.counts.len(),
        }
    }
}

/// A value that deltas of one kind add up to.
trait Accumulated: Clone {
    fn into_total(self) -> Total;
    /// Adds a delta to a total, and makes the delta that total. `None` if they do not add up.
    fn add_to(&mut self, total: &mut Total) -> Option<()>;
}

impl Accumulated for f64 {
    fn into_total(self) -> Total {
        Total::Number(self)
    }

    fn add_to(&mut self, total: &mut Total) -> Option<()> {
        let Total::Number(sum) = total else { return None };
        *sum += *self;
        *self = *sum;
        Some(())
    }
}

impl Accumulated for ExplicitHistogram {
    fn into_total(self) -> Total {
        Total::Histogram(self)
    }

    fn add_to(&mut self, total: &mut Total) -> Option<()> {
        let Total::Histogram(sum) = total else { return None };
        if sum.bounds != self.bounds || sum.counts.len() != self.counts.len() {
            return None;
        }
        for (count, more) in sum.counts.iter_mut().zip(&self.counts) {
            *count = count.saturating_add(*more);
        }
        sum.count = sum.count.saturating_add(self.count);
        sum.sum = sum.sum.zip(self.sum).map(|(a, b)| a + b);
        self.clone_from(sum);
        Some(())
    }
}

impl Accumulated for ExponentialHistogram {
    fn into_total(self) -> Total {
        Total::Exponential(Box::new(self))
    }

    fn add_to(&mut self, total: &mut Total) -> Option<()> {
        let Total::Exponential(sum) = total else {
            return None;
        };
        exponential::add(sum, self);
        self.clone_from(sum);
        Some(())
    }
}

impl DeltaTotals {
    /// Remembers nothing yet.
    pub fn new(limits: DeltaLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Returns how many series are remembered.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Tells whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    fn sweep(&mut self, now: Millis) {
        if now < self.next_sweep {
            return;
        }
        self.next_sweep = now.saturating_add(SWEEP);
        let oldest = now.saturating_sub(self.limits.max_idle);
        let n_buckets = &mut self.n_buckets;
        self.series.retain(|_, series| {
            let kept = series.seen >= oldest;
            if !kept {
                *n_buckets -= series.total.n_buckets();
            }
            kept
        });
    }

    fn forget(&mut self, key: u128) {
        if let Some(series) = self.series.remove(&key) {
            self.n_buckets -= series.total.n_buckets();
        }
    }

    /// Adds a point to its series, and makes it the total.
    fn add<T: Accumulated>(
        &mut self,
        key: u128,
        point: &mut Point<T>,
        now: Millis,
    ) -> Result<(), OtlpRefusalReason> {
        if point.is_stale {
            self.forget(key);
            return Ok(());
        }
        let idle = self.limits.max_idle;
        let expired = self
            .series
            .get(&key)
            .is_some_and(|series| now.saturating_sub(series.seen) > idle);
        if expired {
            self.forget(key);
        }
        let Some(series) = self.series.get_mut(&key) else {
            return self.begin(key, point, now);
        };
        if point.start < series.start {
            return Err(OtlpRefusalReason::DeltaBeforeStart);
        }
        if point.timestamp <= series.timestamp {
            return Err(OtlpRefusalReason::DeltaOutOfOrder);
        }
        let before = series.total.n_buckets();
        series.seen = now;
        if point.value.add_to(&mut series.total).is_none() {
            self.forget(key);
            return self.begin(key, point, now);
        }
        series.timestamp = point.timestamp;
        point.start = series.start;
        self.n_buckets = (self.n_buckets + series.total.n_buckets()).saturating_sub(before);
        Ok(())
    }

    fn begin<T: Accumulated>(
        &mut self,
        key: u128,
        point: &Point<T>,
        now: Millis,
    ) -> Result<(), OtlpRefusalReason> {
        let total = point.value.clone().into_total();
        let n_buckets = self.n_buckets.saturating_add(total.n_buckets());
        if self.series.len() >= self.limits.max_series || n_buckets > self.limits.max_buckets {
            return Err(OtlpRefusalReason::DeltaLimit(self.series.len()));
        }
        self.n_buckets = n_buckets;
        self.series.insert(
            key,
            Series {
                start: point.start,
                timestamp: point.timestamp,
                seen: now,
                total,
            },
        );
        Ok(())
    }
}

impl OtlpRequest {
    /// Replaces deltas by totals, and takes points out that cannot be added. Returns what was refused; nothing is
    /// translated yet.
    pub fn accumulate(&mut self, totals: &mut DeltaTotals, now: Millis) -> OtlpTranslated {
        totals.sweep(now);
        let mut told = OtlpTranslated::default();
        for resource in &mut self.resources {
            let ResourceMetrics { attributes, scopes } = resource;
            let mut identity = Identity::default();
            identity.attributes(attributes);
            for scope in scopes {
                let of_scope = identity.with_scope(scope);
                for metric in &mut scope.metrics {
                    accumulate(metric, (&of_scope, now), totals, &mut told);
                }
            }
        }
        told
    }
}

fn accumulate(
    metric: &mut Metric,
    (of_scope, now): (&Identity, Millis),
    totals: &mut DeltaTotals,
    told: &mut OtlpTranslated,
) {
    let mut identity = of_scope.clone();
    identity.text(&metric.name);
    identity.text(&metric.unit);
    let mut refuse = |reason| {
        told.refused_points += 1;
        if told.refusals.len() < MAX_NAMED {
            told.refusals.push(OtlpRefusal {
                metric: metric.name.chars().take(64).collect(),
                reason,
            });
        }
    };
    match &mut metric.data {
        Data::Sum(points, temporality @ Temporality::Delta, monotonic) => {
            identity.text(&format!("sum {monotonic:?}"));
            each(points, (&identity, now), totals, &mut refuse);
            *temporality = Temporality::Cumulative;
        }
        Data::Histogram(points, temporality @ Temporality::Delta) => {
            identity.text("histogram");
            each(points, (&identity, now), totals, &mut refuse);
            *temporality = Temporality::Cumulative;
        }
        Data::Exponential(points, temporality @ Temporality::Delta) => {
            identity.text("exponential");
            each(points, (&identity, now), totals, &mut refuse);
            *temporality = Temporality::Cumulative;
        }
        Data::None
        | Data::Gauge(_)
        | Data::Summary(_)
        | Data::Sum(..)
        | Data::Histogram(..)
        | Data::Exponential(..) => {}
    }
}

fn each<T: Accumulated>(
    points: &mut Vec<Point<T>>,
    (identity, now): (&Identity, Millis),
    totals: &mut DeltaTotals,
    refuse: &mut dyn FnMut(OtlpRefusalReason),
) {
    points.retain_mut(|point| {
        let key = identity.key(&point.attributes);
        match totals.add(key, point, now) {
            Ok(()) => true,
            Err(reason) => {
                refuse(reason);
                false
            }
        }
    });
}

/// What names a series, as bytes that no other name has.
#[derive(Clone, Default)]
struct Identity(Vec<u8>);

impl Identity {
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(&text.len().to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Attributes are a map: their order means nothing.
    fn attributes(&mut self, attributes: &Attributes) {
        let mut sorted: Vec<&(String, String)> = attributes.iter().collect();
        sorted.sort();
        self.0.extend_from_slice(&sorted.len().to_le_bytes());
        for (name, value) in sorted {
            self.text(name);
            self.text(value);
        }
    }

    fn with_scope(&self, scope: &ScopeMetrics) -> Self {
        let mut identity = self.clone();
        identity.text(&scope.name);
        identity.text(&scope.version);
        identity.attributes(&scope.attributes);
        identity
    }

    fn key(&self, attributes: &Attributes) -> u128 {
        let mut identity = self.clone();
        identity.attributes(attributes);
        xxh3_128(&identity.0)
    }
}

#[cfg(test)]
mod tests;
