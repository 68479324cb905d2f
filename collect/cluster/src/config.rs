//! Which cluster is read, and what of it.

use std::time::Duration;

use crate::client::Access;
use crate::objects::Kind;

/// A cluster that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterConfig {
    /// What it is called; the label `cluster` of what comes from it.
    pub name: String,
    /// Where its API server is.
    pub access: Access,
    /// Which kinds are read.
    pub kinds: KindFilter,
    /// Time between two deliveries of the state of objects as metrics; `None` for no such metrics.
    pub metrics_interval: Option<Duration>,
    /// Whether events are read.
    pub events: bool,
}

impl ClusterConfig {
    /// Time between two deliveries unless something else is asked for.
    pub const METRICS_INTERVAL: Duration = Duration::from_secs(30);

    /// Reads everything of a cluster.
    pub fn new(name: impl Into<String>, access: Access) -> Self {
        Self {
            name: name.into(),
            access,
            kinds: KindFilter::default(),
            metrics_interval: Some(Self::METRICS_INTERVAL),
            events: true,
        }
    }
}

/// Which kinds are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindFilter {
    /// Only these.
    pub allow: Vec<KindPattern>,
    /// Not these.
    pub deny: Vec<KindPattern>,
    /// Of the custom resources, only these.
    pub custom: Vec<KindPattern>,
}

/// A kind as kubectl names it, `pods` or `deployments.apps`; one `*` stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindPattern(String);

/// Why a pattern is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind, as in pods, deployments.apps or *.monitoring.coreos.com, with one * at most")]
pub struct KindPatternError(String);

impl Default for KindFilter {
    fn default() -> Self {
        Self {
            allow: vec![KindPattern("*".to_owned())],
            deny: Vec::new(),
            custom: vec![KindPattern("*".to_owned())],
        }
    }
}

impl KindFilter {
    /// Tells whether a kind is read.
    pub fn takes(&self, kind: &Kind) -> bool {
        let any = |patterns: &[KindPattern]| patterns.iter().any(|pattern| pattern.matches(kind));
        if any(&self.deny) {
            return false;
        }
        match kind {
            Kind::Custom(_) => any(&self.custom),
            _ => any(&self.allow),
        }
    }
}

impl KindPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is empty, has a space, a capital letter or more than one `*`.
    pub fn parse(text: &str) -> Result<Self, KindPatternError> {
        let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '*');
        if text.is_empty() || !text.chars().all(is_fine) || text.matches('*').count() > 1 {
            return Err(KindPatternError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    fn matches(&self, kind: &Kind) -> bool {
        let full = kind.to_string();
        match self.0.split_once('*') {
            Some((before, after)) => {
                full.len() >= before.len() + after.len() && full.starts_with(before) && full.ends_with(after)
            }
            None => self.0 == full || self.0 == kind.plural(),
        }
    }
}

#[cfg(test)]
mod tests;
