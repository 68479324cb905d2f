//! A day of a Kubernetes cluster as kube-prometheus sees it: the families that its dashboards and rules ask for, with
//! the labels that node_exporter, cAdvisor, kubelet, kube-state-metrics and the control plane give them.

mod control;
mod nodes;
mod pods;

use super::series::{Corpus, Scrape, Target};
use super::shape::{Random, Shape};

/// The one cluster.
pub(crate) const CLUSTER: &str = "production";
/// Namespaces of applications.
const NAMESPACES: u32 = 20;
/// Upper bounds of the buckets of a histogram, in seconds.
const BOUNDS: [&str; 10] = [
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "10",
];

/// How large the cluster is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Nodes.
    pub(crate) nodes: u32,
    /// Pods on each of them.
    pub(crate) pods_per_node: u32,
    /// Seconds from one scrape to the next.
    pub(crate) interval: f64,
    /// Scrapes in the whole span.
    pub(crate) rounds: u32,
}

/// Makes the series of a cluster.
pub(crate) fn cluster(size: Size) -> Corpus {
    let mut builder = Builder {
        corpus: Corpus::new(size.interval),
        size,
        targets: 0,
    };
    for node in 0..size.nodes {
        nodes::node_exporter(&mut builder, node);
        nodes::kubelet(&mut builder, node);
        nodes::kube_proxy(&mut builder, node);
    }
    let pods = pods::pods(size);
    for node in 0..size.nodes {
        pods::cadvisor(&mut builder, node, &pods);
    }
    pods::state(&mut builder, &pods);
    pods::recorded(&mut builder, &pods);
    nodes::recorded(&mut builder);
    control::control_plane(&mut builder);
    control::monitoring(&mut builder);
    builder.corpus
}

/// A pod whose series can be asked for one by one: it is there all day.
pub(crate) fn example_pod(size: Size) -> ExamplePod {
    let pods = pods::pods(size);
    let all_day = |pod: &&pods::Pod| pod.life == (0, u32::MAX) && pod.kind == "deployment";
    let pod = pods.iter().find(all_day);
    pod.map_or_else(ExamplePod::default, |pod| ExamplePod {
        namespace: pod.namespace.clone(),
        pod: pod.name.clone(),
        workload: pod.workload.clone(),
        node: node_name(pod.node),
    })
}

/// Names to fill variables of dashboards with.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExamplePod {
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) pod: String,
    /// The deployment it belongs to.
    pub(crate) workload: String,
    /// The node it runs on.
    pub(crate) node: String,
}

/// Returns the name of a node.
fn node_name(node: u32) -> String {
    let mut random = Random::of(&node.to_le_bytes());
    format!("ip-10-0-{}-{}.{:x}", node / 250, node % 250, random.bits() >> 48)
}

/// Returns the address of a node with a port.
pub(crate) fn node_address(node: u32, port: u32) -> String {
    format!("10.0.{}.{}:{port}", node / 250, node % 250)
}

/// Collects series target by target.
struct Builder {
    corpus: Corpus,
    size: Size,
    targets: u32,
}

impl Builder {
    /// Starts a target with the labels that service discovery gives.
    fn target<'a>(&mut self, labels: &[(&'a str, &str)]) -> Target<'a> {
        self.targets += 1;
        let labels = labels.iter().map(|(key, value)| (*key, (*value).to_owned()));
        Target {
            number: self.targets,
            labels: labels.chain([("cluster", CLUSTER.to_owned())]).collect(),
            life: (0, u32::MAX),
        }
    }

    /// Goes on with the series of a target.
    fn of<'a>(&'a mut self, target: &'a Target<'a>) -> Scrape<'a> {
        self.corpus.of(target)
    }
}

impl Scrape<'_> {
    /// Adds the buckets, the count and the sum of a histogram with `mean` events from scrape to scrape.
    fn histogram(&mut self, name: &str, own: &[(&str, &str)], mean: f64) {
        let bucket = format!("{name}_bucket");
        let n = BOUNDS.len() as f64;
        for (at, bound) in BOUNDS.iter().chain(&["+Inf"]).enumerate() {
            // Most events are in the middle: the share grows slowly, then fast, then slowly.
            let x = at as f64 / n;
            let share = x * x * (3.0 - 2.0 * x);
            let labels: Vec<_> = own.iter().copied().chain([("le", *bound)]).collect();
            self.add(&bucket, &labels, Shape::Events { mean, share });
        }
        self.add(&format!("{name}_count"), own, events(mean));
        // Some milliseconds each.
        self.add(&format!("{name}_sum"), own, self.cpu(mean * 1e-3));
    }

    /// What every Go process tells of itself.
    fn process(&mut self) {
        let families = [
            ("process_cpu_seconds_total", self.cpu(0.08)),
            ("process_resident_memory_bytes", PAGES),
            ("process_start_time_seconds", Shape::Constant(1_790_000_000.5)),
            ("go_goroutines", SLOW),
            ("up", Shape::Constant(1.0)),
        ];
        self.add_all(&[], &families);
    }

    /// What every client of the API server tells of it.
    fn rest_client(&mut self) {
        let host = ("host", "10.96.0.1:443");
        for (code, mean) in [
            ("200", 20.0),
            ("201", 3.0),
            ("304", 0.1),
            ("404", 0.2),
            ("500", 0.01),
        ] {
            let own = [("code", code), ("method", "GET"), host];
            self.add("rest_client_requests_total", &own, events(mean));
        }
        for (verb, mean) in [("GET", 18.0), ("POST", 3.0)] {
            let own = [("verb", verb), host];
            self.histogram("rest_client_request_duration_seconds", &own, mean);
        }
    }
}

/// A counter of events.
const fn events(mean: f64) -> Shape {
    Shape::Events { mean, share: 1.0 }
}

/// Memory of some hundred MiB.
const PAGES: Shape = Shape::Pages { max: 60_000 };
/// A count that changes seldom.
const SLOW: Shape = Shape::Slow {
    max: 400,
    chance: 0.1,
};
