//! The state of objects as metrics, compared series by series with kube-state-metrics 2.15 on the same cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;
use testkit::{Bed, Client, Exposition, Peer, free_port, skip, tool_path};

use crate::same::patiently;
use crate::{awkward, watched};

/// Everything that kube-state-metrics can be asked for, as it lists it in `--help`.
const RESOURCES: &str = "certificatesigningrequests,clusterrolebindings,clusterroles,configmaps,cronjobs,daemonsets,\
    deployments,endpoints,endpointslices,horizontalpodautoscalers,ingressclasses,ingresses,jobs,leases,limitranges,\
    mutatingwebhookconfigurations,namespaces,networkpolicies,nodes,persistentvolumeclaims,persistentvolumes,\
    poddisruptionbudgets,pods,replicasets,replicationcontrollers,resourcequotas,rolebindings,roles,secrets,\
    serviceaccounts,services,statefulsets,storageclasses,validatingwebhookconfigurations,volumeattachments";
/// Metrics that are only there if asked for.
const OPT_IN: &str = "kube_pod_nodeselectors,kube_persistentvolume_csi_attributes";
/// Labels of ours that say where a sample comes from; a scrape of kube-state-metrics adds them too.
const TARGET_LABELS: [&str; 3] = ["job", "instance", "cluster"];
/// Families that may change, and differ, with the reason.
const DIFFERENT: [(&str, &str); 1] = [(
    "kube_endpointslice_endpoints",
    "there `hostname` and `terminating` are exchanged, and `serving` holds `terminating`",
)];
/// A label that we leave out: a whole document as text, which would be kept for every object.
const LEFT_OUT: &str = "annotation_kubectl_kubernetes_io_last_applied_configuration";
/// Differences shown of a family.
const SHOWN: usize = 5;

/// Families, and of each its series (labels as text) with their values as text.
type Series = BTreeMap<String, BTreeMap<String, String>>;

/// What kube-state-metrics says at one moment.
#[derive(Debug, PartialEq)]
struct Page {
    series: Series,
    types: BTreeMap<String, String>,
    stable: BTreeSet<String>,
}

impl Page {
    /// Stable families without a series.
    fn silent(&self) -> Vec<&String> {
        let families = self.stable.iter();
        families
            .filter(|family| !self.series.contains_key(*family))
            .collect()
    }
}

/// What was compared up to now.
#[derive(Default)]
struct Compared {
    /// What both said when they were asked last.
    theirs: Option<Page>,
    ours: Series,
    /// Differences of each family at the last moment at which it stood still; none if it was equal.
    families: BTreeMap<String, Vec<String>>,
}

#[test]
fn root_objects_become_the_metrics_of_kube_state_metrics() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        skip("root_objects_become_the_metrics_of_kube_state_metrics", reason);
        return Ok(());
    }
    let _turn = watched::turn();
    let bed = Bed::up("state", &["--nodes", "real:1,fake:2"])?;
    awkward::make(&bed)?;
    let (theirs, of_itself) = state_metrics(&bed)?;
    let folder = tempfile::tempdir()?;
    let ours = watched::edge(&bed, folder.path(), &options())?;

    let mut compared = Compared::default();
    let mut failed = String::new();
    let settled = patiently("equal metrics", || {
        match compared.look(&theirs.client, &ours.client, bed.name()) {
            Ok(is_equal) => is_equal.then_some(()),
            Err(error) => {
                failed = format!("{error:#}");
                None
            }
        }
    });
    println!("{compared}");
    settled.with_context(|| format!("{failed}\n{compared}"))?;
    let page = compared.theirs.as_ref().context("a page was read")?;
    for (family, _) in DIFFERENT {
        assert!(!page.stable.contains(family), "{family} is stable");
        let is_different = compared
            .families
            .get(family)
            .is_some_and(|lines| !lines.is_empty());
        assert!(is_different, "{family} is equal by now");
    }
    the_types_are_equal(page, &ours.client)?;
    both_say_the_same_of_themselves(&of_itself, &ours.client, bed.name())?;
    bed.down()
}

/// What kube-state-metrics says of itself and alerts ask for, and a pattern that finds it.
const OWN: [&str; 4] = [
    "kube_state_metrics_list_total",
    "kube_state_metrics_watch_total",
    "kube_state_metrics_shard_ordinal",
    "kube_state_metrics_total_shards",
];
const ITSELF: &str = "kube_state_metrics_.+";

/// Starts kube-state-metrics with everything switched on; returns where it tells of itself too.
fn state_metrics(bed: &Bed) -> anyhow::Result<(Peer, Client)> {
    let (port, own_port) = (free_port()?, free_port()?);
    let mut command = Command::new(program()?);
    command
        .args([
            "--host=127.0.0.1",
            "--telemetry-host=127.0.0.1",
            "--metric-labels-allowlist=*=[*]",
        ])
        .arg("--metric-annotations-allowlist=*=[*]")
        .arg(format!("--kubeconfig={}", bed.kubeconfig().display()))
        .arg(format!("--port={port}"))
        .arg(format!("--telemetry-port={own_port}"))
        .arg(format!("--resources={RESOURCES}"))
        .arg(format!("--metric-opt-in-list={OPT_IN}"))
        .arg(format!(
            "--custom-resource-state-config-file={}",
            awkward::folder().join("custom-metrics.yaml").display()
        ));
    let peer = Peer::start(command, port, "/healthz")?;
    Ok((peer, Client::new(format!("http://127.0.0.1:{own_port}"))))
}

/// The same for us.
fn options() -> String {
    format!(
        "      targets: {{enabled: false}}\n      state_metrics:\n        resources: [{RESOURCES}]\n        \
         metric_opt_in_list: [{OPT_IN}]\n        metric_labels_allowlist: '*=[*]'\n        \
         metric_annotations_allowlist: '*=[*]'\n        custom_resource_state_config_file: {}\n",
        awkward::folder().join("custom-metrics.yaml").display()
    )
}

/// The newest kube-state-metrics that the test bed has built.
fn program() -> anyhow::Result<PathBuf> {
    let tool = tool_path()?;
    let folder = tool.parent().context("the tool is in a folder")?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path().join("kube-state-metrics");
        if path.is_file() {
            found.push((path.metadata()?.modified()?, path));
        }
    }
    let newest = found.into_iter().max();
    newest
        .map(|(_, path)| path)
        .context("kube-state-metrics is missing: run `make testbed`")
}

impl Compared {
    /// Asks both, and compares each family that stands still meanwhile. Returns whether all families were equal when
    /// they stood still, and none is missing.
    fn look(&mut self, theirs: &Client, ours: &Client, cluster: &str) -> anyhow::Result<bool> {
        let before = page(theirs)?;
        self.ours = served(ours, cluster)?;
        let after = page(theirs)?;
        let known: BTreeSet<&String> = after.series.keys().chain(self.ours.keys()).collect();
        for family in &known {
            let there = after.series.get(*family);
            if before.series.get(*family) == there {
                let lines = differences(family, self.ours.get(*family), there);
                self.families.insert((*family).clone(), lines);
            }
        }
        let is_equal = |family: &&String| {
            let lines = self.families.get(*family);
            is_known(family) || lines.is_some_and(Vec::is_empty)
        };
        // Both begin with nothing.
        let is_whole = !after.stable.is_empty() && after.silent().is_empty();
        let is_equal = is_whole && known.iter().all(is_equal);
        self.theirs = Some(after);
        Ok(is_equal)
    }
}

/// Returns what only one side has of a family.
fn differences(
    family: &str,
    here: Option<&BTreeMap<String, String>>,
    there: Option<&BTreeMap<String, String>>,
) -> Vec<String> {
    let empty = BTreeMap::new();
    let [here, there] = [here, there].map(|side| side.unwrap_or(&empty));
    let only = |side: &str, one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
        let lines = one
            .iter()
            .filter(|(labels, value)| other.get(*labels) != Some(*value));
        let lines = lines.map(|(labels, value)| format!("only {side}: {family}{{{labels}}} {value}"));
        lines.collect::<Vec<_>>()
    };
    [only("here", here, there), only("there", there, here)].concat()
}

/// Reads the page of kube-state-metrics.
fn page(client: &Client) -> anyhow::Result<Page> {
    let text = client.get("/metrics")?.body;
    let stable = text.lines().filter_map(|line| {
        let (family, help) = line.strip_prefix("# HELP ")?.split_once(' ')?;
        help.starts_with("[STABLE]").then(|| family.to_owned())
    });
    let stable = stable.collect();
    let exposition = Exposition::parse(&text)?;
    let mut series = Series::new();
    for sample in exposition.samples {
        let labels = sample.labels.iter().filter(|(name, _)| *name != LEFT_OUT);
        let labels = shown(labels.map(|(name, value)| (name.as_str(), value.as_str())));
        let value = value(sample.value);
        // A page may hold a series twice, as of an autoscaler with two metrics of the same name: who scrapes it takes
        // the first and refuses the second.
        let known = series.entry(sample.name).or_default();
        known.entry(labels).or_insert(value);
    }
    Ok(Page {
        series,
        types: exposition.types,
        stable,
    })
}

/// Asks the API for all that is known of the state of objects now.
fn served(client: &Client, cluster: &str) -> anyhow::Result<Series> {
    let mut series = Series::new();
    // That the job is up is said of it, not by it; and what it says of itself is on a page of its own there.
    let query = format!("{{__name__!~\"up|{ITSELF}\",job=\"kube-state-metrics\",cluster=\"{cluster}\"}}");
    for (metric, _, number) in client.query(&query)? {
        let metric = metric.as_object().context("labels are an object")?;
        let name = metric["__name__"].as_str().context("a series has a name")?;
        let labels = metric
            .iter()
            .filter(|(name, _)| *name != "__name__" && !TARGET_LABELS.contains(&name.as_str()));
        let labels = shown(labels.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())));
        series
            .entry(name.to_owned())
            .or_default()
            .insert(labels, value(number));
    }
    Ok(series)
}

/// An empty label is no label.
fn shown<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let labels: BTreeMap<_, _> = labels.filter(|(_, value)| !value.is_empty()).collect();
    let labels = labels.iter().map(|(name, value)| format!("{name}={value:?}"));
    labels.collect::<Vec<_>>().join(",")
}

fn value(number: f64) -> String {
    format!("{number:?}")
}

fn is_known(family: &str) -> bool {
    DIFFERENT.iter().any(|(known, _)| *known == family)
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(theirs) = &self.theirs else {
            return writeln!(f, "nothing was compared");
        };
        let count = |series: &Series| series.values().map(BTreeMap::len).sum::<usize>();
        let is_equal = |family: &&String| self.families.get(*family).is_some_and(Vec::is_empty);
        let others = theirs
            .series
            .keys()
            .filter(|family| !theirs.stable.contains(*family));
        writeln!(
            f,
            "{} series here, {} there; {} of {} stable families are equal, {} of {} that may change",
            count(&self.ours),
            count(&theirs.series),
            theirs.stable.iter().filter(is_equal).count(),
            theirs.stable.len(),
            others.clone().filter(is_equal).count(),
            others.count(),
        )?;
        for family in theirs.silent() {
            writeln!(f, "{family}: no series")?;
        }
        for (family, lines) in self.families.iter().filter(|(_, lines)| !lines.is_empty()) {
            let reason = DIFFERENT.iter().find(|(known, _)| known == family);
            let reason = reason.map_or("", |(_, reason)| reason);
            writeln!(f, "{family}: {} series differ {reason}", lines.len())?;
            for line in lines.iter().take(SHOWN) {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

/// Compares which kinds were asked for, and how the work is shared. How often the kinds were asked for differs.
fn both_say_the_same_of_themselves(theirs: &Client, ours: &Client, cluster: &str) -> anyhow::Result<()> {
    let query = format!("{{__name__=~\"{ITSELF}\",job=\"kube-state-metrics\",cluster=\"{cluster}\"}}");
    let mut here = BTreeSet::new();
    for (metric, _, _) in ours.query(&query)? {
        let metric = metric.as_object().context("labels are an object")?;
        let labels = metric
            .iter()
            .filter(|(name, _)| !TARGET_LABELS.contains(&name.as_str()));
        here.insert(shown(
            labels.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())),
        ));
    }
    let mut there = BTreeSet::new();
    for sample in Exposition::parse(&theirs.get("/metrics")?.body)?.samples {
        let labels = sample
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        // Custom resources are all of one type there.
        let is_custom = sample
            .labels
            .get("resource")
            .is_some_and(|kind| kind == "*unstructured.Unstructured");
        if OWN.contains(&sample.name.as_str()) && !is_custom {
            there.insert(shown(labels.chain([("__name__", sample.name.as_str())])));
        }
    }
    let different: Vec<_> = here.symmetric_difference(&there).collect();
    assert!(different.is_empty(), "on one side only: {different:#?}");
    assert!(here.len() > OWN.len(), "{here:?}");
    Ok(())
}

/// Compares what families are said to be. `info` and `stateset` are words that only the newer format has; in others such
/// a family is a gauge.
fn the_types_are_equal(theirs: &Page, ours: &Client) -> anyhow::Result<()> {
    let metadata = ours.api("metadata", &[])?;
    let mut different = Vec::new();
    for family in theirs.series.keys() {
        let there = theirs.types.get(family).map_or("", String::as_str);
        let is_newer = matches!(there, "info" | "stateset");
        let here: Vec<&Value> = metadata[family]
            .as_array()
            .map(|list| list.iter().map(|one| &one["type"]).collect())
            .unwrap_or_default();
        if here != [there] && !(is_newer && here == ["gauge"]) {
            different.push(format!("{family}: {here:?} here, {there} there"));
        }
    }
    assert!(different.is_empty(), "types differ: {different:#?}");
    Ok(())
}
