//! Containers and systemd services, by their cgroups.
//!
//! Names, labels, types and units are cAdvisor's. A cgroup is found in any hierarchy of cgroup v1, v2 or both; who
//! it belongs to is told by files that container runtimes and kubelet leave, never by asking one: there is no socket to
//! be let in to, and what is told is the same. Source of names and formulas: cAdvisor, docs/storage/prometheus.md, and
//! its handling of cgroup v1 and v2.

mod block;
mod cgroup;
mod discover;
mod emit;
mod files;
mod hierarchy;
mod identity;
mod kubelet;
mod network;
mod runtime;
mod usage;

use std::collections::{BTreeMap, HashSet};

use model::{Family, Sink};
use rustix::time::{ClockId, clock_gettime};

use crate::process::descriptors::Descriptors;
use crate::{CollectError, Collector, Root};

use block::Devices;
use cgroup::Class;
use discover::Found;
use emit::Emit;
use files::Files;
use hierarchy::Hierarchies;
use identity::Identity;

pub(crate) use cgroup::classify;
pub(crate) use runtime::Runtimes;

/// How often the owner of a cgroup is looked for while its runtime has not said it.
const MAX_LOOKS: u8 = 5;
/// Process ids of a cgroup whose files are looked at; more are counted only.
const MAX_PIDS: usize = 512;

const UNKNOWN: Family<'_> = Family::gauge(
    "periplus_container_identity_unknown",
    "Containers whose name no runtime's files tell.",
);

/// Collects the use of resources of containers and systemd services.
pub struct Containers {
    hierarchies: Option<Hierarchies>,
    runtimes: Runtimes,
    devices: Devices,
    descriptors: Descriptors,
    known: BTreeMap<String, Known>,
    generation: u64,
    /// Unix time of the boot in seconds; kept, so that start times do not move with the clock.
    boot_time: Option<u64>,
    now: fn() -> f64,
    ticks_per_second: u64,
}

/// What is remembered of a cgroup while it lives.
#[derive(Default)]
struct Known {
    inode: u64,
    generation: u64,
    identity: Option<Identity>,
    looks: u8,
    start_time: Option<f64>,
}

impl Default for Containers {
    fn default() -> Self {
        Self {
            hierarchies: None,
            runtimes: Runtimes::default(),
            devices: Devices::default(),
            descriptors: Descriptors::default(),
            known: BTreeMap::new(),
            generation: 0,
            boot_time: None,
            now: wall_clock,
            ticks_per_second: rustix::param::clock_ticks_per_second(),
        }
    }
}

impl Collector for Containers {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let hierarchies = match self.hierarchies.take() {
            Some(hierarchies) => hierarchies,
            None => Hierarchies::find(root)?,
        };
        let mut files = Files::new(root);
        let result = self.collect_from(&hierarchies, &mut files, out);
        // Mounts are looked for again if nothing could be read: the hierarchies may have been mounted anew.
        if result.is_ok() {
            self.hierarchies = Some(hierarchies);
        }
        result?;
        files.into_problems().into_result()
    }
}

impl Containers {
    fn collect_from(
        &mut self,
        hierarchies: &Hierarchies,
        files: &mut Files<'_>,
        out: &mut dyn Sink,
    ) -> Result<(), CollectError> {
        self.generation += 1;
        let found = discover::find(files, hierarchies)?;
        self.identify(files, &found);
        let now = (self.now)();
        let host_network = network::namespace(files.root(), 1);
        let mut networks_shown = HashSet::new();
        let mut unknown = 0_usize;
        for (cgroup, known, identity) in sandboxes_first(&found, &self.known) {
            unknown += usize::from(!identity.known);
            let pids = discover::pids(files, cgroup);
            let usage = usage::read(files, hierarchies, &cgroup.path, self.ticks_per_second);
            let mut emit = Emit::new(&cgroup.path, identity, out);
            emit.usage(&usage, &mut self.devices, files.root());
            emit.processes(files.root(), &pids, &mut self.descriptors);
            emit.times(known.start_time, now);
            if cgroup.class.is_container() {
                emit.names(kubelet::logs(files.root(), identity).as_ref());
            }
            let first = pids.first().copied();
            let own_network = first.and_then(|pid| Some((pid, network::namespace(files.root(), pid)?)));
            if let (Some((pid, namespace)), Some(host)) = (own_network, host_network)
                && namespace != host
                && networks_shown.insert(namespace)
            {
                network::emit(files, pid, &mut emit);
            }
        }
        out.sample(&UNKNOWN, &[], unknown as f64);
        Ok(())
    }

    /// Learns who new cgroups belong to and forgets those that are gone.
    fn identify(&mut self, files: &mut Files<'_>, found: &[Found]) {
        for cgroup in found {
            let same = self
                .known
                .remove(&cgroup.path)
                .filter(|known| known.inode == cgroup.inode);
            let known = same.unwrap_or_else(|| Known {
                inode: cgroup.inode,
                ..Known::default()
            });
            let known = self.learn(files, cgroup, known);
            self.known.insert(cgroup.path.clone(), known);
        }
        let generation = self.generation;
        self.known.retain(|_, known| known.generation == generation);
    }

    /// Learns of a cgroup what is not known yet: a runtime may be late to name it, and it may have been empty.
    fn learn(&mut self, files: &mut Files<'_>, cgroup: &Found, mut known: Known) -> Known {
        known.generation = self.generation;
        let named = known.identity.as_ref().is_some_and(|identity| identity.known);
        let to_name = !named && known.looks < MAX_LOOKS;
        let to_time = known.start_time.is_none() && (to_name || known.identity.is_some());
        if !to_name && !to_time {
            return known;
        }
        let pids = discover::pids(files, cgroup);
        if to_name {
            if let (Some(pid), true) = (pids.first(), cgroup.class.is_container()) {
                self.runtimes.learn(files.root(), *pid);
            }
            known.identity = identity::of(files.root(), &cgroup.path, &cgroup.class, &self.runtimes);
            known.looks += 1;
        }
        if to_time && known.identity.is_some() {
            known.start_time = self.start_time(files, &pids);
        }
        known
    }

    /// Returns when the oldest process of a cgroup started, in seconds since the epoch.
    fn start_time(&mut self, files: &mut Files<'_>, pids: &[u32]) -> Option<f64> {
        if self.boot_time.is_none() {
            self.boot_time = files.boot_time();
        }
        let starts = pids
            .iter()
            .take(MAX_PIDS)
            .filter_map(|pid| files.start_ticks(*pid));
        let ticks = starts.min()?;
        Some(self.boot_time? as f64 + ticks as f64 / self.ticks_per_second as f64)
    }
}

/// Returns the cgroups of known owner, pods' sandboxes first: the network of a pod is shown with its sandbox.
fn sandboxes_first<'a>(
    found: &'a [Found],
    known: &'a BTreeMap<String, Known>,
) -> Vec<(&'a Found, &'a Known, &'a Identity)> {
    let owned = found.iter().filter_map(|cgroup| {
        let known = known.get(&cgroup.path)?;
        Some((cgroup, known, known.identity.as_ref()?))
    });
    let mut owned: Vec<_> = owned.collect();
    owned.sort_by_key(|(_, _, identity)| !identity.sandbox);
    owned
}

/// Whose the processes of a cgroup are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Name of the systemd unit, or of the container, for people.
    pub(crate) unit: String,
    /// Name of the container in its pod.
    pub(crate) container: String,
    /// Name of the pod.
    pub(crate) pod: String,
    /// Namespace of the pod.
    pub(crate) namespace: String,
}

/// Returns whose the processes of a container or service are; `None` for what turns out to be neither.
pub(crate) fn place(root: &Root, path: &str, class: &Class, runtimes: &Runtimes) -> Option<Place> {
    let identity = identity::of(root, path, class, runtimes)?;
    // A pod's containers have names that people gave them, beside ids that they did not.
    let unit = match (identity.pod.is_empty(), identity.container.is_empty()) {
        (false, false) => format!("{}/{}", identity.pod, identity.container),
        (false, true) => identity.pod.clone(),
        _ => cgroup::short_id(&identity.name).to_owned(),
    };
    Some(Place {
        unit,
        container: identity.container,
        pod: identity.pod,
        namespace: identity.namespace,
    })
}

fn wall_clock() -> f64 {
    clock_gettime(ClockId::Realtime).tv_sec as f64
}

#[cfg(test)]
mod tests;
