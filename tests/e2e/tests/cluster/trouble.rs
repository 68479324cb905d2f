//! What happens to clusters and to the way to them. After each the server knows exactly what there is again, and holds
//! no more than before: strings, sockets, threads, memory.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use testkit::{Bed, Client, Periplus, Space, skip, wait_for_server};

use crate::same::{self, Kubectl, patiently};
use crate::watched;

/// Pods that are deleted at once; an idle API server makes them in a minute.
const PODS: usize = 10_000;
/// Those who make and delete them at the same time.
const HANDS: usize = 8;
/// The pods have as many labels, and those of one label are deleted by one request: one for all would be ended by the
/// API server after a minute.
const APPS: usize = 1_000;
/// Played nodes that hold them.
const NODES: usize = 10;
/// Objects of a custom kind whose definition goes.
const WIDGETS: usize = 200;
/// Strings of what the cluster itself has made meanwhile.
const MORE_STRINGS: f64 = 400.0;
/// Sockets and threads that come and go with who asks.
const MORE_HANDLES: usize = 6;
const MORE_THREADS: usize = 16;
/// Resident memory, in MiB: the allocator gives back what it likes when it likes, and the samples of objects that are
/// gone stay for as long as all samples do: of a pod some thirty series of 400 bytes.
const MORE_MEMORY: u64 = 64 + ((PODS * 30 * 400) >> 20) as u64;

const DEFINITION: &str = include_str!("manifests/widgets.yaml");
const SLEEPER: &str = include_str!("manifests/sleeper.yaml");

/// A cluster that is watched while things happen to it.
struct Scene<'a> {
    bed: &'a Bed,
    server: &'a Periplus,
    kubectl: &'a Kubectl,
}

/// What the server holds.
#[derive(Debug)]
struct Held {
    strings: f64,
    index_bytes: f64,
    sockets: usize,
    threads: usize,
    resident_mib: u64,
}

#[test]
fn root_a_cluster_in_trouble_is_known_again_and_nothing_leaks() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        skip(
            "root_a_cluster_in_trouble_is_known_again_and_nothing_leaks",
            reason,
        );
        return Ok(());
    }
    let _turn = watched::turn();
    let bed = Bed::up("trouble", &["--nodes", &format!("real:1,fake:{NODES}")])?;
    let folder = tempfile::tempdir()?;
    let server = watched::edge(&bed, folder.path(), "      targets: {enabled: false}\n")?;
    let kubectl = Kubectl::start(&bed)?;
    let scene = Scene {
        bed: &bed,
        server: &server,
        kubectl: &kubectl,
    };
    let n = same::wait(&kubectl, &server.client)?;
    println!("{n} objects are known as they are");
    scene.after("pods were deleted at once", Scene::pods_are_deleted_at_once)?;
    scene.after("the API server was killed", Scene::the_server_is_killed)?;
    scene.after("versions expired", Scene::versions_expire)?;
    scene.after("a definition was removed", Scene::a_definition_is_removed)?;
    scene.after("objects were unreadable", Scene::objects_are_unreadable)?;
    drop(kubectl);
    bed.down()
}

impl Scene<'_> {
    /// Has something happen in a namespace of its own, and compares what is known and held before and after.
    fn after(&self, what: &str, happen: fn(&Self, &Space<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let before = patiently("the server to say what it holds", || self.held().ok())?;
        let began = Instant::now();
        let space = self.bed.space()?;
        happen(self, &space).with_context(|| what.to_owned())?;
        let n = same::wait(self.kubectl, &self.server.client).with_context(|| format!("after {what}"))?;
        self.bed
            .kubectl(&["delete", "namespace", &space.name, "--timeout=120s"])?;
        same::wait(self.kubectl, &self.server.client)?;
        let mut held = None;
        let settled = patiently("the server to hold no more than before", || {
            let now = self.held().ok()?;
            let is_no_more = now.is_no_more_than(&before);
            held = Some(now);
            is_no_more.then_some(())
        });
        let held = format!("{before:?} before, {held:?} after");
        println!(
            "{what}: {n} objects were known again, {:.0} s; {held}",
            began.elapsed().as_secs_f64()
        );
        settled.context(held)
    }

    fn held(&self) -> anyhow::Result<Held> {
        let metric = |name: &str| {
            let query = format!("{name}{{cluster=\"{}\"}}", self.bed.name());
            let series = self.server.client.query(&query)?;
            series
                .first()
                .map(|(_, _, value)| *value)
                .with_context(|| name.to_owned())
        };
        let process = format!("/proc/{}", self.server.pid());
        let mut sockets = 0;
        for entry in std::fs::read_dir(format!("{process}/fd"))? {
            // What was closed since it was listed is not open.
            let Ok(target) = std::fs::read_link(entry?.path()) else {
                continue;
            };
            sockets += usize::from(target.to_string_lossy().starts_with("socket:"));
        }
        let status = std::fs::read_to_string(format!("{process}/status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        Ok(Held {
            strings: metric("periplus_cluster_strings")?,
            index_bytes: metric("periplus_cluster_index_bytes")?,
            sockets,
            threads: std::fs::read_dir(format!("{process}/task"))?.count(),
            resident_mib: resident.context("a process has memory")? / 1024,
        })
    }

    /// SIGKILL, and a new start.
    fn the_server_is_killed(&self, space: &Space<'_>) -> anyhow::Result<()> {
        space.apply(SLEEPER)?;
        space.rollout("deployment/sleeper")?;
        self.bed.testbed(&["apiserver", "kill", self.bed.name()])?;
        patiently("the server to say that nobody answers", || {
            self.cluster()
                .ok()
                .filter(|cluster| cluster["reachable"] == false)
        })?;
        // What was known stays known meanwhile.
        let pods = self.objects("pods", &space.name)?;
        assert_eq!(pods["total"], 1, "{pods}");
        self.bed.testbed(&["apiserver", "start", self.bed.name()])?;
        wait_for_server(self.bed)?;
        space.kubectl(&["scale", "deployment/sleeper", "--replicas=2"])?;
        space.rollout("deployment/sleeper")?;
        patiently("the server to say that it answers", || {
            self.cluster().ok().filter(|cluster| cluster["reachable"] == true)
        })?;
        Ok(())
    }

    /// The cable to the cluster is cut, things change, the history of it is compacted, and nobody has it any more.
    fn versions_expire(&self, space: &Space<'_>) -> anyhow::Result<()> {
        let name = self.bed.name();
        let inside = |arguments: &[&str]| {
            let tool = testkit::tool_path()?;
            let tool = tool.to_string_lossy();
            let start = [
                "inside",
                "--name",
                name,
                &*tool,
                "kubectl",
                "--name",
                name,
                "--namespace",
            ];
            self.bed
                .testbed(&[&start[..], &[space.name.as_str()], arguments].concat())
        };
        for i in 0..20 {
            space.kubectl(&["create", "configmap", &format!("c{i}")])?;
        }
        same::wait(self.kubectl, &self.server.client)?;
        let expired = |cluster: &Value| -> u64 {
            let kinds = cluster["kinds"].as_array().into_iter().flatten();
            kinds.filter_map(|kind| kind["expired"].as_u64()).sum()
        };
        let before = expired(&self.cluster()?);
        self.bed.testbed(&["link", "cut", name, "host"])?;
        for i in 0..10 {
            inside(&["delete", "configmap", &format!("c{i}")])?;
            inside(&["create", "configmap", &format!("d{i}")])?;
        }
        let answer: Value = serde_json::from_str(&self.etcd("kv/range", &json!({"key": "AA=="}))?)?;
        let revision = answer["header"]["revision"]
            .as_str()
            .context("etcd has a revision")?;
        self.etcd("kv/compaction", &json!({"revision": revision, "physical": true}))?;
        self.bed.testbed(&["apiserver", "kill", name])?;
        self.bed.testbed(&["link", "heal", name, "host"])?;
        self.bed.testbed(&["apiserver", "start", name])?;
        wait_for_server(self.bed)?;
        let n = patiently("versions to be too old", || {
            let now = expired(&self.cluster().ok()?);
            (now > before).then_some(now - before)
        })?;
        println!("{n} kinds could not go on from their versions");
        Ok(())
    }

    /// A definition goes with its objects while they are watched, and comes again.
    fn a_definition_is_removed(&self, space: &Space<'_>) -> anyhow::Result<()> {
        for _ in 0..2 {
            self.define(space)?;
            space.apply(&widgets(WIDGETS))?;
            same::wait(self.kubectl, &self.server.client)?;
            let known = self.objects("widgets.periplus.test", &space.name)?;
            assert_eq!(known["total"], WIDGETS, "{:.200}", known.to_string());
            self.undefine()?;
            patiently("the kind to be forgotten", || {
                self.kind("widgets").ok()?.is_none().then_some(())
            })?;
        }
        Ok(())
    }

    /// A custom resource whose usual fields hold something else, and one that the API server itself cannot read.
    fn objects_are_unreadable(&self, space: &Space<'_>) -> anyhow::Result<()> {
        self.define(space)?;
        space.apply(&widgets(3))?;
        let odd = json!({"apiVersion": "periplus.test/v1", "kind": "Widget", "metadata": {"name": "odd"},
            "spec": ["no", {"object": null}], "status": {"conditions": "none", "replicas": {"a": [1e300]}}});
        space.apply(&odd.to_string())?;
        same::wait(self.kubectl, &self.server.client)?;
        let key = format!("/registry/periplus.test/widgets/{}/broken", space.name);
        let key = BASE64.encode(key);
        self.etcd(
            "kv/put",
            &json!({"key": key, "value": BASE64.encode("{\"metadata\":7,")}),
        )?;
        // Whoever watches is told, and whoever lists is refused.
        patiently("the kind to be in trouble", || {
            let kind = self.kind("widgets").ok()??;
            (kind["state"] != "synced").then_some(())
        })?;
        space.kubectl(&["create", "configmap", "meanwhile"])?;
        patiently("other kinds to go on", || {
            let known = self.objects("configmaps", &space.name).ok()?;
            known.to_string().contains("\"meanwhile\"").then_some(())
        })?;
        let kind = self.kind("widgets")?.context("the kind is followed")?;
        println!("the kind says: {}", kind["lastError"]);
        self.etcd("kv/deleterange", &json!({"key": key}))?;
        same::wait(self.kubectl, &self.server.client)?;
        self.undefine()
    }

    fn pods_are_deleted_at_once(&self, space: &Space<'_>) -> anyhow::Result<()> {
        let began = Instant::now();
        let path = format!("/api/v1/namespaces/{}/pods", space.name);
        let client = &self.kubectl.client;
        at_once(|hand| make_pods(client, &path, hand))?;
        println!("{PODS} pods were made in {:.0} s", began.elapsed().as_secs_f64());
        let n = same::wait(self.kubectl, &self.server.client)?;
        let held = self.held()?;
        println!("{n} objects are known with them: {held:?}");
        let began = Instant::now();
        at_once(|hand| delete_pods(client, &path, hand))?;
        println!("they were deleted in {:.0} s", began.elapsed().as_secs_f64());
        patiently("the pods to be forgotten", || {
            (self.objects("pods", &space.name).ok()?["total"] == 0).then_some(())
        })
    }

    fn cluster(&self) -> anyhow::Result<Value> {
        watched::cluster(&self.server.client)
    }

    fn kind(&self, resource: &str) -> anyhow::Result<Option<Value>> {
        let cluster = self.cluster()?;
        let kinds = cluster["kinds"].as_array().context("a cluster has kinds")?;
        Ok(kinds.iter().find(|kind| kind["resource"] == resource).cloned())
    }

    fn objects(&self, kind: &str, namespace: &str) -> anyhow::Result<Value> {
        let path = format!("kubernetes/{}/objects", self.bed.name());
        self.server
            .client
            .api(&path, &[("kind", kind), ("namespace", namespace)])
    }

    fn etcd(&self, path: &str, question: &Value) -> anyhow::Result<String> {
        self.bed
            .testbed(&["etcd", "--name", self.bed.name(), path, &question.to_string()])
    }

    fn define(&self, space: &Space<'_>) -> anyhow::Result<()> {
        space.apply(DEFINITION)?;
        let defined = "crd/widgets.periplus.test";
        self.bed
            .kubectl(&["wait", defined, "--for=condition=Established", "--timeout=60s"])?;
        // Established is said a moment before it is served.
        let path = format!("/apis/periplus.test/v1/namespaces/{}/widgets", space.name);
        patiently("the kind to be served", || self.kubectl.get(&path).ok())?;
        Ok(())
    }

    fn undefine(&self) -> anyhow::Result<()> {
        self.bed
            .kubectl(&["delete", "crd/widgets.periplus.test", "--timeout=120s"])
            .map(drop)
    }
}

impl Held {
    fn is_no_more_than(&self, before: &Self) -> bool {
        self.strings <= before.strings + MORE_STRINGS
            && self.index_bytes <= before.index_bytes + 256.0 * 1024.0
            && self.sockets <= before.sockets + MORE_HANDLES
            && self.threads <= before.threads + MORE_THREADS
            && self.resident_mib <= before.resident_mib + MORE_MEMORY
    }
}

/// Has several hands do something at the same time.
fn at_once(work: impl Fn(usize) -> anyhow::Result<()> + Sync) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let work = &work;
        let hands: Vec<_> = (0..HANDS).map(|hand| scope.spawn(move || work(hand))).collect();
        let mut ends = hands
            .into_iter()
            .map(|hand| hand.join().expect("a hand does not panic"));
        ends.try_for_each(|end| end)
    })
}

/// Deletes the pods of every `HANDS`-th label without grace.
fn delete_pods(client: &Client, path: &str, hand: usize) -> anyhow::Result<()> {
    for app in (hand..APPS).step_by(HANDS) {
        let of_app = format!("{path}?labelSelector=app%3Dapp-{app}&gracePeriodSeconds=0");
        let answer = client.delete(&of_app)?;
        anyhow::ensure!(answer.status == 200, "{} {:.300}", answer.status, answer.body);
    }
    Ok(())
}

/// Makes every `HANDS`-th pod, each on a played node and as small as pods are.
fn make_pods(client: &Client, path: &str, hand: usize) -> anyhow::Result<()> {
    for i in (hand..PODS).step_by(HANDS) {
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("p{i:05}"), "labels": {"app": format!("app-{}", i % APPS), "pod": format!("{i}")}},
            "spec": {"nodeName": format!("fake-{}", i % NODES), "automountServiceAccountToken": false,
                "containers": [{"name": "app", "image": format!("example.com/app:{}", i % 50)}]}});
        let headers = [("Content-Type", "application/json")];
        let answer = client.post(path, &headers, pod.to_string().as_bytes())?;
        anyhow::ensure!(answer.status == 201, "{} {:.300}", answer.status, answer.body);
    }
    Ok(())
}

fn widgets(n: usize) -> String {
    let mut text = String::new();
    for i in 0..n {
        writeln!(
            text,
            "---\napiVersion: periplus.test/v1\nkind: Widget\nmetadata: {{name: w{i}, labels: {{n: n{i}}}}}\nspec: {{size: {i}}}"
        )
        .expect("a string takes everything");
    }
    text
}
