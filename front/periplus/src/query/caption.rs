//! What tells the series of an answer apart: the labels in which they differ. Those they share are said once.

use crate::client::Series;

/// The label that holds the metric name.
const NAME: &str = model::METRIC_NAME;

/// The labels of a set of series, sorted into those all share and those that differ.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caption {
    /// Labels with the same value on every series.
    shared: Vec<(String, String)>,
    /// Names of the others, in order, the metric name first.
    pub(super) varying: Vec<String>,
}

impl Caption {
    /// Sorts the labels of series. Of a single series nothing is shared.
    pub(super) fn of(series: &[Series]) -> Self {
        let mut names: Vec<&str> = series
            .iter()
            .flat_map(|one| one.labels.iter().map(|(name, _)| name.as_str()))
            .collect();
        names.sort_unstable_by_key(|name| (*name != NAME, *name));
        names.dedup();
        let (shared, varying): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| {
            let first = series.first().map_or("", |one| one.label(name));
            (series.len() > 1 || *name == NAME) && series.iter().all(|one| one.label(name) == first)
        });
        let value = |name: &str| series.first().map_or("", |one| one.label(name)).to_owned();
        Self {
            shared: shared
                .into_iter()
                .map(|name| (name.to_owned(), value(name)))
                .collect(),
            varying: varying.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Writes what all series share, in the exposition form; `None` if that is nothing.
    pub(super) fn shared(&self) -> Option<String> {
        let name = self
            .shared
            .iter()
            .find(|(name, _)| name == NAME)
            .map_or("", |(_, value)| value);
        let labels: Vec<String> = self
            .shared
            .iter()
            .filter(|(name, _)| name != NAME)
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        match (name.is_empty(), labels.is_empty()) {
            (true, true) => None,
            (false, true) => Some(name.to_owned()),
            _ => Some(format!("{name}{{{}}}", labels.join(", "))),
        }
    }

    /// Writes what sets a series apart, in the exposition form.
    pub(super) fn apart(&self, series: &Series) -> String {
        let name = if self.varying.iter().any(|name| name == NAME) {
            series.label(NAME)
        } else {
            ""
        };
        let labels: Vec<String> = self
            .varying
            .iter()
            .filter(|label| *label != NAME && !series.label(label).is_empty())
            .map(|label| format!("{label}={:?}", series.label(label)))
            .collect();
        if labels.is_empty() && !name.is_empty() {
            return name.to_owned();
        }
        format!("{name}{{{}}}", labels.join(", "))
    }
}
