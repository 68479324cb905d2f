//! A label set that is being edited.

use crate::{LabelError, Labels, LabelsBuilder, PackedLabels};

/// Labels in no particular order, each name once, no empty values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditableLabels {
    pairs: Vec<(String, String)>,
}

impl EditableLabels {
    /// Copies a label set.
    pub fn from_packed(labels: PackedLabels<'_>) -> Self {
        let pairs = labels
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            pairs: pairs.collect(),
        }
    }

    /// Returns the value of a label, empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
    }

    /// Writes a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.remove(name);
            return;
        }
        match self.pairs.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.pairs.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) {
        self.pairs.retain(|(other, _)| other != name);
    }

    /// Removes the labels for whose name `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.pairs.retain(|(name, _)| keep(name));
    }

    /// Forgets all labels.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Iterates over `(name, value)`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the number of labels.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Tells whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Packs the labels.
    ///
    /// # Errors
    /// A name is empty, or a name or value is too long.
    pub fn to_labels(&self) -> Result<Labels, LabelError> {
        Labels::from_pairs(self.iter())
    }

    /// Adds the labels to a builder.
    pub fn add_to(&self, builder: &mut LabelsBuilder) {
        for (name, value) in self.iter() {
            builder.add(name, value);
        }
    }
}
