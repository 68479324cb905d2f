//! Lists of target groups as files and servers hold them: `[{"targets": […], "labels": {…}}]`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TargetGroup;
use crate::target::ADDRESS;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    targets: Vec<String>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Yaml,
}

/// Reads a list; `meta` is added to the labels of each group, `source` to the number of each group.
///
/// # Errors
/// It is no list of target groups.
pub(super) fn parse(
    text: &str,
    syntax: Syntax,
    source: &str,
    meta: (&str, &str),
) -> Result<Vec<TargetGroup>, String> {
    let entries: Vec<Option<Entry>> = match syntax {
        Syntax::Json => serde_json::from_str(text).map_err(|error| error.to_string())?,
        Syntax::Yaml => {
            let options = serde_saphyr::options! { with_snippet: false };
            serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?
        }
    };
    let groups = entries.into_iter().enumerate().map(|(i, entry)| {
        let entry = entry.ok_or_else(|| format!("group {i} is empty"))?;
        let mut labels: Vec<_> = entry.labels.unwrap_or_default().into_iter().collect();
        labels.push((meta.0.to_owned(), meta.1.to_owned()));
        let targets = entry.targets.into_iter();
        Ok(TargetGroup {
            source: format!("{source}:{i}"),
            labels,
            targets: targets.map(|target| vec![(ADDRESS.to_owned(), target)]).collect(),
        })
    });
    groups.collect()
}
