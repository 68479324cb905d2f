//! What a rule must look like.

use super::{RelabelAction, RelabelSpec};

/// Which names of metrics and labels are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameScheme {
    /// Any text that is not empty.
    #[default]
    Utf8,
    /// Letters, digits (not first) and underscores; colons in names of metrics.
    Legacy,
}

impl NameScheme {
    /// Tells whether this may be the name of a label.
    pub fn is_label_name(self, name: &str) -> bool {
        self.is_name(name, |b| b.is_ascii_alphanumeric() || b == b'_')
    }

    /// Tells whether this may be the name of a metric.
    pub fn is_metric_name(self, name: &str) -> bool {
        self.is_name(name, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
    }

    fn is_name(self, name: &str, allowed: impl Fn(u8) -> bool) -> bool {
        let Some(first) = name.bytes().next() else {
            return false;
        };
        self == Self::Utf8 || !first.is_ascii_digit() && name.bytes().all(allowed)
    }
}

/// Why a rule is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RelabelError {
    /// The action cannot do without.
    #[error("action {action} needs {what}")]
    Missing {
        /// The action.
        action: &'static str,
        /// The key of the configuration.
        what: &'static str,
    },
    /// The action knows no such part.
    #[error("action {action} takes no {what}")]
    Superfluous {
        /// The action.
        action: &'static str,
        /// The key of the configuration.
        what: &'static str,
    },
    /// What is given can not be the name of a label.
    #[error("{what} {name:?} of action {action} is not a label name")]
    Name {
        /// The action.
        action: &'static str,
        /// The key of the configuration.
        what: &'static str,
        /// What is given.
        name: String,
    },
    /// What is given is no regular expression, or one that takes more than 1 MiB.
    #[error("invalid regular expression {pattern:?}")]
    Regex {
        /// What is given.
        pattern: String,
        /// What the regex engine says.
        #[source]
        source: regex::Error,
    },
}

pub(super) fn check(spec: &RelabelSpec, names: NameScheme) -> Result<(), RelabelError> {
    use RelabelAction as A;
    let action = spec.action.as_str();
    if spec.action == A::HashMod && spec.modulus == 0 {
        return Err(RelabelError::Missing {
            action,
            what: "modulus",
        });
    }
    let writes = matches!(
        spec.action,
        A::Replace | A::HashMod | A::Lowercase | A::Uppercase | A::KeepEqual | A::DropEqual
    );
    if writes && spec.target_label.is_empty() {
        return Err(RelabelError::Missing {
            action,
            what: "target_label",
        });
    }
    let template = spec.action == A::Replace && spec.target_label.contains('$');
    let target_fits = if template {
        is_template(&spec.target_label, names)
    } else {
        names.is_label_name(&spec.target_label)
    };
    if writes && !target_fits {
        return Err(bad_name(action, "target_label", &spec.target_label));
    }
    let replacement = spec.replacement.as_deref().unwrap_or("$1");
    if spec.action == A::LabelMap && !is_template(replacement, names) {
        return Err(bad_name(action, "replacement", replacement));
    }
    superfluous(spec).map_or(Ok(()), |what| Err(RelabelError::Superfluous { action, what }))
}

/// Finds a part that is given, other than as its default, and that the action does not know.
fn superfluous(spec: &RelabelSpec) -> Option<&'static str> {
    use RelabelAction as A;
    let replacement = spec.replacement.as_deref().is_some_and(|given| given != "$1");
    let separator = spec.separator.as_deref().is_some_and(|given| given != ";");
    let regex = spec.regex.as_deref().is_some_and(|given| given != "(.*)");
    let checks = match spec.action {
        A::Lowercase | A::Uppercase => vec![(replacement, "replacement")],
        A::KeepEqual | A::DropEqual => vec![
            (regex, "regex"),
            (spec.modulus != 0, "modulus"),
            (separator, "separator"),
            (replacement, "replacement"),
        ],
        A::LabelDrop | A::LabelKeep => vec![
            (spec.source_labels.is_some(), "source_labels"),
            (!spec.target_label.is_empty(), "target_label"),
            (spec.modulus != 0, "modulus"),
            (separator, "separator"),
            (replacement, "replacement"),
        ],
        _ => Vec::new(),
    };
    checks.into_iter().find(|(given, _)| *given).map(|(_, what)| what)
}

/// Tells whether a text with `$1`, `${1}` or `$name` in it may become the name of a label.
fn is_template(text: &str, names: NameScheme) -> bool {
    if names == NameScheme::Utf8 {
        return !text.is_empty();
    }
    // Without its variables the rest must be made of the right characters, and begin with one or a variable.
    let mut rest = text;
    let mut first = true;
    while let Some(c) = rest.chars().next() {
        if c == '$' {
            let behind = rest.strip_prefix('$').unwrap_or_default();
            let (name, after) = match behind.strip_prefix('{') {
                Some(braced) => match braced.split_once('}') {
                    Some(split) => split,
                    None => return false,
                },
                None => {
                    let end = behind.find(|c: char| !is_word(c)).unwrap_or(behind.len());
                    behind.split_at(end)
                }
            };
            if name.is_empty() || !name.chars().all(is_word) {
                return false;
            }
            rest = after;
        } else if is_word(c) && !(first && c.is_ascii_digit()) {
            rest = rest.strip_prefix(c).unwrap_or_default();
        } else {
            return false;
        }
        first = false;
    }
    !first
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn bad_name(action: &'static str, what: &'static str, name: &str) -> RelabelError {
    RelabelError::Name {
        action,
        what,
        name: name.to_owned(),
    }
}
