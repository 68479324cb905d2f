//! What this process says of itself, collected like everything else.

use std::sync::{Arc, OnceLock, Weak};

use agent::Extra;
use cluster::ClusterHandle;
use host::{CollectError, Collector, Root};
use lake::Lake;
use model::{Family, Sink};
use scrape::ScrapeHandle;
use server::{Collection as _, Report as _, Reporter};
use store::Store;

use super::collecting::Collecting;
use super::forwarding::Forwarding;

/// The `job` of these series.
const JOB: &str = "periplus";
/// Routes times codes of the server are most of them without clusters; each of those has some hundreds for its kinds and
/// as many again for its events as there are reasons.
const SERIES_CAP: usize = 20_000;
const BUILD: Family<'_> = Family::gauge("periplus_build_info", "Version of this process; always 1.");

/// Reports of store, lake, agent and server. The agent runs it, yet it speaks of the agent and of the server that
/// speaks of the agent: those two come after the start.
#[derive(Clone)]
pub(super) struct OwnMetrics {
    store: Arc<Store>,
    lake: Option<Arc<Lake>>,
    forwarding: Arc<Forwarding>,
    late: Arc<OnceLock<Late>>,
}

struct Late {
    /// Weak: the agent owns us.
    collecting: Weak<Collecting>,
    server: Reporter,
    scraping: Option<ScrapeHandle>,
    clusters: Vec<ClusterHandle>,
}

impl OwnMetrics {
    /// Reports the store, the lake and the forwarders for now.
    pub(super) fn new((store, lake): (Arc<Store>, Option<Arc<Lake>>), forwarding: Arc<Forwarding>) -> Self {
        Self {
            store,
            lake,
            forwarding,
            late: Arc::default(),
        }
    }

    /// Returns it as a collector of the agent.
    pub(super) fn as_extra(&self) -> Extra {
        Extra {
            name: "periplus",
            job: JOB,
            source: "this process",
            series_cap: SERIES_CAP,
            collector: Box::new(self.clone()),
        }
    }

    /// Reports agent, server, scraping and clusters too from now on; the first call counts.
    pub(super) fn complete(
        &self,
        collecting: &Arc<Collecting>,
        (server, scraping, clusters): (Reporter, Option<ScrapeHandle>, Vec<ClusterHandle>),
    ) {
        let late = Late {
            collecting: Arc::downgrade(collecting),
            server,
            scraping,
            clusters,
        };
        debug_assert!(self.late.get().is_none(), "completed once");
        self.late.get_or_init(|| late);
    }
}

impl Collector for OwnMetrics {
    fn collect(&mut self, _root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        out.sample(&BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        self.store.report(out);
        if let Some(lake) = &self.lake {
            lake.report(out);
        }
        self.forwarding.report(out);
        if let Some(late) = self.late.get() {
            late.server.report(out);
            if let Some(scraping) = &late.scraping {
                scraping.report(out);
            }
            for cluster in &late.clusters {
                cluster.report(out);
            }
            if let Some(collecting) = late.collecting.upgrade() {
                collecting.report(out);
            }
        }
        Ok(())
    }
}
