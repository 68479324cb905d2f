//! Metrics of custom resources, by configuration.
//!
//! The file is that of kube-state-metrics (`kind: CustomResourceStateMetrics`). Of an object that it is for, all
//! values are worked out when the object arrives, and only they are kept: the object itself, which may have any
//! shape, is not.

mod config;
mod each;
mod number;
mod path;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{Family, MetricType};
use serde_json::Value;
use tracing::debug;

pub use config::CustomConfigError;

use self::each::Each;
use self::path::LabelPaths;
use super::text::TextWriter;
use super::{StateMetrics, Visit};
use crate::objects::{CustomKind, CustomSample, CustomState, Interner, Kind, Object};

/// Labels of a sample.
type LabelValues = BTreeMap<String, String>;

/// Which custom resources have metrics, and which. Cloning copies a pointer.
#[derive(Clone, Debug, Default)]
pub struct CustomResources(Arc<Resources>);

#[derive(Debug, Default)]
struct Resources {
    resources: Vec<Resource>,
    families: Vec<CustomFamily>,
    /// Values that could not be worked out.
    n_failed: AtomicU64,
}

/// A kind, or several.
#[derive(Clone, Debug)]
struct Resource {
    group: String,
    /// `None` for all.
    version: Option<String>,
    /// `None` for all.
    kind: Option<String>,
    /// Places of its families.
    families: std::ops::Range<usize>,
}

/// A metric of a custom resource.
#[derive(Clone, Debug)]
struct CustomFamily {
    name: String,
    help: String,
    metric_type: MetricType,
    common_labels: LabelValues,
    label_paths: LabelPaths,
    each: Each,
}

impl CustomResources {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// It is not of this format, or says something that cannot be.
    pub fn from_yaml(yaml: &str) -> Result<Self, CustomConfigError> {
        Ok(Self(Arc::new(config::read(yaml)?)))
    }

    /// Tells whether objects of a kind have metrics.
    pub fn has(&self, kind: &CustomKind) -> bool {
        self.0.resources.iter().any(|resource| resource.is(kind))
    }

    /// Returns the version that is asked for of a kind, if one is.
    pub fn version(&self, group: &str, kind: &str) -> Option<&str> {
        let mut resources = self.0.resources.iter();
        let named = |resource: &&Resource| {
            resource.group == group && resource.kind.as_deref().is_none_or(|one| one == kind)
        };
        resources.find(named)?.version.as_deref()
    }

    /// Tells whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.resources.is_empty()
    }

    /// Returns how many values could not be worked out so far.
    pub fn failed(&self) -> u64 {
        self.0.n_failed.load(Ordering::Relaxed)
    }

    /// Works out the values of an object that was decoded from `json` and keeps them in its body. Objects that
    /// nothing is asked of stay as they are.
    pub fn read(&self, object: &mut Object, json: &[u8], interner: &Interner) {
        let Kind::Custom(kind) = object.kind().clone() else {
            return;
        };
        let mut resources = self
            .0
            .resources
            .iter()
            .filter(|resource| resource.is(&kind))
            .peekable();
        if resources.peek().is_none() {
            return;
        }
        // It was decoded before, so it is JSON.
        let Ok(value) = serde_json::from_slice::<Value>(json) else {
            return;
        };
        let mut state = CustomState::new(kind.clone());
        for place in resources.flat_map(|resource| resource.families.clone()) {
            let Some(family) = self.0.families.get(place) else {
                continue;
            };
            let failed = &mut |reason: &str| {
                self.0.n_failed.fetch_add(1, Ordering::Relaxed);
                let (namespace, name) = (&*object.meta.namespace, &*object.meta.name);
                debug!(
                    metric = family.name,
                    namespace, name, reason, "failed to work out a value"
                );
            };
            let base = family.base_labels(&kind, &value);
            for (mut labels, number) in family.each.values(&value, failed) {
                for (name, label) in &base {
                    if !labels.contains_key(name) {
                        labels.insert(name.clone(), label.clone());
                    }
                }
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                state.push(CustomSample::new(place, labels, number, interner));
            }
        }
        object.set_custom(state);
    }
}

impl Resource {
    fn is(&self, kind: &CustomKind) -> bool {
        self.group == kind.group
            && self
                .version
                .as_ref()
                .is_none_or(|version| *version == kind.version)
            && self.kind.as_ref().is_none_or(|one| *one == kind.kind)
    }
}

impl CustomFamily {
    fn base_labels(&self, kind: &CustomKind, object: &Value) -> LabelValues {
        let mut labels = LabelValues::new();
        for (label, value) in [
            ("customresource_group", &kind.group),
            ("customresource_version", &kind.version),
            ("customresource_kind", &kind.kind),
        ] {
            labels.insert(label.to_owned(), value.clone());
        }
        labels.extend(self.common_labels.iter().map(|(k, v)| (k.clone(), v.clone())));
        self.label_paths.add(object, &mut labels);
        labels
    }

    fn family(&self) -> Family<'_> {
        Family {
            name: &self.name,
            metric_type: self.metric_type,
            help: &self.help,
        }
    }
}

impl StateMetrics {
    pub(super) fn visit_custom(&self, state: &CustomState, visit: Visit<'_>) {
        for sample in state.samples() {
            let Some(family) = self.custom.0.families.get(sample.family as usize) else {
                continue;
            };
            if self.plan.has_metric(&family.name) {
                let labels: Vec<(&str, &str)> = sample.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
                visit(&family.family(), &labels, sample.value);
            }
        }
    }

    /// Writes the metrics of custom resources. Families of one name, which several versions of a kind have, are one.
    pub(super) fn write_custom(
        &self,
        objects: &[(Kind, Vec<Arc<Object>>)],
        writer: &mut TextWriter<'_>,
    ) -> io::Result<()> {
        let custom = objects.iter().filter(|(kind, _)| matches!(kind, Kind::Custom(_)));
        let custom: Vec<&Arc<Object>> = custom.flat_map(|(_, objects)| objects).collect();
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, family) in self.custom.0.families.iter().enumerate() {
            if self.plan.has_metric(&family.name) {
                by_name.entry(&family.name).or_default().push(place);
            }
        }
        for (name, places) in by_name {
            let mut has_header = false;
            for state in custom
                .iter()
                .filter(|object| self.plan.has(object))
                .filter_map(|object| object.custom())
            {
                for sample in state
                    .samples()
                    .iter()
                    .filter(|one| places.contains(&(one.family as usize)))
                {
                    if !has_header && let Some(family) = self.custom.0.families.get(sample.family as usize) {
                        has_header = true;
                        writer.header(&family.family());
                    }
                    let labels: Vec<(&str, &str)> = sample.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
                    writer.sample(name, &labels, sample.value)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
