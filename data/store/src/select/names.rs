//! Label names and values.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{NamesRequest, PackedLabels, QueryError};

use super::resolve;
use super::set::part_ids;
use crate::store::Inner;

/// Returns all label names in order.
pub(crate) fn label_names(inner: &Arc<Inner>, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
    if request.matcher_sets.is_empty() {
        let mut names = BTreeSet::new();
        let mut add = |name: &str| insert(&mut names, name);
        for shard in &inner.shards {
            let shard = shard.lock();
            if shard
                .span()
                .is_some_and(|(_, newest)| newest >= request.range.start)
            {
                shard.label_names(&mut add);
            }
        }
        inner
            .parts_in(request.range)
            .iter()
            .for_each(|part| part.label_names(&mut add));
        return Ok(first(names, request.limit));
    }
    collect(inner, request, |labels, names| {
        labels.iter().for_each(|(name, _)| insert(names, name))
    })
}

/// Returns all values of a label in order.
pub(crate) fn label_values(
    inner: &Arc<Inner>,
    label: &str,
    request: &NamesRequest,
) -> Result<Vec<String>, QueryError> {
    if request.matcher_sets.is_empty() {
        let mut values = BTreeSet::new();
        for shard in &inner.shards {
            let shard = shard.lock();
            if shard
                .span()
                .is_some_and(|(_, newest)| newest >= request.range.start)
            {
                shard.label_values(label, |value| insert(&mut values, value));
            }
        }
        for part in inner.parts_in(request.range) {
            let read = part.label_values(label, |value| insert(&mut values, value));
            inner.tolerate(&part, read)?;
        }
        return Ok(first(values, request.limit));
    }
    collect(inner, request, |labels, values| {
        if let Some(value) = labels.get(label) {
            insert(values, value);
        }
    })
}

/// Gathers from the labels of all series that one of the matcher sets finds.
fn collect(
    inner: &Arc<Inner>,
    request: &NamesRequest,
    mut each: impl FnMut(PackedLabels<'_>, &mut BTreeSet<String>),
) -> Result<Vec<String>, QueryError> {
    let mut names = BTreeSet::new();
    for matchers in &request.matcher_sets {
        for shard in &inner.shards {
            let shard = shard.lock();
            let ids = resolve(&mut &*shard, matchers)?;
            shard.describe(&ids, request.range.start, |_, packed| {
                each(PackedLabels::trusted(packed), &mut names);
            });
        }
        for part in inner.parts_in(request.range) {
            let read = part_ids(&part, matchers).and_then(|ids| {
                part.labels(&ids, |_, packed| each(PackedLabels::trusted(packed), &mut names))
            });
            inner.tolerate(&part, read)?;
        }
    }
    Ok(first(names, request.limit))
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

fn first(names: BTreeSet<String>, limit: usize) -> Vec<String> {
    names.into_iter().take(limit).collect()
}
