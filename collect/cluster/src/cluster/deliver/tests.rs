//! Beside a delivery that makes every sample every time.

use std::collections::BTreeMap;

use model::{Batch, Clock, Labels, LabelsBuilder, Repeat, is_stale};
use proptest::prelude::*;

use super::*;
use crate::client::Access;
use crate::cluster::{Cluster, Outside};
use crate::config::ClusterConfig;
use crate::objects::{Kind, decode};
use crate::state::{CustomResources, StateOptions};
use crate::status::{KindCell, KindName, SyncState};

const START: Millis = 1_800_000_000_000;
const INTERVAL: Millis = 30_000;
/// Samples that are of no object: `up` and the two of sharing.
const OWN: usize = 3;

struct Now;

impl Clock for Now {
    fn now(&self) -> Millis {
        START + 3_600_000
    }
}

type Samples = BTreeMap<Millis, u64>;

/// Keeps all samples, and counts those that come with labels.
#[derive(Default)]
struct Kept {
    /// Whether it gives handles.
    named: bool,
    inner: Mutex<KeptSeries>,
}

#[derive(Default)]
struct KeptSeries {
    numbers: BTreeMap<Labels, usize>,
    series: Vec<Samples>,
    n_rows: usize,
    refuses: bool,
}

impl KeptSeries {
    fn refusal(&self) -> Result<(), IngestError> {
        match self.refuses {
            true => Err(IngestError::Overloaded { waiting_bytes: 1 }),
            false => Ok(()),
        }
    }
}

impl Ingest for Kept {
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError> {
        self.ingest_named(batch, &mut Vec::new())
    }

    fn ingest_named(&self, batch: &Batch, handles: &mut Vec<SeriesHandle>) -> Result<Ingested, IngestError> {
        handles.clear();
        let mut inner = self.inner.lock();
        inner.refusal()?;
        let mut ingested = Ingested::default();
        for row in batch.rows() {
            inner.n_rows += 1;
            let next = inner.series.len();
            let labels = batch.labels(row).to_labels();
            let number = *inner.numbers.entry(labels).or_insert(next);
            if number == next {
                inner.series.push(Samples::new());
            }
            let bits = row.value.to_bits();
            let known = *inner.series[number].entry(row.timestamp).or_insert(bits);
            let taken = known == bits;
            ingested.samples += usize::from(taken);
            ingested.n_rejected += usize::from(!taken);
            if self.named {
                let handle = SeriesHandle::new(number as u64);
                handles.push(if taken { handle } else { SeriesHandle::VOID });
            }
        }
        Ok(ingested)
    }

    fn repeat(&self, repeat: Repeat<'_>, void: &mut Vec<usize>) -> Result<Ingested, IngestError> {
        void.clear();
        let mut inner = self.inner.lock();
        inner.refusal()?;
        let mut ingested = Ingested::default();
        for (at, handle) in repeat.series.iter().enumerate() {
            let samples = &mut inner.series[handle.key() as usize];
            match samples.last_key_value() {
                Some((time, bits)) if *time == repeat.before && !is_stale(f64::from_bits(*bits)) => {
                    let bits = *bits;
                    samples.insert(repeat.timestamp, bits);
                    ingested.samples += 1;
                }
                _ => void.push(at),
            }
        }
        Ok(ingested)
    }
}

/// One cluster whose state is delivered to one store.
struct World {
    shared: Arc<Shared>,
    deliverer: Deliverer,
    ingest: Arc<Kept>,
}

impl World {
    fn new(named: bool) -> Self {
        let ingest = Arc::new(Kept {
            named,
            ..Kept::default()
        });
        let access = Access::Open {
            url: "http://127.0.0.1:1".to_owned(),
        };
        let metrics = || StateMetrics::new(&StateOptions::default()).expect("the default options are fine");
        let outside = Outside {
            ingest: Arc::clone(&ingest) as _,
            metrics: metrics(),
            custom: CustomResources::default(),
            instance: "here".to_owned(),
            events: None,
            clock: Arc::new(Now),
        };
        let (cluster, _) = Cluster::new(ClusterConfig::new("test", access), outside);
        let deliverer = Deliverer::new(Arc::clone(&cluster.shared), metrics(), Arc::clone(&ingest) as _);
        Self {
            shared: cluster.shared,
            deliverer,
            ingest,
        }
    }

    /// A pod in a version; one of no identity has no `uid`.
    fn apply(&self, pod: u8, version: u64) {
        let uid = match pod {
            0 => String::new(),
            _ => format!(r#""uid":"00000000-0000-0000-0000-0000000000{pod:02x}","#),
        };
        let ready = version.is_multiple_of(2);
        let json = format!(
            r#"{{"metadata":{{"name":"pod-{pod}","namespace":"shop",{uid}"resourceVersion":"{version}",
            "labels":{{"app":"web"}},"creationTimestamp":"2026-01-02T15:04:05Z"}},
            "spec":{{"nodeName":"node-{}","containers":[{{"name":"main","image":"web:1"}}]}},
            "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{}"}}],
            "containerStatuses":[{{"name":"main","ready":{ready},"restartCount":{version},"state":{{"running":{{}}}}}}]}}}}"#,
            version % 3,
            if ready { "True" } else { "False" },
        );
        let object = decode(&Kind::Pod, json.as_bytes(), self.shared.store.interner()).expect("a pod");
        self.shared.store.apply(object);
    }

    fn delete(&self, pod: u8) {
        self.shared
            .store
            .delete(&Kind::Pod, "shop", &format!("pod-{pod}"));
    }

    /// Somebody else writes a series of a pod.
    fn interfere(&self, pod: u8, time: Millis) {
        let mut labels = LabelsBuilder::default();
        for (name, value) in [
            ("__name__", "kube_pod_container_status_restarts_total"),
            ("cluster", "test"),
            ("container", "main"),
            ("instance", "here"),
            ("job", "kube-state-metrics"),
            ("namespace", "shop"),
            ("pod", &format!("pod-{pod}")),
            ("uid", &format!("00000000-0000-0000-0000-0000000000{pod:02x}")),
        ] {
            labels.add(name, value);
        }
        let mut batch = Batch::default();
        let series = batch.add_series(&mut labels).expect("labels");
        batch.push(&series, time, 77.0);
        self.ingest.ingest(&batch).expect("it is taken");
    }

    /// Delivers; returns how many samples came with their labels.
    fn deliver(&mut self, time: Millis, end: End) -> usize {
        let before = self.ingest.inner.lock().n_rows;
        self.deliverer.deliver(time, end);
        self.ingest.inner.lock().n_rows - before
    }

    fn content(&self) -> BTreeMap<Labels, Samples> {
        let inner = self.ingest.inner.lock();
        let numbers = inner.numbers.iter();
        numbers
            .map(|(labels, number)| (labels.clone(), inner.series[*number].clone()))
            .collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Apply(u8),
    Delete(u8),
    Interfere(u8),
    Deliver,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..6).prop_map(Step::Apply),
        1 => (0u8..6).prop_map(Step::Delete),
        1 => (1u8..6).prop_map(Step::Interfere),
        4 => Just(Step::Deliver),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_repeated_is_what_would_be_made(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut repeating, mut making) = (World::new(true), World::new(false));
        let (mut time, mut version) = (START, 0);
        for step in steps.into_iter().chain([Step::Deliver, Step::Deliver]) {
            for world in [&mut repeating, &mut making] {
                match step {
                    Step::Apply(pod) => world.apply(pod, version),
                    Step::Delete(pod) => world.delete(pod),
                    Step::Interfere(pod) => world.interfere(pod, time - 1),
                    Step::Deliver => drop(world.deliver(time, End::No)),
                }
            }
            version += 1;
            if matches!(step, Step::Deliver) {
                time += INTERVAL;
            }
        }
        prop_assert_eq!(repeating.content(), making.content());
        prop_assert_eq!(repeating.deliver(time, End::Yes), making.deliver(time, End::Yes));
        prop_assert_eq!(repeating.content(), making.content());
    }
}

#[test]
fn only_what_has_changed_is_made_again() {
    let mut world = World::new(true);
    (1..=10).for_each(|pod| world.apply(pod, 1));
    let all = world.deliver(START, End::No);
    let of_pod = (all - OWN) / 10;
    assert!(of_pod > 20, "{all} samples");
    assert_eq!(world.deliver(START + INTERVAL, End::No), OWN);
    world.apply(3, 3);
    assert_eq!(
        world.deliver(START + 2 * INTERVAL, End::No),
        1 + of_pod + OWN,
        "with the end of the series of the node before"
    );
    // A delivery that is lost leaves all series behind the times.
    world.ingest.inner.lock().refuses = true;
    assert_eq!(world.deliver(START + 3 * INTERVAL, End::No), 0);
    world.ingest.inner.lock().refuses = false;
    assert_eq!(world.deliver(START + 4 * INTERVAL, End::No), all);
    assert_eq!(world.deliver(START + 5 * INTERVAL, End::No), OWN);
    let status = *world.shared.delivery.lock();
    assert_eq!(status.deliveries, 6);
    assert_eq!((status.lost, status.last_samples), (all as u64, all));
}

#[test]
fn requests_are_counted_as_kube_state_metrics_does() {
    let mut world = World::new(true);
    let cell = Arc::new(KindCell::new(KindName::Objects(Kind::Pod)));
    cell.begin_list();
    cell.fail(SyncState::Retrying, 0, "the server is away");
    cell.begin_list();
    for _ in 0..2 {
        cell.begin_watch();
        cell.fail(SyncState::Retrying, 0, "the connection is gone");
    }
    cell.begin_watch();
    world.shared.kinds.write().insert("pods".to_owned(), cell);
    // A kind that the server does not have, and one without metrics.
    for (kind, state) in [
        (Kind::Lease, SyncState::Absent),
        (Kind::CustomResourceDefinition, SyncState::Retrying),
    ] {
        let cell = Arc::new(KindCell::new(KindName::Objects(kind)));
        cell.begin_list();
        cell.fail(state, 0, "it is not there");
        world
            .shared
            .kinds
            .write()
            .insert(cell.read().kind.to_string(), cell);
    }
    world.deliver(START, End::No);
    let content = world.content();
    let value = |name: &str, labels: &[(&str, &str)]| {
        let mut found = content.iter().filter(|(series, _)| {
            let has = |(label, value): &(&str, &str)| series.get(label) == Some(value);
            series.metric_name() == name && labels.iter().all(has)
        });
        let (_, samples) = found.next().expect("it is there");
        assert_eq!(found.next(), None, "{name} {labels:?}");
        f64::from_bits(samples[&START])
    };
    let lists = content
        .keys()
        .filter(|series| series.metric_name() == "kube_state_metrics_list_total");
    assert_eq!(lists.count(), 2);
    let pods = |result| [("resource", "*v1.Pod"), ("result", result)];
    assert_eq!(value("kube_state_metrics_list_total", &pods("success")), 1.0);
    assert_eq!(value("kube_state_metrics_list_total", &pods("error")), 1.0);
    assert_eq!(value("kube_state_metrics_watch_total", &pods("success")), 3.0);
    assert_eq!(value("kube_state_metrics_watch_total", &pods("error")), 2.0);
    assert_eq!(value("kube_state_metrics_total_shards", &[]), 1.0);
    let ordinal = [("shard_ordinal", "0"), ("job", "kube-state-metrics")];
    assert_eq!(value("kube_state_metrics_shard_ordinal", &ordinal), 0.0);
    assert_eq!(value("up", &[("cluster", "test")]), 1.0);
    world.deliver(START + INTERVAL, End::Yes);
    assert!(world.content().values().all(|samples| {
        let last = samples.last_key_value().expect("each has samples");
        is_stale(f64::from_bits(*last.1))
    }));
}
