//! Awkward objects in, text out. `UPDATE_EXPECT=1` writes the text anew; `cases/*.txt` is the place to look at what a
//! change does.

use std::collections::BTreeSet;
use std::sync::Arc;

use expect_test::{ExpectFile, expect_file};
use model::{Family, MetricType, Sink};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{AllowList, Shard, Stability, StateMetrics, StateOptions, families};
use crate::objects::{Interner, Kind, Object, decode};

/// Objects by kind, as a store has them.
type Objects = Vec<(Kind, Vec<Arc<Object>>)>;

/// Reads a list of objects that say their kind.
fn objects(json: &str) -> Objects {
    let interner = Interner::default();
    let raw: Vec<Box<RawValue>> = serde_json::from_str(json).unwrap();
    let mut objects = Objects::new();
    for raw in raw {
        let value: Value = serde_json::from_str(raw.get()).unwrap();
        let name = value["kind"].as_str().unwrap();
        let kind = Kind::built_in().find(|kind| kind.name() == name).unwrap();
        let object = decode(&kind, raw.get().as_bytes(), &interner)
            .unwrap_or_else(|e| panic!("{}: {}", raw.get(), model::with_causes(&e)));
        match objects.iter_mut().find(|(one, _)| *one == kind) {
            Some((_, list)) => list.push(Arc::new(object)),
            None => objects.push((kind, vec![Arc::new(object)])),
        }
    }
    objects
}

/// Everything is asked for.
fn everything() -> StateOptions {
    StateOptions {
        resources: families()
            .into_iter()
            .map(|(resource, _)| resource.to_owned())
            .collect(),
        metric_opt_in_list: vec![".*".to_owned()],
        labels_allowlist: AllowList::parse("*=[*]").unwrap(),
        annotations_allowlist: AllowList::parse("*=[team]").unwrap(),
        ..StateOptions::default()
    }
}

fn text(options: &StateOptions, objects: &Objects) -> String {
    let metrics = StateMetrics::new(options).unwrap_or_else(|e| panic!("{e}"));
    let mut out = Vec::new();
    metrics.write_text(objects, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn check(json: &str, expected: &ExpectFile) {
    let text = text(&everything(), &objects(json));
    // Help is for people; what is compared is what machines read.
    let lines = text.lines().filter(|line| !line.starts_with("# HELP"));
    let lines: Vec<&str> = lines.collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn pods() {
    check(
        include_str!("tests/cases/pod.json"),
        &expect_file!["tests/cases/pod.txt"],
    );
}

#[test]
fn nodes_namespaces_leases() {
    check(
        include_str!("tests/cases/node.json"),
        &expect_file!["tests/cases/node.txt"],
    );
}

#[test]
fn workloads() {
    check(
        include_str!("tests/cases/workload.json"),
        &expect_file!["tests/cases/workload.txt"],
    );
}

#[test]
fn jobs() {
    check(
        include_str!("tests/cases/batch.json"),
        &expect_file!["tests/cases/batch.txt"],
    );
}

#[test]
fn networks() {
    check(
        include_str!("tests/cases/network.json"),
        &expect_file!["tests/cases/network.txt"],
    );
}

#[test]
fn storage() {
    check(
        include_str!("tests/cases/storage.json"),
        &expect_file!["tests/cases/storage.txt"],
    );
}

#[test]
fn policies() {
    check(
        include_str!("tests/cases/policy.json"),
        &expect_file!["tests/cases/policy.txt"],
    );
}

#[test]
fn access() {
    check(
        include_str!("tests/cases/access.json"),
        &expect_file!["tests/cases/access.txt"],
    );
}

#[test]
fn the_table_has_each_name_once_and_says_what_it_is() {
    let mut names = BTreeSet::new();
    for (resource, families) in families() {
        for (family, _) in families {
            assert!(names.insert(family.name), "{} comes twice", family.name);
            assert!(family.name.starts_with("kube_"), "{}", family.name);
            assert!(
                family.help.ends_with('.') && family.help.len() < 100,
                "{resource}: {}",
                family.help
            );
            let is_counter = family.metric_type == MetricType::Counter;
            assert_eq!(is_counter, family.name.ends_with("_total"), "{}", family.name);
        }
    }
    let all = families();
    let count = |stability| {
        let rows = all.iter().flat_map(|(_, families)| families);
        rows.filter(|(_, one)| *one == stability).count()
    };
    assert_eq!(count(Stability::Stable), STABLE);
    assert_eq!(count(Stability::OptIn), 2);
}

/// Stable families of kube-state-metrics 2.15.
const STABLE: usize = 174;

fn names(text: &str) -> BTreeSet<&str> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split_once(' '))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn lists_choose_metrics() {
    let objects = objects(include_str!("tests/cases/pod.json"));
    let allowed = text(
        &StateOptions {
            metric_allowlist: vec!["^kube_pod_info$".to_owned(), "phase".to_owned()],
            ..StateOptions::default()
        },
        &objects,
    );
    assert_eq!(
        names(&allowed),
        BTreeSet::from(["kube_pod_info", "kube_pod_status_phase"])
    );
    let denied = text(
        &StateOptions {
            metric_denylist: vec!["container".to_owned()],
            ..StateOptions::default()
        },
        &objects,
    );
    assert!(names(&denied).contains("kube_pod_info"));
    assert!(!names(&denied).iter().any(|name| name.contains("container")));
    // Neither labels nor what must be asked for is there by itself.
    assert!(!denied.contains("kube_pod_labels") && !denied.contains("kube_pod_nodeselectors"));
}

#[test]
fn resources_and_namespaces_choose_objects() {
    let objects = objects(include_str!("tests/cases/node.json"));
    let only = |options| {
        names(&text(&options, &objects))
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let nodes = only(StateOptions {
        resources: vec!["nodes".to_owned()],
        ..StateOptions::default()
    });
    assert!(
        nodes.iter().all(|name| name.starts_with("kube_node_")),
        "{nodes:?}"
    );
    let in_default = StateOptions {
        namespaces: vec!["default".to_owned()],
        resources: vec!["leases".to_owned(), "nodes".to_owned()],
        ..StateOptions::default()
    };
    let shown = text(&in_default, &objects);
    assert!(
        shown.contains(r#"lease="free""#) && !shown.contains(r#"lease="n1""#),
        "{shown}"
    );
    assert!(shown.contains("kube_node_info"), "{shown}");
    let not_default = StateOptions {
        namespaces_denylist: vec!["default".to_owned()],
        ..StateOptions::default()
    };
    let shown = text(&not_default, &objects);
    assert!(
        !shown.contains(r#"lease="free""#) && shown.contains(r#"lease="n1""#),
        "{shown}"
    );
}

#[test]
fn shards_share_the_objects() {
    let objects = objects(include_str!("tests/cases/pod.json"));
    let lines = |shard| -> Vec<String> {
        let options = StateOptions {
            shard,
            ..StateOptions::default()
        };
        let text = text(&options, &objects);
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    };
    let mut parts: Vec<String> = (0..3)
        .flat_map(|index| lines(Some(Shard { index, total: 3 })))
        .collect();
    let mut all = lines(None);
    parts.sort();
    all.sort();
    assert_eq!(parts, all);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |options: StateOptions| StateMetrics::new(&options).err().map(|e| e.to_string()).unwrap();
    let both = refused(StateOptions {
        metric_allowlist: vec!["a".to_owned()],
        metric_denylist: vec!["b".to_owned()],
        ..StateOptions::default()
    });
    assert!(both.contains("keep one"), "{both}");
    let unknown = refused(StateOptions {
        resources: vec!["pod".to_owned()],
        ..StateOptions::default()
    });
    assert!(
        unknown.contains("\"pod\"") && unknown.contains("pods"),
        "{unknown}"
    );
    let unknown = refused(StateOptions {
        labels_allowlist: AllowList::parse("nothing=[*]").unwrap(),
        ..StateOptions::default()
    });
    assert!(unknown.contains("labels_allowlist"), "{unknown}");
    let malformed = refused(StateOptions {
        metric_denylist: vec!["(".to_owned()],
        ..StateOptions::default()
    });
    assert!(malformed.contains("metric_denylist"), "{malformed}");
    let shard = refused(StateOptions {
        shard: Some(Shard { index: 2, total: 2 }),
        ..StateOptions::default()
    });
    assert!(shard.contains("counted from 0"), "{shard}");
}

/// Collects samples as lines.
#[derive(Default)]
struct Lines(Vec<String>);

impl Sink for Lines {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        self.0.push(line(family, labels, value));
    }
}

fn line(family: &Family<'_>, labels: &[(&str, &str)], value: f64) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{}{{{}}} {value}", family.name, labels.join(","))
}

#[test]
fn a_sink_gets_what_the_text_has() {
    for json in [
        include_str!("tests/cases/pod.json"),
        include_str!("tests/cases/workload.json"),
        include_str!("tests/cases/storage.json"),
    ] {
        let objects = objects(json);
        let metrics = StateMetrics::new(&everything()).unwrap_or_else(|e| panic!("{e}"));
        let mut sink = Lines::default();
        metrics.deliver(&objects, &mut sink);
        let text = text(&everything(), &objects);
        let mut shown: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let names = |line: &str| line.split_once('{').map(|(name, _)| name.to_owned());
        let mut delivered: Vec<_> = sink.0.iter().map(|line| names(line)).collect();
        let mut shown: Vec<_> = shown.drain(..).map(names).collect();
        delivered.sort();
        shown.sort();
        assert_eq!(delivered, shown);
    }
}

#[test]
fn series_that_ended_are_those_that_were() {
    let before = objects(include_str!("tests/cases/pod.json"));
    let metrics = StateMetrics::new(&StateOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let web = &before[0].1[0];
    let after = objects(&include_str!("tests/cases/pod.json").replace("CrashLoopBackOff", "ErrImagePull"));
    let ended = |present: Option<&Object>| {
        let mut ended = Vec::new();
        metrics.visit_ended(web, present, &mut |family, labels, value| {
            ended.push(line(family, labels, value))
        });
        ended
    };
    assert!(ended(Some(web)).is_empty());
    let [one] = &ended(Some(&after[0].1[0]))[..] else {
        panic!("not one series");
    };
    assert!(
        one.starts_with("kube_pod_container_status_waiting_reason") && one.contains("CrashLoopBackOff"),
        "{one}"
    );
    let mut all = Vec::new();
    metrics.visit(web, &mut |family, labels, value| {
        all.push(line(family, labels, value))
    });
    assert_eq!(ended(None), all);
}
