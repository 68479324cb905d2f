//! What reading a cluster says about itself.

use model::{Family, Sink};

use crate::cluster::ClusterHandle;
use crate::status::SyncState;

const UP: Family<'_> = Family::gauge(
    "periplus_cluster_up",
    "Whether the API server answered when it was asked last.",
);
const SYNCED: Family<'_> = Family::gauge(
    "periplus_cluster_synced",
    "Whether every kind that can be read is known.",
);
const STATE: Family<'_> = Family::gauge(
    "periplus_cluster_kinds",
    "Kinds of objects by where their following stands.",
);
const OBJECTS: Family<'_> = Family::gauge("periplus_cluster_objects", "Objects that are known.");
const CHANGES: Family<'_> = Family::counter(
    "periplus_cluster_changes_total",
    "Objects that were taken or forgotten.",
);
const LISTS: Family<'_> = Family::counter(
    "periplus_cluster_lists_total",
    "How often all objects of a kind were taken in.",
);
const WATCHES: Family<'_> = Family::counter(
    "periplus_cluster_watches_total",
    "How often a watch went on from a known version.",
);
const EXPIRED: Family<'_> = Family::counter(
    "periplus_cluster_expired_total",
    "How often the version to go on from was too old.",
);
const ERRORS: Family<'_> = Family::counter("periplus_cluster_errors_total", "Requests that failed.");
const UNREADABLE: Family<'_> = Family::counter(
    "periplus_cluster_unreadable_total",
    "How often an object could not be read.",
);
const LEFT_OUT: Family<'_> = Family::gauge(
    "periplus_cluster_custom_resources_left_out",
    "Custom resources that are not read as there are too many definitions.",
);
const INDEX_BYTES: Family<'_> = Family::gauge(
    "periplus_cluster_index_bytes",
    "Bytes that tables and indices of objects take, without the objects.",
);
const STRINGS: Family<'_> = Family::gauge(
    "periplus_cluster_strings",
    "Strings and other values that objects share.",
);
const STRING_BYTES: Family<'_> = Family::gauge(
    "periplus_cluster_string_bytes",
    "Bytes of strings and other values that objects share.",
);
const EVENTS_WAITING: Family<'_> =
    Family::gauge("periplus_cluster_events_waiting", "Events that wait for the log.");
const EVENTS_STORED: Family<'_> = Family::counter(
    "periplus_cluster_events_stored_total",
    "Observations of events that the log has taken.",
);
const EVENTS_DROPPED: Family<'_> = Family::counter(
    "periplus_cluster_events_dropped_total",
    "Observations of events that were dropped as too many waited or the log refused them.",
);
const EVENTS: Family<'_> = Family::counter(
    "periplus_cluster_events_total",
    "How often what happened, as events tell it, since this process began to watch.",
);
const DELIVERIES: Family<'_> = Family::counter(
    "periplus_cluster_state_deliveries_total",
    "Deliveries of the state of objects as metrics.",
);
const SAMPLES: Family<'_> = Family::gauge(
    "periplus_cluster_state_samples",
    "Samples in the last delivery of the state of objects.",
);
const LOST: Family<'_> = Family::counter(
    "periplus_cluster_state_lost_samples_total",
    "Samples of the state of objects that the store did not take.",
);
const SECONDS: Family<'_> = Family::gauge(
    "periplus_cluster_state_delivery_seconds",
    "How long the last delivery of the state of objects took.",
);

#[expect(clippy::cast_precision_loss, reason = "counters are exact up to 2^53")]
fn number(n: u64) -> f64 {
    n as f64
}

impl ClusterHandle {
    /// Reports the metrics of reading the cluster.
    pub fn report(&self, out: &mut dyn Sink) {
        let cluster = ("cluster", self.name());
        let flag = |is_so: bool| f64::from(u8::from(is_so));
        out.sample(&UP, &[cluster], flag(self.server().reachable == Some(true)));
        out.sample(&SYNCED, &[cluster], flag(self.is_synced()));
        let kinds = self.kinds();
        for state in SyncState::ALL {
            let n = kinds.iter().filter(|kind| kind.state == state).count();
            out.sample(&STATE, &[cluster, ("state", state.word())], number(n as u64));
        }
        for kind in &kinds {
            let name = kind.kind.to_string();
            let labels = [cluster, ("resource", name.as_str())];
            out.sample(&OBJECTS, &labels, number(kind.objects as u64));
            for (family, value) in [
                (&CHANGES, kind.changes),
                (&LISTS, kind.lists),
                (&WATCHES, kind.watches),
                (&EXPIRED, kind.expired),
                (&ERRORS, kind.errors),
                (&UNREADABLE, kind.unreadable),
            ] {
                out.sample(family, &labels, number(value));
            }
        }
        out.sample(&LEFT_OUT, &[cluster], number(self.left_out() as u64));
        out.sample(
            &INDEX_BYTES,
            &[cluster],
            number(self.store().index_bytes() as u64),
        );
        let (strings, bytes) = self.store().interner().size();
        out.sample(&STRINGS, &[cluster], number(strings as u64));
        out.sample(&STRING_BYTES, &[cluster], number(bytes as u64));
        self.report_events(out);
        let delivery = self.delivery();
        out.sample(&DELIVERIES, &[cluster], number(delivery.deliveries));
        out.sample(&SAMPLES, &[cluster], number(delivery.last_samples as u64));
        out.sample(&LOST, &[cluster], number(delivery.lost + delivery.refused));
        out.sample(&SECONDS, &[cluster], delivery.last_took.as_secs_f64());
    }

    fn report_events(&self, out: &mut dyn Sink) {
        let cluster = ("cluster", self.name());
        let events = self.events();
        out.sample(&EVENTS_WAITING, &[cluster], number(events.waiting as u64));
        out.sample(&EVENTS_STORED, &[cluster], number(events.stored));
        out.sample(&EVENTS_DROPPED, &[cluster], number(events.dropped));
        for (key, count) in self.event_counters() {
            let labels = [
                cluster,
                ("namespace", &*key.namespace),
                ("kind", &*key.kind),
                ("reason", &*key.reason),
                ("type", key.event_type),
            ];
            out.sample(&EVENTS, &labels, number(count));
        }
    }
}
