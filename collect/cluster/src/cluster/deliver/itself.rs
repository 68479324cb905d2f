//! What kube-state-metrics says of itself, as alerts on it ask for it: whether it is there, how its requests go, and
//! which part of the objects it takes care of.

use model::{Family, stale_marker};

use super::End;
use super::packer::Packer;
use crate::cluster::Shared;
use crate::objects::Kind;
use crate::state::{Shard, StateMetrics};
use crate::status::{KindName, KindStatus, SyncState};

const UP: Family<'_> = Family::gauge("up", "Whether the API server answers (1) or not (0).");
const LISTS: Family<'_> = Family::counter(
    "kube_state_metrics_list_total",
    "How often all objects of a kind were asked for.",
);
const WATCHES: Family<'_> = Family::counter(
    "kube_state_metrics_watch_total",
    "How often what changes of a kind was asked for.",
);
const ORDINAL: Family<'_> = Family::gauge(
    "kube_state_metrics_shard_ordinal",
    "Which part this instance has.",
);
const TOTAL: Family<'_> = Family::gauge(
    "kube_state_metrics_total_shards",
    "How many parts the objects are shared out in.",
);

/// Adds the samples; stale markers if all series end.
pub(super) fn push(packer: &mut Packer<'_>, shared: &Shared, (metrics, end): (&StateMetrics, End)) {
    let mut add = |family: &Family<'_>, labels: &[(&str, &str)], value: f64| {
        let value = match end {
            End::No => value,
            End::Yes => stale_marker(),
        };
        packer.sample(family, labels, value);
    };
    let is_up = shared.server.lock().reachable != Some(false);
    add(&UP, &[], f64::from(u8::from(is_up)));
    let Shard { index, total } = metrics.shard();
    let ordinal = index.to_string();
    add(&ORDINAL, &[("shard_ordinal", &ordinal)], f64::from(index));
    add(&TOTAL, &[], f64::from(total));
    let kinds: Vec<KindStatus> = shared.kinds.read().values().map(|cell| cell.read()).collect();
    for kind in &kinds {
        // What is read for other ends has no metrics, and a kind that the server lacks is no trouble.
        let resource = match &kind.kind {
            KindName::Objects(name) if metrics.has_kind(name) && kind.state != SyncState::Absent => {
                resource(name)
            }
            KindName::Objects(_) | KindName::Events => continue,
        };
        let watch_errors = kind.errors - kind.list_errors;
        for (family, succeeded, failed) in [
            (
                &LISTS,
                kind.lists.saturating_sub(kind.list_errors),
                kind.list_errors,
            ),
            (&WATCHES, kind.watches, watch_errors),
        ] {
            for (result, n) in [("success", succeeded), ("error", failed)] {
                // Counted from the first one on, as there.
                if n > 0 {
                    add(family, &[("resource", &resource), ("result", result)], n as f64);
                }
            }
        }
    }
}

/// Returns a kind as the type that it is in the libraries of Kubernetes: `*v1.Pod`.
fn resource(kind: &Kind) -> String {
    format!("*{}.{}", kind.version(), kind.name())
}
