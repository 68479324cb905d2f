//! Label names and values.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Matcher, Millis, NamesRequest, PackedLabels, QueryError};

use super::resolve;
use super::set::{left_in_head, left_in_part};
use crate::head::Shard;
use crate::part::{Part, PartError};
use crate::store::Inner;

/// Series of the head that are looked at under one hold of a shard's lock.
const SLICE: usize = 512;

/// Returns all label names in order.
pub(crate) fn label_names(inner: &Arc<Inner>, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
    let quick = Quick {
        head: &|shard, add| shard.label_names(add),
        part: &|part, add| {
            part.label_names(add);
            Ok(())
        },
    };
    find(inner, request, &quick, &|labels, names| {
        labels.iter().for_each(|(name, _)| insert(names, name));
    })
}

/// Returns all values of a label in order.
pub(crate) fn label_values(
    inner: &Arc<Inner>,
    label: &str,
    request: &NamesRequest,
) -> Result<Vec<String>, QueryError> {
    let quick = Quick {
        head: &|shard, add| shard.label_values(label, add),
        part: &|part, add| part.label_values(label, add),
    };
    find(inner, request, &quick, &|labels, values| {
        if let Some(value) = labels.get(label) {
            insert(values, value);
        }
    })
}

type Add<'a> = &'a mut dyn FnMut(&str);

/// How names are found where all series count.
struct Quick<'a> {
    head: &'a dyn Fn(&Shard, Add<'_>),
    part: &'a dyn Fn(&Part, Add<'_>) -> Result<(), PartError>,
}

/// How names are found on the labels of one series.
type FromLabels<'a> = &'a dyn Fn(PackedLabels<'_>, &mut BTreeSet<String>);

fn find(
    inner: &Arc<Inner>,
    request: &NamesRequest,
    quick: &Quick<'_>,
    each: FromLabels<'_>,
) -> Result<Vec<String>, QueryError> {
    let mut names = BTreeSet::new();
    let tombstones = Arc::clone(&inner.tombstones.read());
    let every = [Vec::new()];
    let all = request.matcher_sets.is_empty();
    let sets = if all {
        &every
    } else {
        request.matcher_sets.as_slice()
    };
    for at in 0..inner.shards.len() {
        let start = request.range.start;
        if all && !tombstones.hit_head() {
            let shard = inner.shards[at].lock();
            if shard.span().is_some_and(|(_, newest)| newest >= start) {
                (quick.head)(&shard, &mut |name| insert(&mut names, name));
            }
            continue;
        }
        for matchers in sets {
            names_in_shard(inner, (at, start), matchers, &mut |labels| {
                each(labels, &mut names)
            })?;
        }
    }
    for part in inner.parts_in(request.range) {
        let read = part.buried(&tombstones).and_then(|buried| {
            if all && !buried.has_gone() {
                return (quick.part)(&part, &mut |name| insert(&mut names, name));
            }
            for matchers in sets {
                let ids = left_in_part(&part, matchers, &tombstones)?;
                part.labels(&ids, |_, packed| each(PackedLabels::trusted(packed), &mut names))?;
            }
            Ok(())
        });
        inner.tolerate(&part, read)?;
    }
    Ok(first(names, request.limit))
}

/// Calls `each` with the labels of a shard's series that have samples from a time on, of which something is left.
fn names_in_shard(
    inner: &Inner,
    (at, start): (usize, Millis),
    matchers: &[Matcher],
    each: &mut dyn FnMut(PackedLabels<'_>),
) -> Result<(), QueryError> {
    let tombstones = Arc::clone(&inner.tombstones.read());
    let ids = resolve(&mut &*inner.shards[at].lock(), matchers)?;
    let mut found = Vec::new();
    for slice in ids.chunks(SLICE) {
        found.clear();
        inner.shards[at].lock().describe(slice, start, |series, packed| {
            found.push((series, packed.to_owned()));
        });
        for (series, packed) in &found {
            if left_in_head(inner, (at, *series), packed, &tombstones)? {
                each(PackedLabels::trusted(packed));
            }
        }
    }
    Ok(())
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

fn first(names: BTreeSet<String>, limit: usize) -> Vec<String> {
    names.into_iter().take(limit).collect()
}
