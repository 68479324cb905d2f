//! One of `kubernetes_sd_configs` at work: which tables it looks at, and which groups a change of an object changes.
//!
//! Changes are gathered for a while before they are handed over, longer where there are many targets: relabelling
//! goes through all targets of a job each time.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use scrape::config::{KubernetesConfig, KubernetesRole};
use scrape::{Discovery, GroupSink, Search, TargetGroup};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::groups;
use super::hub::{Hub, Lease, Wanted};
use super::objects::{Body, Object, Reference, key};
use super::table::Inbox;
use crate::client::Access;
use crate::objects::{Kind, SERVICE};

/// Changes are gathered for at least so long, and for at most the longer time.
const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(5);
/// For each group there is, changes are gathered for so long.
const PER_GROUP: Duration = Duration::from_micros(100);

/// The tables of one namespace, or of all.
#[derive(Default)]
pub(super) struct Scope {
    /// Objects that become groups.
    main: Option<Arc<Lease>>,
    services: Option<Arc<Lease>>,
    pods: Option<Arc<Lease>>,
    nodes: Option<Arc<Lease>>,
    namespaces: Option<Arc<Lease>>,
}

/// Tables of a scope have slots in this order.
const SLOTS: usize = 5;

/// What has changed around the main objects.
struct Around {
    services: HashSet<Arc<str>>,
    pods: HashSet<Arc<str>>,
    nodes: HashSet<Arc<str>>,
    namespaces: HashSet<Arc<str>>,
}

/// A search.
pub(super) struct KubernetesSearch {
    pub(super) hub: Arc<Hub>,
    pub(super) access: Access,
    pub(super) config: KubernetesConfig,
    /// All namespaces, if there is none.
    pub(super) namespaces: Vec<String>,
}

impl Scope {
    /// Finds a service by `namespace/name`.
    pub(super) fn service(&self, key: &str) -> Option<Arc<Object>> {
        self.services.as_ref()?.find(key)
    }

    /// Finds a pod by `namespace/name`.
    pub(super) fn pod(&self, key: &str) -> Option<Arc<Object>> {
        self.pods.as_ref()?.find(key)
    }

    /// Tells whether nodes are looked at.
    pub(super) fn has_nodes(&self) -> bool {
        self.nodes.is_some()
    }

    /// Finds a node.
    pub(super) fn node(&self, name: &str) -> Option<Arc<Object>> {
        self.nodes.as_ref()?.find(name)
    }

    /// Finds a namespace.
    pub(super) fn namespace(&self, name: &str) -> Option<Arc<Object>> {
        self.namespaces.as_ref()?.find(name)
    }

    fn tables(&self) -> [&Option<Arc<Lease>>; SLOTS] {
        [
            &self.main,
            &self.services,
            &self.pods,
            &self.nodes,
            &self.namespaces,
        ]
    }

    fn is_known(&self) -> bool {
        self.tables().into_iter().flatten().all(|table| table.is_known())
    }

    /// Returns all groups.
    fn groups(&self, config: &KubernetesConfig) -> Vec<TargetGroup> {
        let main = self.main.iter().flat_map(|table| table.all());
        main.filter_map(|object| groups::group(config, self, &object))
            .collect()
    }

    /// Returns the groups that have changed.
    fn changed(
        &self,
        config: &KubernetesConfig,
        mut changed: HashSet<Arc<str>>,
        around: &Around,
    ) -> Vec<TargetGroup> {
        let Some(main) = &self.main else {
            return Vec::new();
        };
        if !around.is_empty() {
            let touched = main.all().into_iter().filter(|object| around.touches(object));
            changed.extend(touched.map(|object| Arc::from(object.key())));
        }
        let groups = changed.iter().filter_map(|key| match main.find(key) {
            Some(object) => groups::group(config, self, &object),
            None => Some(TargetGroup {
                source: groups::source(config.role, key),
                ..TargetGroup::default()
            }),
        });
        groups.collect()
    }
}

#[cfg(test)]
impl Scope {
    /// Makes a scope whose main objects are of a kind; of other kinds, it looks at those that there are.
    pub(super) fn of(main: &Kind, objects: &[(Kind, serde_json::Value)]) -> Self {
        use super::table::Table;
        use crate::objects::Interner;
        use crate::reflector::Receiver as _;

        let table = |kind: &Kind| {
            let of_kind: Vec<_> = objects.iter().filter(|(other, _)| other == kind).collect();
            let table = Table::new(kind.clone(), Interner::default());
            for (_, json) in &of_kind {
                table.apply(&json.to_string()).expect("the object can be read");
            }
            (!of_kind.is_empty()).then(|| Lease::of(table))
        };
        let around = |kind: Kind| table(&kind).filter(|_| kind != *main);
        Self {
            main: table(main),
            services: around(Kind::Service),
            pods: around(Kind::Pod),
            nodes: around(Kind::Node),
            namespaces: around(Kind::Namespace),
        }
    }

    pub(super) fn main_objects(&self) -> Vec<Arc<Object>> {
        self.main.iter().flat_map(|table| table.all()).collect()
    }
}

impl Around {
    fn is_empty(&self) -> bool {
        let sets = [&self.services, &self.pods, &self.nodes, &self.namespaces];
        sets.into_iter().all(HashSet::is_empty)
    }

    /// Tells whether the group of an object says something of what has changed.
    fn touches(&self, object: &Object) -> bool {
        if self.namespaces.contains(&*object.meta.namespace) {
            return true;
        }
        let refers = |reference: Option<&Reference>| {
            reference.is_some_and(|reference| match &*reference.kind {
                "Pod" => self.pods.contains(&*key(&reference.namespace, &reference.name)),
                "Node" => self.nodes.contains(&*reference.name),
                _ => false,
            })
        };
        let service = |name: &str| self.services.contains(&*key(&object.meta.namespace, name));
        match &object.body {
            Body::Pod(pod) => self.nodes.contains(&*pod.node),
            Body::Endpoints(subsets) => {
                let both = |i: usize| {
                    subsets
                        .get(i)
                        .into_iter()
                        .flat_map(|subset| subset.addresses.iter().chain(&subset.not_ready_addresses))
                };
                let mut addresses = (0..subsets.len()).flat_map(both);
                service(&object.meta.name)
                    || addresses.any(|address| {
                        refers(address.target_ref.as_ref())
                            || address
                                .node_name
                                .as_ref()
                                .is_some_and(|node| self.nodes.contains(&**node))
                    })
            }
            Body::EndpointSlice(slice) => {
                object.meta.labels.get(SERVICE).is_some_and(service)
                    || slice.endpoints.iter().any(|endpoint| {
                        refers(endpoint.target_ref.as_ref())
                            || endpoint
                                .node_name
                                .as_ref()
                                .is_some_and(|node| self.nodes.contains(&**node))
                    })
            }
            Body::Node(_) | Body::Service(_) | Body::Ingress(_) | Body::Nothing => false,
        }
    }
}

impl KubernetesSearch {
    async fn open(&self, kind: Kind, role: Option<KubernetesRole>, namespace: Option<&str>) -> Arc<Lease> {
        let selector = role.and_then(|role| self.config.selector(role));
        let selector = selector.map(|selector| (selector.label.clone(), selector.field.clone()));
        self.hub
            .open(Wanted {
                access: self.access.clone(),
                namespace: namespace.filter(|_| kind.is_namespaced()).map(str::to_owned),
                kind,
                selector: selector.unwrap_or_default(),
            })
            .await
    }

    /// Opens the tables of a namespace, or of all.
    async fn scope(&self, namespace: Option<&str>) -> Scope {
        let role = self.config.role;
        let main = match role {
            KubernetesRole::Node => Kind::Node,
            KubernetesRole::Pod => Kind::Pod,
            KubernetesRole::Service => Kind::Service,
            KubernetesRole::Endpoints => Kind::Endpoints,
            KubernetesRole::EndpointSlice => Kind::EndpointSlice,
            KubernetesRole::Ingress => Kind::Ingress,
        };
        let behind_services = matches!(role, KubernetesRole::Endpoints | KubernetesRole::EndpointSlice);
        let mut scope = Scope {
            main: Some(self.open(main, Some(role), namespace).await),
            ..Scope::default()
        };
        if behind_services {
            let service = Some(KubernetesRole::Service);
            scope.services = Some(self.open(Kind::Service, service, namespace).await);
            let pod = Some(KubernetesRole::Pod);
            scope.pods = Some(self.open(Kind::Pod, pod, namespace).await);
        }
        if self.config.attach_node && (behind_services || role == KubernetesRole::Pod) {
            let node = Some(KubernetesRole::Node);
            scope.nodes = Some(self.open(Kind::Node, node, None).await);
        }
        if self.config.attach_namespace && role != KubernetesRole::Node {
            scope.namespaces = Some(self.open(Kind::Namespace, None, None).await);
        }
        scope
    }

    async fn scopes(&self) -> (Arc<Vec<Scope>>, Arc<Inbox>) {
        let mut scopes = Vec::new();
        let names: BTreeSet<&str> = self.namespaces.iter().map(String::as_str).collect();
        if names.is_empty() || self.config.role == KubernetesRole::Node {
            scopes.push(self.scope(None).await);
        } else {
            for name in names {
                scopes.push(self.scope(Some(name)).await);
            }
        }
        let inbox = Inbox::new(scopes.len() * SLOTS);
        for (i, scope) in scopes.iter().enumerate() {
            for (slot, table) in scope.tables().into_iter().enumerate() {
                if let Some(table) = table {
                    table.tell(&inbox, i * SLOTS + slot);
                }
            }
        }
        (Arc::new(scopes), inbox)
    }

    async fn run(self, out: GroupSink) {
        let (scopes, inbox) = self.scopes().await;
        while !scopes.iter().all(Scope::is_known) {
            inbox.wait().await;
        }
        inbox.take();
        let mut n_groups;
        let every = {
            let (scopes, config) = (Arc::clone(&scopes), self.config.clone());
            // Labels of thousands of targets take long.
            spawn_blocking(move || {
                scopes
                    .iter()
                    .flat_map(|scope| scope.groups(&config))
                    .collect::<Vec<_>>()
            })
        };
        let Ok(every) = every.await else { return };
        n_groups = every.len();
        out.replace(every).await;
        loop {
            inbox.wait().await;
            let pause = PER_GROUP.saturating_mul(u32::try_from(n_groups).unwrap_or(u32::MAX));
            sleep(pause.clamp(SHORT, LONG)).await;
            let taken = inbox.take();
            if taken.iter().all(HashSet::is_empty) {
                continue;
            }
            let (working, config) = (Arc::clone(&scopes), self.config.clone());
            let Ok(changed) = spawn_blocking(move || changed(&config, &working, taken)).await else {
                return;
            };
            if !changed.is_empty() {
                out.update(changed).await;
            }
            n_groups = scopes
                .iter()
                .filter_map(|scope| scope.main.as_ref())
                .map(|table| table.size())
                .sum();
        }
    }
}

/// Returns the groups that have changed, of all scopes.
fn changed(config: &KubernetesConfig, scopes: &[Scope], taken: Vec<HashSet<Arc<str>>>) -> Vec<TargetGroup> {
    let mut slots = taken.into_iter();
    let mut groups = Vec::new();
    for scope in scopes {
        let mut next = || slots.next().unwrap_or_default();
        let main = next();
        let around = Around {
            services: next(),
            pods: next(),
            nodes: next(),
            namespaces: next(),
        };
        groups.extend(scope.changed(config, main, &around));
    }
    groups
}

impl Discovery for KubernetesSearch {
    fn search(self: Box<Self>, out: GroupSink, stop: CancellationToken) -> Search {
        Box::pin(async move {
            // What is gathered and not handed over when scraping stops is of no use.
            _ = stop.run_until_cancelled(self.run(out)).await;
        })
    }
}
