//! Objects of kinds that a cluster defines itself: of them only the values are kept that metrics were asked for.

use std::sync::Arc;

use crate::objects::value::TextMap;
use crate::objects::{CustomKind, Interner, Kind, Text};

/// What is kept of an object of a custom kind.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomState {
    kind: Kind,
    samples: Vec<CustomSample>,
}

/// A value that a metric was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomSample {
    /// Which metric.
    pub family: u32,
    /// All its labels.
    pub labels: TextMap,
    /// The value.
    pub value: f64,
}

impl CustomSample {
    /// Makes a value of one metric.
    pub(crate) fn new(
        family: u32,
        labels: impl IntoIterator<Item = (String, String)>,
        value: f64,
        interner: &Interner,
    ) -> Self {
        let labels = labels.into_iter();
        let labels = labels.map(|(name, value)| (interner.intern(&name), interner.intern(&value)));
        let labels: Vec<(Text, Text)> = labels.collect();
        let labels = interner.during(|| TextMap::new(labels));
        Self {
            family,
            labels,
            value,
        }
    }
}

impl CustomState {
    /// Begins without values.
    pub(crate) fn new(kind: Arc<CustomKind>) -> Self {
        Self {
            kind: Kind::Custom(kind),
            samples: Vec::new(),
        }
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, sample: CustomSample) {
        self.samples.push(sample);
    }

    /// Returns the kind.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns the values.
    pub fn samples(&self) -> &[CustomSample] {
        &self.samples
    }
}
