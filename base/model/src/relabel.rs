//! Relabelling: rules that rewrite, keep or drop label sets.
//!
//! The actions and their order are those of Prometheus' `relabel_config`
//! (<https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config>). A rule is checked
//! when it is made; applying it cannot fail.

use std::borrow::Cow;

use md5::{Digest as _, Md5};
use regex::Regex;

mod check;
mod labels;

pub use check::{NameScheme, RelabelError};
pub use labels::EditableLabels;

/// What a rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RelabelAction {
    /// Writes the expanded replacement to the target label if the regex matches.
    #[default]
    Replace,
    /// Keeps what the regex matches.
    Keep,
    /// Drops what the regex matches.
    Drop,
    /// Keeps what equals the target label.
    KeepEqual,
    /// Drops what equals the target label.
    DropEqual,
    /// Writes a hash, reduced by the modulus, to the target label.
    HashMod,
    /// Copies labels whose name the regex matches to the expanded replacement.
    LabelMap,
    /// Removes labels whose name the regex matches.
    LabelDrop,
    /// Removes labels whose name the regex does not match.
    LabelKeep,
    /// Writes the value in lower case to the target label.
    Lowercase,
    /// Writes the value in upper case to the target label.
    Uppercase,
}

impl RelabelAction {
    /// All actions.
    pub const ALL: [Self; 11] = [
        Self::Replace,
        Self::Keep,
        Self::Drop,
        Self::KeepEqual,
        Self::DropEqual,
        Self::HashMod,
        Self::LabelMap,
        Self::LabelDrop,
        Self::LabelKeep,
        Self::Lowercase,
        Self::Uppercase,
    ];

    /// Returns the word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::KeepEqual => "keepequal",
            Self::DropEqual => "dropequal",
            Self::HashMod => "hashmod",
            Self::LabelMap => "labelmap",
            Self::LabelDrop => "labeldrop",
            Self::LabelKeep => "labelkeep",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
        }
    }

    /// Finds an action by its word, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|action| action.as_str().eq_ignore_ascii_case(word))
    }
}

/// A rule as it is written; what is `None` was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelabelSpec {
    /// Labels whose values are joined.
    pub source_labels: Option<Vec<String>>,
    /// What stands between them; `;` if not given.
    pub separator: Option<String>,
    /// What is looked for, anchored at both ends; `(.*)` if not given.
    pub regex: Option<String>,
    /// For [`RelabelAction::HashMod`].
    pub modulus: u64,
    /// The label that is written or compared.
    pub target_label: String,
    /// What is written, with `$1` and `${1}` for groups of the regex; `$1` if not given.
    pub replacement: Option<String>,
    /// What is done.
    pub action: RelabelAction,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct RelabelRule {
    spec: RelabelSpec,
    separator: String,
    replacement: String,
    regex: Regex,
    /// The regex was not given: it matches everything.
    matches_all: bool,
    names: NameScheme,
}

impl PartialEq for RelabelRule {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.names == other.names
    }
}

impl RelabelRule {
    /// Checks a rule.
    ///
    /// # Errors
    /// A part that the action needs is missing, one that it does not know is given, or one is malformed.
    pub fn new(spec: RelabelSpec, names: NameScheme) -> Result<Self, RelabelError> {
        check::check(&spec, names)?;
        let pattern = spec.regex.as_deref().unwrap_or("(.*)");
        let regex = regex::RegexBuilder::new(&format!("^(?s:{pattern})$"))
            .size_limit(1 << 20)
            .build()
            .map_err(|source| RelabelError::Regex {
                pattern: pattern.to_owned(),
                source,
            })?;
        Ok(Self {
            separator: spec.separator.clone().unwrap_or_else(|| ";".to_owned()),
            replacement: spec.replacement.clone().unwrap_or_else(|| "$1".to_owned()),
            matches_all: pattern == "(.*)",
            regex,
            names,
            spec,
        })
    }

    /// Returns the rule as it was written.
    pub fn spec(&self) -> &RelabelSpec {
        &self.spec
    }

    /// Applies the rule; `false` if the label set is dropped, which then is as it was.
    #[must_use]
    pub fn apply(&self, labels: &mut EditableLabels) -> bool {
        let value = self.value(labels);
        let target = self.spec.target_label.as_str();
        match self.spec.action {
            RelabelAction::Keep => return self.regex.is_match(&value),
            RelabelAction::Drop => return !self.regex.is_match(&value),
            RelabelAction::KeepEqual => return labels.get(target) == value,
            RelabelAction::DropEqual => return labels.get(target) != value,
            RelabelAction::Replace => self.replace(labels, &value),
            RelabelAction::Lowercase => labels.set(target, &value.to_lowercase()),
            RelabelAction::Uppercase => labels.set(target, &value.to_uppercase()),
            RelabelAction::HashMod => labels.set(target, &self.hash(&value).to_string()),
            RelabelAction::LabelMap => self.map(labels),
            RelabelAction::LabelDrop => labels.retain(|name| !self.regex.is_match(name)),
            RelabelAction::LabelKeep => labels.retain(|name| self.regex.is_match(name)),
        }
        true
    }

    /// Returns the values of the source labels, joined.
    fn value(&self, labels: &EditableLabels) -> String {
        let sources = self.spec.source_labels.as_deref().unwrap_or_default();
        let mut out = String::new();
        for (i, name) in sources.iter().enumerate() {
            if i > 0 {
                out.push_str(&self.separator);
            }
            out.push_str(labels.get(name));
        }
        out
    }

    fn replace(&self, labels: &mut EditableLabels, value: &str) {
        let template = self.spec.target_label.as_str();
        let fixed = !template.contains('$') && !self.replacement.contains('$');
        if value.is_empty() && self.matches_all && fixed {
            labels.set(template, &self.replacement);
            return;
        }
        let Some(groups) = self.regex.captures(value) else {
            return;
        };
        let expand = |template: &str| {
            let mut out = String::new();
            groups.expand(template, &mut out);
            out
        };
        let target = expand(template);
        if self.names.is_label_name(&target) {
            labels.set(&target, &expand(&self.replacement));
        }
    }

    fn map(&self, labels: &mut EditableLabels) {
        let matching: Vec<_> = labels
            .iter()
            .filter_map(
                |(name, value)| match self.regex.replace(name, self.replacement.as_str()) {
                    // Nothing was replaced: no match, or a replacement without effect.
                    Cow::Borrowed(_) => None,
                    Cow::Owned(target) => Some((target, value.to_owned())),
                },
            )
            .collect();
        for (name, value) in matching {
            labels.set(&name, &value);
        }
    }

    /// The last eight bytes of the MD5, as Prometheus has always taken them.
    fn hash(&self, value: &str) -> u64 {
        let digest = Md5::digest(value.as_bytes());
        let last = digest.last_chunk::<8>().copied().unwrap_or_default();
        u64::from_be_bytes(last)
            .checked_rem(self.spec.modulus)
            .unwrap_or(0)
    }
}

/// Applies rules in order; `false` if one of them drops the label set.
#[must_use]
pub fn relabel(rules: &[RelabelRule], labels: &mut EditableLabels) -> bool {
    rules.iter().all(|rule| rule.apply(labels))
}

#[cfg(test)]
mod tests;
