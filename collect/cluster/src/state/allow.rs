//! Which labels and annotations are shown: none, unless somebody allows them.

use std::collections::BTreeMap;

use crate::objects::Text;

/// Stands for all labels, and for all resources.
const ALL: &str = "*";

/// Labels or annotations that are allowed, by resource in the plural, as in `pods`.
///
/// Written as kube-state-metrics takes it: `pods=[app,team],nodes=[*],*=[tier]`. The star as a resource means all
/// resources, and then counts alone; as a label it means all labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(pub BTreeMap<String, Vec<String>>);

/// Why a list was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the list {list:?} at {rest:?}: write it as in pods=[app,team],nodes=[*]")]
pub struct AllowListError {
    /// The list.
    pub list: String,
    /// What could not be read.
    pub rest: String,
}

impl AllowList {
    /// Reads a list.
    ///
    /// # Errors
    /// It is not written as above.
    pub fn parse(list: &str) -> Result<Self, AllowListError> {
        let mut allowed = BTreeMap::new();
        let mut rest = list.trim();
        while !rest.is_empty() {
            let (resource, names, after) = entry(rest).ok_or_else(|| AllowListError {
                list: list.to_owned(),
                rest: rest.to_owned(),
            })?;
            allowed.insert(resource.to_owned(), names);
            rest = after;
        }
        Ok(Self(allowed))
    }

    pub(super) fn of(&self, resource: &str) -> AllowedPairs {
        let names = self.0.get(ALL).or_else(|| self.0.get(resource));
        match names.map(Vec::as_slice) {
            None | Some([]) => AllowedPairs::None,
            Some([first, ..]) if first == ALL => AllowedPairs::All,
            Some(names) => AllowedPairs::Names(names.to_vec()),
        }
    }

    /// Returns the resources that are named.
    pub(super) fn resources(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|&resource| resource != ALL)
    }
}

/// Reads one `resource=[a,b]` and returns what is behind its comma.
fn entry(rest: &str) -> Option<(&str, Vec<String>, &str)> {
    let (resource, after) = rest.split_once("=[")?;
    let (names, after) = after.split_once(']')?;
    let after = match after.strip_prefix(',') {
        Some("") => return None,
        Some(more) => more,
        None if after.is_empty() => after,
        None => return None,
    };
    let resource = resource.trim();
    if resource.is_empty() || resource.contains([',', '[', ']', '=']) {
        return None;
    }
    let names = match names {
        "" => Vec::new(),
        names => names.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    let is_fine = names.iter().all(|name: &String| !name.is_empty());
    is_fine.then_some((resource, names, after))
}

/// What of an object's labels and annotations is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowed {
    pub(super) labels: AllowedPairs,
    pub(super) annotations: AllowedPairs,
}

/// Which pairs are shown.
#[derive(Clone, Debug, Default)]
pub(super) enum AllowedPairs {
    /// None, and no series says so.
    #[default]
    None,
    /// All.
    All,
    /// Those of these names.
    Names(Vec<String>),
}

impl AllowedPairs {
    /// Returns the pairs that are shown; `None` if there is no series.
    pub(super) fn of<'a>(
        &'a self,
        pairs: &'a [(Text, Text)],
    ) -> Option<impl Iterator<Item = &'a (Text, Text)>> {
        let names = match self {
            Self::None => return None,
            Self::All => None,
            Self::Names(names) => Some(names),
        };
        let shown = move |(name, _): &&(Text, Text)| {
            names.is_none_or(|names| names.iter().any(|one| **one == **name))
        };
        Some(pairs.iter().filter(shown))
    }
}

#[cfg(test)]
mod tests;
