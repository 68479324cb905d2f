//! Labels of a point: from its attributes, its resource and its scope.

use std::collections::{BTreeMap, HashMap};

use model::{LabelsBuilder, METRIC_NAME};

use super::super::names::{NoName, label_name};
use super::super::settings::{OtlpSettings, Promotion};
use super::super::{Attributes, ScopeMetrics};

pub(super) const SERVICE_NAME: &str = "service.name";
pub(super) const SERVICE_NAMESPACE: &str = "service.namespace";
pub(super) const SERVICE_INSTANCE: &str = "service.instance.id";

/// Translated names that are remembered; a request with more works, only slower.
const MAX_REMEMBERED: usize = 10_000;

/// Labels by name; an empty value is no label.
#[derive(Clone, Debug, Default)]
pub(super) struct SeriesLabels {
    by_name: BTreeMap<String, String>,
}

impl SeriesLabels {
    /// Sets a label, whatever it was.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.by_name.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.by_name.get(name).map_or("", String::as_str)
    }

    /// Puts the labels, a metric name, and possibly one label more into a builder.
    pub(super) fn collect(&self, builder: &mut LabelsBuilder, name: &str, extra: Option<(&str, &str)>) {
        builder.clear();
        builder.add(METRIC_NAME, name);
        let is_taken = |label: &str| label == METRIC_NAME || extra.is_some_and(|(extra, _)| extra == label);
        for (label, value) in self.by_name.iter().filter(|(label, _)| !is_taken(label)) {
            builder.add(label, value);
        }
        if let Some((label, value)) = extra {
            builder.add(label, value);
        }
    }
}

/// Builds labels, with what the resource and the scope add.
pub(super) struct LabelSource<'a> {
    settings: &'a OtlpSettings,
    names: HashMap<String, String>,
    promoted: Vec<(String, String)>,
    job: String,
    instance: String,
    scope: Vec<(String, String)>,
    collisions: usize,
}

impl<'a> LabelSource<'a> {
    pub(super) fn new(settings: &'a OtlpSettings) -> Self {
        Self {
            settings,
            names: HashMap::new(),
            promoted: Vec::new(),
            job: String::new(),
            instance: String::new(),
            scope: Vec::new(),
            collisions: 0,
        }
    }

    /// Returns how many attributes were joined to others.
    pub(super) fn collisions(&self) -> usize {
        self.collisions
    }

    /// Goes on with points of a resource.
    pub(super) fn set_resource(&mut self, attributes: &Attributes) {
        let get = |name: &str| {
            attributes
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, value)| value.as_str())
        };
        self.job = match (get(SERVICE_NAMESPACE), get(SERVICE_NAME)) {
            (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
            (None, Some(name)) => name.to_owned(),
            (_, None) => String::new(),
        };
        self.instance = get(SERVICE_INSTANCE).unwrap_or_default().to_owned();
        self.promoted.clear();
        self.scope.clear();
        let settings = self.settings;
        let is_promoted = |name: &String| match &settings.promotion {
            Promotion::Only(names) => names.contains(name),
            Promotion::AllBut(names) => !names.contains(name),
        };
        for (name, value) in attributes.iter().filter(|(name, _)| is_promoted(name)) {
            // An attribute without a name left is left out, rather than all that the resource says.
            if let Ok(name) = self.translate(name) {
                self.promoted.push((name, value.clone()));
            }
        }
    }

    /// Goes on with points of a scope of the resource set last.
    pub(super) fn set_scope(&mut self, scope: &ScopeMetrics) {
        self.scope.clear();
        if !self.settings.promote_scope || scope.name.is_empty() {
            return;
        }
        for (name, value) in &scope.attributes {
            if let Ok(name) = self.translate(&format!("otel_scope_{name}")) {
                self.scope.push((name, value.clone()));
            }
        }
        let own = [
            ("otel_scope_name", &scope.name),
            ("otel_scope_version", &scope.version),
            ("otel_scope_schema_url", &scope.schema_url),
        ];
        self.scope
            .extend(own.map(|(name, value)| (name.to_owned(), value.clone())));
    }

    /// Returns the labels of a point without its metric name.
    pub(super) fn of_point(&mut self, attributes: &Attributes) -> Result<SeriesLabels, NoName> {
        let mut labels = self.of_attributes(attributes.iter())?;
        for (name, value) in &self.promoted {
            if labels.get(name).is_empty() {
                labels.set(name, value);
            }
        }
        self.add_service(&mut labels);
        for (name, value) in &self.scope {
            labels.set(name, value);
        }
        Ok(labels)
    }

    /// Adds `job` and `instance`.
    pub(super) fn add_service(&self, labels: &mut SeriesLabels) {
        for (name, value) in [("job", &self.job), ("instance", &self.instance)] {
            if !value.is_empty() {
                labels.set(name, value);
            }
        }
    }

    /// Translates attributes. Names that become the same join their values, in order of the names as sent.
    pub(super) fn of_attributes<'b>(
        &mut self,
        attributes: impl Iterator<Item = &'b (String, String)>,
    ) -> Result<SeriesLabels, NoName> {
        let mut sorted: Vec<&(String, String)> = attributes.filter(|(name, _)| name != METRIC_NAME).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let mut labels = SeriesLabels::default();
        for (name, value) in sorted {
            let name = self.translate(name)?;
            match labels.get(&name) {
                "" => labels.set(&name, value),
                existing => {
                    let joined = format!("{existing};{value}");
                    self.collisions += 1;
                    labels.set(&name, &joined);
                }
            }
        }
        Ok(labels)
    }

    fn translate(&mut self, name: &str) -> Result<String, NoName> {
        if let Some(known) = self.names.get(name) {
            return Ok(known.clone());
        }
        let translated = label_name(name, self.settings)?;
        if self.names.len() < MAX_REMEMBERED {
            self.names.insert(name.to_owned(), translated.clone());
        }
        Ok(translated)
    }
}
