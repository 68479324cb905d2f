//! The store as its users see it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod formats;
mod kinds;
mod reading;
mod snapshots;
mod tail;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use model::{
    Batch, Clock, Family, Ingest, LabelsBuilder, MatchOp, Matcher, Metadata, MetricType, Millis,
    NamesRequest, Query, Rejection, SampleBuffer, Selection, Sink, TimeRange,
};
use store::{Store, StoreConfig, StoreError};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;

struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }
}

fn config(dir: &Path) -> StoreConfig {
    StoreConfig {
        upkeep_interval: None,
        ..StoreConfig::new(dir)
    }
}

fn open(config: StoreConfig) -> Store {
    Store::open(config, Arc::new(ManualClock(AtomicI64::new(1000 * HOUR)))).unwrap()
}

fn one(pairs: &[(&str, &str)], t: Millis, value: f64) -> Batch {
    let mut batch = Batch::default();
    add(&mut batch, pairs, t, value);
    batch
}

fn add(batch: &mut Batch, pairs: &[(&str, &str)], t: Millis, value: f64) {
    let mut labels = LabelsBuilder::default();
    pairs.iter().for_each(|(name, value)| {
        labels.add(name, value);
    });
    let series = batch.add_series(&mut labels).unwrap();
    batch.push(&series, t, value);
}

fn samples(store: &Store, matcher: Matcher) -> Vec<(Millis, f64)> {
    let set = store
        .select(&Selection {
            matchers: vec![matcher],
            range: TimeRange::ALL,
        })
        .unwrap();
    let mut out = Vec::new();
    let mut buffer = SampleBuffer::default();
    for idx in 0..set.len() {
        set.read(idx, &mut buffer).unwrap();
        out.extend(
            buffer
                .timestamps
                .iter()
                .copied()
                .zip(buffer.values.iter().copied()),
        );
    }
    out
}

#[test]
fn a_second_instance_is_told_that_the_folder_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    let clock = Arc::new(ManualClock(AtomicI64::new(0)));
    let second = Store::open(config(dir.path()), clock).err().unwrap();
    assert!(
        matches!(&second, StoreError::Locked { path } if path == dir.path()),
        "{second}"
    );
    store.close();
    open(config(dir.path()));
}

fn refuses_newer(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[8] = 9;
    // Behind the version stands what confirms it; segments of the log confirm their whole header.
    let (covered, at, n) = if file.extension().is_some() {
        (32, 32, 8)
    } else {
        (12, 12, 4)
    };
    let check = xxhash_rust::xxh3::xxh3_64(&bytes[..covered]);
    bytes[at..at + n].copy_from_slice(&check.to_le_bytes()[..n]);
    std::fs::write(file, bytes).unwrap();
    let dir = file.ancestors().find(|dir| dir.join("LOCK").exists()).unwrap();
    let error = Store::open(config(dir), Arc::new(ManualClock(AtomicI64::new(0))))
        .err()
        .unwrap();
    match error {
        StoreError::NewerFormat {
            path,
            found: 9,
            supported,
        } => {
            assert_eq!(path, file);
            assert!(supported < 9);
        }
        other => panic!("{other}"),
    }
}

fn file_in(dir: &Path) -> std::path::PathBuf {
    std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn files_of_a_newer_format_are_refused() {
    // A part that claims to be newer than its folder is damaged.
    for file in ["MANIFEST", "METADATA", "wal"] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(config(dir.path()));
        for hour in 0..6 {
            let mut batch = one(&[("__name__", "up")], 900 * HOUR + hour * HOUR, 1.0);
            batch.describe("up", Metadata::default());
            store.ingest(&batch).unwrap();
        }
        store.maintain(906 * HOUR);
        drop(store);
        let path = dir.path().join(file);
        refuses_newer(&if path.is_dir() { file_in(&path) } else { path });
    }
}

#[test]
fn samples_are_refused_by_the_rules_of_prometheus() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(StoreConfig {
        max_series: 2,
        ..config(dir.path())
    });
    let t = 999 * HOUR;
    let up: &[(&str, &str)] = &[("__name__", "up")];
    let refusal = |batch: &Batch| store.ingest(batch).unwrap().rejected.pop().map(|(_, why)| why);
    assert_eq!(refusal(&one(up, t, 1.0)), None);
    assert_eq!(refusal(&one(up, t, 1.0)), None, "an exact repetition is taken");
    assert_eq!(
        refusal(&one(up, t, 2.0)),
        Some(Rejection::Duplicate { timestamp: t })
    );
    assert_eq!(refusal(&one(up, t - 9 * MINUTE, 3.0)), None, "within the window");
    assert_eq!(
        refusal(&one(up, t - 9 * MINUTE, 4.0)),
        Some(Rejection::Duplicate {
            timestamp: t - 9 * MINUTE
        })
    );
    assert_eq!(
        refusal(&one(up, t - 11 * MINUTE, 3.0)),
        Some(Rejection::TooOld {
            timestamp: t - 11 * MINUTE,
            oldest: t - 10 * MINUTE
        })
    );
    let newest = 1000 * HOUR + 10 * MINUTE;
    assert_eq!(
        refusal(&one(up, newest + 1, 1.0)),
        Some(Rejection::TooNew {
            timestamp: newest + 1,
            newest
        })
    );
    let unnamed = refusal(&one(&[("job", "a")], t, 1.0));
    assert!(matches!(unnamed, Some(Rejection::InvalidLabels { .. })));
    assert_eq!(refusal(&one(&[("__name__", "b")], t, 1.0)), None);
    assert_eq!(
        refusal(&one(&[("__name__", "c")], t, 1.0)),
        Some(Rejection::SeriesLimit { limit: 2 })
    );
    assert_eq!(
        samples(&store, Matcher::equal("__name__", "up")),
        [(t - 9 * MINUTE, 3.0), (t, 1.0)]
    );
}

#[test]
fn parts_go_by_age_and_by_size() {
    for (config, kept) in [
        (
            (|c| StoreConfig {
                retention: Duration::from_secs(6 * 3600),
                ..c
            }) as fn(StoreConfig) -> StoreConfig,
            2,
        ),
        (
            |c| StoreConfig {
                retention_bytes: Some(1),
                ..c
            },
            0,
        ),
        (|c| c, 5),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(config(self::config(dir.path())));
        for minute in 0..12 * 60 {
            store
                .ingest(&one(&[("__name__", "up")], 888 * HOUR + minute * MINUTE, 1.0))
                .unwrap();
        }
        store.maintain(900 * HOUR);
        let status = store.status();
        assert_eq!(status.parts.len(), kept, "{:?}", status.parts);
        assert_eq!(status.degraded, Vec::<String>::new());
        let files = std::fs::read_dir(dir.path().join("parts")).unwrap().count();
        assert_eq!(files, kept);
    }
}

#[test]
fn parts_of_a_day_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    let start = 36 * 24 * HOUR;
    for minute in 0..27 * 60 {
        let t = start + minute * MINUTE;
        let mut batch = one(&[("__name__", "up"), ("job", "a")], t, minute as f64);
        if minute % 600 < 100 {
            add(&mut batch, &[("__name__", "some"), ("job", "a")], t, 0.5);
        }
        store.ingest(&batch).unwrap();
        if minute % 60 == 0 {
            store.maintain(t);
        }
    }
    store.maintain(start + 27 * HOUR);
    let parts = store.status().parts;
    assert_eq!(parts.iter().map(|part| part.level).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(parts[0].samples, 24 * 60 + 300);
    let up = samples(&store, Matcher::equal("__name__", "up"));
    let expected: Vec<_> = (0..27 * 60)
        .map(|minute| (start + minute * MINUTE, minute as f64))
        .collect();
    assert_eq!(up, expected);
}

#[test]
fn metadata_and_names_survive() {
    let dir = tempfile::tempdir().unwrap();
    let help = Metadata {
        metric_type: MetricType::Gauge,
        help: "Is it up?".to_owned(),
        unit: String::new(),
    };
    let store = open(config(dir.path()));
    let mut batch = one(&[("__name__", "up"), ("job", "b")], 999 * HOUR, 1.0);
    add(
        &mut batch,
        &[("__name__", "up"), ("job", "a"), ("dc", "x")],
        999 * HOUR,
        1.0,
    );
    batch.describe("up", help.clone());
    batch.describe("other", Metadata::default());
    let position = store.ingest(&batch).unwrap().position;
    store.wait_durable(position).unwrap();
    drop(store);
    let store = open(config(dir.path()));
    assert_eq!(store.metadata(Some("up")), [("up".to_owned(), help.clone())]);
    assert_eq!(
        store.metadata(None),
        [("other".to_owned(), Metadata::default()), ("up".to_owned(), help)]
    );
    let every = |limit| NamesRequest {
        matcher_sets: Vec::new(),
        range: TimeRange::ALL,
        limit,
    };
    assert_eq!(store.label_names(&every(10)).unwrap(), ["__name__", "dc", "job"]);
    assert_eq!(store.label_values("job", &every(10)).unwrap(), ["a", "b"]);
    assert_eq!(store.label_values("job", &every(1)).unwrap(), ["a"]);
    let no_dc = vec![
        vec![Matcher::equal("dc", "")],
        vec![Matcher::new("job", MatchOp::Regex, "z.*").unwrap()],
    ];
    let request = NamesRequest {
        matcher_sets: no_dc,
        range: TimeRange::ALL,
        limit: 10,
    };
    assert_eq!(store.label_values("job", &request).unwrap(), ["b"]);
    assert_eq!(store.label_names(&request).unwrap(), ["__name__", "job"]);
}

#[tokio::test]
async fn durability_does_not_wait_for_the_interval() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(StoreConfig {
        fsync_interval: Duration::from_secs(3600),
        ..config(dir.path())
    });
    for i in 0..20 {
        let position = store
            .ingest(&one(&[("__name__", "up")], 999 * HOUR + i, 1.0))
            .unwrap()
            .position;
        store.durable(position).await.unwrap();
        assert!(store.status().durable_position >= position);
    }
    store.close();
    store.durable(u64::MAX).await.unwrap_err();
    store
        .ingest(&one(&[("__name__", "up")], 999 * HOUR + 100, 1.0))
        .unwrap_err();
    assert_eq!(
        samples(&store, Matcher::equal("__name__", "up")).len(),
        20,
        "a closed store still answers"
    );
}

#[derive(Default)]
struct Seen(Vec<(String, f64)>);

impl Sink for Seen {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.0
            .push((format!("{}{{{}}}", family.name, labels.join(",")), value));
    }
}

#[test]
fn the_store_counts_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    store
        .ingest(&one(&[("__name__", "up")], 999 * HOUR, 1.0))
        .unwrap();
    store.ingest(&one(&[("job", "a")], 999 * HOUR, 1.0)).unwrap();
    let mut seen = Seen::default();
    store.report(&mut seen);
    let value = |name: &str| seen.0.iter().find(|(n, _)| n == name).unwrap().1;
    assert_eq!(value("periplus_store_samples_total{}"), 1.0);
    assert_eq!(value("periplus_store_head_series{}"), 1.0);
    assert_eq!(
        value("periplus_store_rejected_samples_total{reason=invalid_labels}"),
        1.0
    );
    assert_eq!(value("periplus_store_quarantined_files{}"), 0.0);
}
