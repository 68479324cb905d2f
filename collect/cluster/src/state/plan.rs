//! Options, checked and worked out: which kinds have metrics, and which.

use hashbrown::HashMap;
use regex::Regex;

use super::allow::{AllowList, Allowed};
use super::custom::CustomResources;
use super::families::{Asked, EXPORTS, Export, all_of};
use super::row::Stability;
use super::shard::Shard;
use crate::objects::{Kind, Object};

/// Resources whose metrics are there if nothing else is asked for, as in kube-state-metrics.
const DEFAULT_RESOURCES: &[&str] = &[
    "certificatesigningrequests",
    "configmaps",
    "cronjobs",
    "daemonsets",
    "deployments",
    "endpoints",
    "horizontalpodautoscalers",
    "ingresses",
    "jobs",
    "leases",
    "limitranges",
    "mutatingwebhookconfigurations",
    "namespaces",
    "networkpolicies",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "poddisruptionbudgets",
    "pods",
    "replicasets",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "statefulsets",
    "storageclasses",
    "validatingwebhookconfigurations",
    "volumeattachments",
];

/// What is exported. Names and meaning are those of kube-state-metrics' flags.
#[derive(Clone, Debug, Default)]
pub struct StateOptions {
    /// Resources in the plural, as in `pods`; empty means those that kube-state-metrics has by default.
    pub resources: Vec<String>,
    /// Namespaces; empty means all. Objects of the whole cluster are always there.
    pub namespaces: Vec<String>,
    /// Namespaces that are left out.
    pub namespaces_denylist: Vec<String>,
    /// Regular expressions that find a part of the names of metrics: only those are there.
    pub metric_allowlist: Vec<String>,
    /// Regular expressions that find a part of the names of metrics: those are left out.
    pub metric_denylist: Vec<String>,
    /// Regular expressions that find a part of the names of metrics that are only there if they are asked for.
    pub metric_opt_in_list: Vec<String>,
    /// Labels that are shown.
    pub labels_allowlist: AllowList,
    /// Annotations that are shown.
    pub annotations_allowlist: AllowList,
    /// Which part of the objects, if several instances share the work.
    pub shard: Option<Shard>,
    /// Metrics of custom resources.
    pub custom_resources: CustomResources,
    /// Whether there are metrics of custom resources and no others.
    pub custom_resources_only: bool,
}

/// Why options make no sense.
#[derive(Debug, thiserror::Error)]
pub enum StateOptionsError {
    /// Both lists are there.
    #[error("metric_allowlist and metric_denylist exclude each other: keep one of them")]
    AllowAndDeny,
    /// There is no such resource.
    #[error("unknown resource {name:?} in {option}: use one of {known}")]
    UnknownResource {
        /// The name.
        name: String,
        /// Where it stands.
        option: &'static str,
        /// All names.
        known: String,
    },
    /// A regular expression is malformed.
    #[error("cannot read the regular expression {pattern:?} in {option}")]
    Pattern {
        /// The expression.
        pattern: String,
        /// Where it stands.
        option: &'static str,
        /// What is wrong.
        #[source]
        source: regex::Error,
    },
    /// There is no such part.
    #[error("shard {index} does not exist among {total}: shards are counted from 0")]
    Shard {
        /// The part.
        index: u32,
        /// How many there are.
        total: u32,
    },
}

/// Options, worked out.
pub(super) struct Plan {
    /// In order of resources.
    pub(super) kinds: Vec<PlannedKind>,
    by_kind: HashMap<Kind, usize>,
    namespaces: Vec<String>,
    namespaces_denylist: Vec<String>,
    pub(super) shard: Shard,
    filter: Filter,
}

/// A kind that has metrics.
pub(super) struct PlannedKind {
    pub(super) export: &'static dyn Export,
    /// Places of the families that are there.
    pub(super) families: Vec<usize>,
    pub(super) allowed: Allowed,
}

impl PlannedKind {
    pub(super) fn asked<'a>(&'a self, object: &'a Object) -> Asked<'a> {
        Asked {
            object,
            allowed: &self.allowed,
        }
    }
}

/// Which metrics are there, by name.
struct Filter {
    patterns: Vec<Regex>,
    /// Whether the patterns say what is there, or what is not.
    is_allow: bool,
    opt_in: Vec<Regex>,
}

impl Plan {
    pub(super) fn new(options: &StateOptions) -> Result<Self, StateOptionsError> {
        let shard = options.shard.unwrap_or(Shard::ONLY);
        if shard.index >= shard.total {
            let Shard { index, total } = shard;
            return Err(StateOptionsError::Shard { index, total });
        }
        check_names("resources", options.resources.iter().map(String::as_str))?;
        check_names("labels_allowlist", options.labels_allowlist.resources())?;
        check_names("annotations_allowlist", options.annotations_allowlist.resources())?;
        let mut plan = Self {
            kinds: Vec::new(),
            by_kind: HashMap::new(),
            namespaces: options.namespaces.clone(),
            namespaces_denylist: options.namespaces_denylist.clone(),
            shard,
            filter: Filter::new(options)?,
        };
        if !options.custom_resources_only {
            for &export in EXPORTS {
                plan.add(export, options);
            }
        }
        Ok(plan)
    }

    fn add(&mut self, export: &'static dyn Export, options: &StateOptions) {
        let resource = export.kind().plural();
        let is_wanted = match options.resources.as_slice() {
            [] => DEFAULT_RESOURCES.contains(&resource),
            wanted => wanted.iter().any(|one| one == resource),
        };
        if !is_wanted {
            return;
        }
        let allowed = Allowed {
            labels: options.labels_allowlist.of(resource),
            annotations: options.annotations_allowlist.of(resource),
        };
        let families = all_of(export).enumerate();
        let families = families.filter(|(_, (family, stability))| self.filter.has(family.name, *stability));
        let families = families.map(|(place, _)| place).collect();
        self.by_kind.insert(export.kind().clone(), self.kinds.len());
        self.kinds.push(PlannedKind {
            export,
            families,
            allowed,
        });
    }

    pub(super) fn of(&self, kind: &Kind) -> Option<&PlannedKind> {
        self.by_kind.get(kind).and_then(|&place| self.kinds.get(place))
    }

    /// Tells whether a metric of a custom resource is there.
    pub(super) fn has_metric(&self, name: &str) -> bool {
        self.filter.has(name, Stability::Experimental)
    }

    /// Tells whether an object is this instance's, and in a namespace that is asked for.
    pub(super) fn has(&self, object: &Object) -> bool {
        let namespace = &*object.meta.namespace;
        let is_named = |list: &[String]| list.iter().any(|one| one == namespace);
        let in_namespace = namespace.is_empty()
            || (self.namespaces.is_empty() || is_named(&self.namespaces))
                && !is_named(&self.namespaces_denylist);
        in_namespace && self.shard.has(object.meta.uid)
    }
}

impl Filter {
    fn new(options: &StateOptions) -> Result<Self, StateOptionsError> {
        let is_allow = !options.metric_allowlist.is_empty();
        if is_allow && !options.metric_denylist.is_empty() {
            return Err(StateOptionsError::AllowAndDeny);
        }
        let patterns = if is_allow {
            compiled("metric_allowlist", &options.metric_allowlist)?
        } else {
            compiled("metric_denylist", &options.metric_denylist)?
        };
        Ok(Self {
            patterns,
            is_allow,
            opt_in: compiled("metric_opt_in_list", &options.metric_opt_in_list)?,
        })
    }

    fn has(&self, name: &str, stability: Stability) -> bool {
        let finds = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(name));
        finds(&self.patterns) == self.is_allow && (stability != Stability::OptIn || finds(&self.opt_in))
    }
}

fn check_names<'a>(
    option: &'static str,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<(), StateOptionsError> {
    let known = || EXPORTS.iter().map(|export| export.kind().plural());
    match names.find(|name| !known().any(|one| one == *name)) {
        None => Ok(()),
        Some(name) => Err(StateOptionsError::UnknownResource {
            name: name.to_owned(),
            option,
            known: known().collect::<Vec<_>>().join(", "),
        }),
    }
}

fn compiled(option: &'static str, patterns: &[String]) -> Result<Vec<Regex>, StateOptionsError> {
    let compile = |pattern: &String| {
        let built = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
        built.map_err(|source| StateOptionsError::Pattern {
            pattern: pattern.clone(),
            option,
            source,
        })
    };
    patterns.iter().map(compile).collect()
}
