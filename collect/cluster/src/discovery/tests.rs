//! Searches against a server that behaves as the API's concepts say.

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Millis};
use scrape::config::{KubernetesApi, KubernetesConfig, KubernetesRole};
use scrape::{Found, GroupSink, Groups, Sources as _, TargetGroup};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::KubernetesSources;
use crate::client::Access;
use crate::cluster::tests::fake::Fake;
use crate::reflector::Timing;

const PODS: &str = "/api/v1/pods";
const DEADLINE: Duration = Duration::from_secs(60);

struct Now;

impl Clock for Now {
    fn now(&self) -> Millis {
        1_800_000_000_000
    }
}

struct Running {
    sources: KubernetesSources,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Running {
    fn start(fake: &Fake) -> Self {
        let access = Access::Open {
            url: fake.url.clone(),
        };
        let timing = Timing {
            min_wait: Duration::from_millis(10),
            max_wait: Duration::from_millis(50),
            slow_wait: Duration::from_millis(50),
            ..Timing::default()
        };
        let watched = vec![("a".to_owned(), access)];
        let (sources, hub) = KubernetesSources::with_timing(watched, Arc::new(Now), timing);
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(hub.run(stop.clone()));
        Self { sources, stop, tasks }
    }

    fn search(&mut self, role: KubernetesRole) -> mpsc::Receiver<Found> {
        let config = KubernetesConfig {
            role,
            api: KubernetesApi::Watched("a".to_owned()),
            namespaces: Vec::new(),
            own_namespace: false,
            selectors: Vec::new(),
            attach_node: false,
            attach_namespace: false,
            annotation: None,
            labels: Vec::new(),
        };
        let search = self.sources.kubernetes(&config).expect("the cluster is watched");
        let (out, found) = GroupSink::channel(8);
        self.tasks.spawn(search.search(out, self.stop.clone()));
        found
    }

    async fn end(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("nothing panics");
        }
    }
}

async fn next(found: &mut mpsc::Receiver<Found>) -> Groups {
    let next = tokio::time::timeout(DEADLINE, found.recv()).await;
    let found = next.expect("something is found in time");
    found.expect("the search goes on").groups
}

fn summary(groups: &[TargetGroup]) -> Vec<(String, usize)> {
    let mut summary: Vec<_> = groups
        .iter()
        .map(|group| (group.source.clone(), group.targets.len()))
        .collect();
    summary.sort();
    summary
}

fn pod(name: &str, phase: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
        "status": {"podIP": "10.1.0.7", "phase": phase},
    })
}

#[tokio::test]
async fn what_changes_is_handed_over_and_nothing_else() {
    let fake = Fake::start().await;
    fake.put_all(PODS, vec![pod("a", "Running"), pod("b", "Running")]);
    let mut running = Running::start(&fake);
    let mut found = running.search(KubernetesRole::Pod);
    let Groups::All(all) = next(&mut found).await else {
        panic!("the first is everything");
    };
    let one = |name: &str, n| (format!("pod/shop/{name}"), n);
    assert_eq!(summary(&all), [one("a", 1), one("b", 1)]);

    fake.put(PODS, pod("c", "Pending"));
    assert_eq!(changed(&mut found).await, [one("c", 1)]);
    fake.remove_if(PODS, |key| key == "shop/a");
    assert_eq!(changed(&mut found).await, [one("a", 0)]);
    running.end().await;
}

#[tokio::test]
async fn searches_of_the_same_objects_share_a_watch() {
    let fake = Fake::start().await;
    fake.put(PODS, pod("a", "Running"));
    let mut running = Running::start(&fake);
    let mut first = running.search(KubernetesRole::Pod);
    let before = next(&mut first).await;
    let mut second = running.search(KubernetesRole::Pod);
    assert_eq!(next(&mut second).await, before);
    assert_eq!(fake.requests(PODS, "list"), 1, "one list serves all");
    assert!(fake.requests(PODS, "watch") <= 1, "and one watch");
    running.end().await;
}

#[tokio::test]
async fn a_cluster_that_is_not_watched_is_named() {
    let fake = Fake::start().await;
    let running = Running::start(&fake);
    let config = KubernetesConfig {
        role: KubernetesRole::Node,
        api: KubernetesApi::Watched("elsewhere".to_owned()),
        namespaces: Vec::new(),
        own_namespace: false,
        selectors: Vec::new(),
        attach_node: false,
        attach_namespace: false,
        annotation: None,
        labels: Vec::new(),
    };
    let refused = running.sources.kubernetes(&config).err();
    assert!(refused.is_some_and(|why| why.contains("elsewhere")));
    running.end().await;
}

async fn changed(found: &mut mpsc::Receiver<Found>) -> Vec<(String, usize)> {
    match next(found).await {
        Groups::Changed(groups) => summary(&groups),
        Groups::All(_) => panic!("only changes are handed over"),
    }
}
