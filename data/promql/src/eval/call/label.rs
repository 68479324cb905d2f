//! Functions that write labels.

use model::{Labels, METRIC_NAME};

use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::Frame;
use crate::eval::steps::Steps;
use crate::plan::{Kind, Node};

/// Sets a label; an empty value removes it.
pub(in crate::eval) fn with_label(labels: &Labels, name: &str, value: &str) -> Result<Labels, EvalError> {
    let others = labels.iter().filter(|(n, _)| *n != name);
    let all = others.chain(std::iter::once((name, value)));
    Labels::from_pairs(all).map_err(|error| EvalError::invalid(error.to_string()))
}

/// Returns the text of a string argument; `None` if it is not UTF-8.
pub(super) fn text_of(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) if text.raw.is_none() => Some(&text.value),
        _ => None,
    }
}

/// Returns the text of an argument that names a label.
fn label_name<'a>(node: &'a Node, what: &str) -> Result<&'a str, EvalError> {
    match text_of(node) {
        Some(name) if !name.is_empty() => Ok(name),
        name => Err(EvalError::invalid(format!(
            "invalid {what}: {}",
            name.unwrap_or("\u{fffd}")
        ))),
    }
}

impl Evaluator<'_> {
    pub(super) fn label_replace(&self, arg: &Node, rest: &[Node], steps: &Steps) -> Result<Frame, EvalError> {
        let [target, replacement, source, pattern] = rest else {
            return Err(super::wrong_arguments());
        };
        let (replacement, source) = (text_of(replacement).unwrap_or(""), text_of(source).unwrap_or(""));
        let pattern = text_of(pattern).unwrap_or("");
        let regex = regex::RegexBuilder::new(&format!("^(?s:{pattern})$"))
            .size_limit(1 << 20)
            .build();
        let Ok(regex) = regex else {
            let message = format!("invalid regular expression in label_replace(): {pattern}");
            return Err(EvalError::invalid(message));
        };
        let target = label_name(target, "destination label name in label_replace()")?;
        write_label(self.vector(arg, steps)?, target, |labels| {
            let captures = regex.captures(labels.get(source).unwrap_or(""))?;
            let mut value = String::new();
            captures.expand(replacement, &mut value);
            Some(value)
        })
    }

    pub(super) fn label_join(&self, arg: &Node, rest: &[Node], steps: &Steps) -> Result<Frame, EvalError> {
        let [target, separator, sources @ ..] = rest else {
            return Err(super::wrong_arguments());
        };
        let separator = text_of(separator).unwrap_or("");
        let sources = sources
            .iter()
            .map(|source| label_name(source, "source label name in label_join()"))
            .collect::<Result<Vec<_>, _>>()?;
        let target = label_name(target, "destination label name in label_join()")?;
        write_label(self.vector(arg, steps)?, target, |labels| {
            let values: Vec<_> = sources
                .iter()
                .map(|source| labels.get(source).unwrap_or(""))
                .collect();
            Some(values.join(separator))
        })
    }
}

/// Writes a label of each series for which there is a value.
fn write_label(
    mut frame: Frame,
    target: &str,
    value: impl Fn(&Labels) -> Option<String>,
) -> Result<Frame, EvalError> {
    for head in frame.heads_mut() {
        if let Some(value) = value(&head.labels) {
            head.labels = with_label(&head.labels, target, &value)?;
            head.drop_name &= target != METRIC_NAME;
        }
    }
    frame.merge_equal_labels()
}
