//! Whether the server knows of a cluster what `kubectl` sees: every object of every kind, by name, identity and version.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use testkit::{Bed, Client, Running, wait_for};

use crate::watched;

/// Objects asked for at once.
const PAGE: usize = 5_000;
/// Differences shown.
const SHOWN: usize = 10;
/// How often a wait begins again: after a cut the system may take a minute to tell that a connection is dead.
const ROUNDS: usize = 3;

/// The API server itself ends what takes longer than a minute.
const ANSWER: Duration = Duration::from_secs(90);

/// Identity and version by resource, namespace and name.
type Objects = BTreeMap<(String, String, String), (String, String)>;

/// `kubectl` as somebody to ask without starting it each time.
pub(crate) struct Kubectl {
    _proxy: Running,
    pub(crate) client: Client,
}

impl Kubectl {
    pub(crate) fn start(bed: &Bed) -> anyhow::Result<Self> {
        let mut proxy = bed.start_kubectl(&["proxy", "--port=0"])?;
        let address = proxy.find(|line| line.strip_prefix("Starting to serve on ").map(str::to_owned))?;
        Ok(Self {
            _proxy: proxy,
            client: Client::with_timeout(format!("http://{address}"), ANSWER),
        })
    }

    /// Gets a path of the API server's.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.client.get(path)?;
        anyhow::ensure!(
            answer.status == 200,
            "{path}: {} {:.200}",
            answer.status,
            answer.body
        );
        Ok(serde_json::from_str(&answer.body)?)
    }
}

/// Waits until the server knows exactly what there is. Returns how many objects that are.
pub(crate) fn wait(kubectl: &Kubectl, ours: &Client) -> anyhow::Result<usize> {
    let mut differences = vec!["nothing could be compared".to_owned()];
    let found = patiently("the server to know what there is", || {
        match compare(kubectl, ours) {
            Ok((n, found)) if found.is_empty() => return Some(n),
            Ok((_, found)) => differences = found,
            Err(error) => differences = vec![format!("{error:#}")],
        }
        None
    });
    found.with_context(|| {
        let shown = differences.iter().take(SHOWN).cloned().collect::<Vec<_>>();
        format!("{} differences:\n{}", differences.len(), shown.join("\n"))
    })
}

/// Waits longer than a usual condition may take.
pub(crate) fn patiently<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let mut waited = wait_for(what, &mut condition);
    for _ in 1..ROUNDS {
        if waited.is_ok() {
            break;
        }
        waited = wait_for(what, &mut condition);
    }
    waited
}

/// Looks at the cluster, at what the server knows, and at the cluster again. What did not change between the looks must
/// be known as it is; what did may be known in any version.
fn compare(kubectl: &Kubectl, ours: &Client) -> anyhow::Result<(usize, Vec<String>)> {
    let cluster = watched::cluster(ours)?;
    let kinds = kinds(&cluster)?;
    let mut differences = Vec::new();
    if let Some(wrong) = definitions_differ(kubectl, &kinds)? {
        differences.push(wrong);
    }
    for kind in &kinds {
        if kind.state != "synced" {
            differences.push(format!("{}: {}", kind.name, kind.state));
        }
    }
    let before = theirs(kubectl, &kinds)?;
    let known = known(ours, &cluster, &kinds)?;
    let after = theirs(kubectl, &kinds)?;
    for (object, is) in &after {
        if before.get(object) == Some(is) && known.get(object) != Some(is) {
            differences.push(format!("{object:?} is {is:?}, known is {:?}", known.get(object)));
        } else if before.contains_key(object) && !known.contains_key(object) {
            differences.push(format!("{object:?} is not known"));
        }
    }
    for object in known.keys() {
        if !before.contains_key(object) && !after.contains_key(object) {
            differences.push(format!("{object:?} is known and not there"));
        }
    }
    Ok((known.len(), differences))
}

/// A kind that is followed.
struct FollowedKind {
    /// As in `deployments.apps`.
    name: String,
    /// Where the API server has its objects.
    path: String,
    state: String,
}

fn kinds(cluster: &Value) -> anyhow::Result<Vec<FollowedKind>> {
    let kinds = cluster["kinds"].as_array().context("a cluster has kinds")?;
    let text = |kind: &Value, key: &str| kind[key].as_str().unwrap_or_default().to_owned();
    let followed = kinds.iter().map(|kind| {
        let [group, version, resource] = ["group", "version", "resource"].map(|key| text(kind, key));
        let (name, path) = match group.as_str() {
            "" => (resource.clone(), format!("/api/{version}/{resource}")),
            _ => (
                format!("{resource}.{group}"),
                format!("/apis/{group}/{version}/{resource}"),
            ),
        };
        FollowedKind {
            name,
            path,
            state: text(kind, "state"),
        }
    });
    // Events are handed on and not kept.
    Ok(followed
        .filter(|kind| kind.name != "events.events.k8s.io")
        .collect())
}

/// Compares what is followed with what is defined.
fn definitions_differ(kubectl: &Kubectl, kinds: &[FollowedKind]) -> anyhow::Result<Option<String>> {
    let defined = kubectl.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")?;
    let defined: BTreeSet<_> = items(&defined)
        .iter()
        .filter_map(|one| one["metadata"]["name"].as_str())
        .collect();
    let names: BTreeSet<_> = kinds.iter().map(|kind| kind.name.as_str()).collect();
    let missing: Vec<_> = defined.difference(&names).collect();
    let custom: BTreeSet<_> = kinds
        .iter()
        .filter(|kind| !kind.path.contains(".k8s.io/") && kind.path.contains('.'))
        .map(|kind| kind.name.as_str())
        .collect();
    let gone: Vec<_> = custom.difference(&defined).collect();
    let is_equal = missing.is_empty() && gone.is_empty();
    Ok((!is_equal)
        .then(|| format!("definitions not followed: {missing:?}; followed and not there: {gone:?}")))
}

fn theirs(kubectl: &Kubectl, kinds: &[FollowedKind]) -> anyhow::Result<Objects> {
    let mut objects = Objects::new();
    for kind in kinds {
        let mut from = String::new();
        loop {
            let list = kubectl.get(&format!("{}?limit={PAGE}&continue={from}", kind.path))?;
            for object in items(&list) {
                take(
                    &mut objects,
                    &kind.name,
                    (&object["metadata"], &object["metadata"]),
                );
            }
            match list["metadata"]["continue"].as_str() {
                None | Some("") => break,
                Some(next) => next.clone_into(&mut from),
            }
        }
    }
    Ok(objects)
}

fn known(ours: &Client, cluster: &Value, kinds: &[FollowedKind]) -> anyhow::Result<Objects> {
    let name = cluster["name"].as_str().context("a cluster has a name")?;
    let path = format!("kubernetes/{name}/objects");
    let mut objects = Objects::new();
    for kind in kinds {
        for page in 0.. {
            let (limit, offset) = (PAGE.to_string(), (page * PAGE).to_string());
            let asked = [
                ("kind", kind.name.as_str()),
                ("limit", &limit),
                ("offset", &offset),
            ];
            let answer = ours.api(&path, &asked)?;
            let list = answer["objects"].as_array().context("a list has objects")?;
            for object in list {
                take(&mut objects, &kind.name, (&object["ref"], object));
            }
            if list.len() < PAGE {
                break;
            }
        }
    }
    Ok(objects)
}

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

fn take(objects: &mut Objects, kind: &str, (names, version): (&Value, &Value)) {
    let text = |from: &Value, key: &str| from[key].as_str().unwrap_or_default().to_owned();
    let key = (kind.to_owned(), text(names, "namespace"), text(names, "name"));
    objects.insert(key, (text(version, "uid"), text(version, "resourceVersion")));
}
