//! The state of objects as metrics, under the names, labels and values of kube-state-metrics.
//!
//! One table has all families ([`families`], a row a family); [`StateMetrics`] is that table with the options applied
//! once. Samples are made from the objects when somebody asks for them and are nowhere kept: what would be a page of
//! text a pod costs nothing between two collections. Names, labels, values and edge cases are those of
//! kube-state-metrics 2.15; where they differ, `docs/kubernetes-metrics.md` says so.

mod allow;
mod custom;
mod families;
mod names;
mod plan;
mod row;
mod shard;
mod text;

use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashSet};
use model::{Family, Sink};

pub use allow::{AllowList, AllowListError};
pub use custom::{CustomConfigError, CustomResources};
pub use plan::{StateOptions, StateOptionsError};
pub use row::Stability;
pub use shard::Shard;

use self::families::{EXPORTS, all_of};
use self::plan::Plan;
use self::text::TextWriter;
use crate::objects::{Body, Kind, Object};

/// Takes samples: the family, labels in no order and without the metric's name (some may be empty), the value.
pub type Visit<'a> = &'a mut dyn FnMut(&Family<'_>, &[(&str, &str)], f64);

/// Makes metrics of objects.
pub struct StateMetrics {
    plan: Plan,
    custom: CustomResources,
}

impl StateMetrics {
    /// Works out options.
    ///
    /// # Errors
    /// Options contradict each other, name what does not exist or hold a malformed regular expression.
    pub fn new(options: &StateOptions) -> Result<Self, StateOptionsError> {
        Ok(Self {
            plan: Plan::new(options)?,
            custom: options.custom_resources.clone(),
        })
    }

    /// Returns the kinds that have metrics and must be watched for them, custom ones not among them.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.plan.kinds.iter().map(|planned| planned.export.kind())
    }

    /// Tells whether objects of a kind have metrics, those of custom kinds aside.
    pub fn has_kind(&self, kind: &Kind) -> bool {
        self.plan.of(kind).is_some()
    }

    /// Returns which part of the objects this instance takes care of.
    pub fn shard(&self) -> Shard {
        self.plan.shard
    }

    /// Calls `visit` with all samples of one object; none if the object is another instance's or in a namespace that
    /// is not asked for.
    pub fn visit(&self, object: &Object, visit: Visit<'_>) {
        if !self.plan.has(object) {
            return;
        }
        if let Body::Custom(custom) = &object.body {
            return self.visit_custom(custom, visit);
        }
        let Some(planned) = self.plan.of(object.kind()) else {
            return;
        };
        planned.export.identify(object, &mut |identity| {
            for &place in &planned.families {
                let Some((family, _)) = planned.export.family(place) else {
                    continue;
                };
                planned
                    .export
                    .emit(place, planned.asked(object), &mut |own, value| {
                        with_both(identity, own, |labels| visit(family, labels, value));
                    });
            }
        });
    }

    /// Calls `visit` with the series that `delivered` had and `present`, which has its place now, has not; the value
    /// is the last one.
    pub fn visit_ended(&self, delivered: &Object, present: Option<&Object>, visit: Visit<'_>) {
        let hasher = DefaultHashBuilder::default();
        let mut kept = HashSet::new();
        if let Some(present) = present {
            self.visit(present, &mut |family, labels, _| {
                kept.insert(series_hash(&hasher, family, labels));
            });
        }
        self.visit(delivered, &mut |family, labels, value| {
            if !kept.contains(&series_hash(&hasher, family, labels)) {
                visit(family, labels, value);
            }
        });
    }

    /// Hands all samples of objects to a sink, object by object.
    pub fn deliver(&self, objects: &[(Kind, Vec<Arc<Object>>)], sink: &mut dyn Sink) {
        for object in objects.iter().flat_map(|(_, objects)| objects) {
            self.visit(object, &mut |family, labels, value| {
                sink.sample(family, labels, value)
            });
        }
    }

    /// Writes all samples of objects as text, family by family, objects as they are ordered. Families without samples
    /// are left out.
    ///
    /// # Errors
    /// `out` fails.
    pub fn write_text(
        &self,
        objects: &[(Kind, Vec<Arc<Object>>)],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let mut writer = TextWriter::new(out);
        for planned in &self.plan.kinds {
            let of_kind = objects.iter().filter(|(kind, _)| kind == planned.export.kind());
            let of_kind = of_kind.flat_map(|(_, objects)| objects).map(|object| &**object);
            let wanted: Vec<&Object> = of_kind.filter(|object| self.plan.has(object)).collect();
            writer.write(planned, &wanted)?;
        }
        self.write_custom(objects, &mut writer)?;
        writer.flush()
    }
}

/// Returns all families with how much they may be relied on, by resource in the plural.
pub fn families() -> Vec<(&'static str, Vec<(Family<'static>, Stability)>)> {
    let of = |export: &&'static dyn families::Export| {
        let families = all_of(*export).map(|(family, stability)| (*family, stability));
        (export.kind().plural(), families.collect())
    };
    EXPORTS.iter().map(of).collect()
}

/// Calls `use_it` with two lists of labels as one.
fn with_both<R>(a: &[(&str, &str)], b: &[(&str, &str)], use_it: impl FnOnce(&[(&str, &str)]) -> R) -> R {
    // Enough for all families but those with all labels of an object.
    let mut room = [("", ""); 12];
    let len = a.len() + b.len();
    if let Some(labels) = room.get_mut(..len) {
        for (place, label) in labels.iter_mut().zip(a.iter().chain(b)) {
            *place = *label;
        }
        return use_it(labels);
    }
    use_it(&[a, b].concat())
}

fn series_hash(hasher: &DefaultHashBuilder, family: &Family<'_>, labels: &[(&str, &str)]) -> u64 {
    hasher.hash_one((family.name, labels))
}

#[cfg(test)]
mod tests;
