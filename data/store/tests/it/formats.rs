//! Folders written by earlier versions: one for every format there was, each read back sample by sample.
//!
//! `UPDATE_GOLDEN=name cargo test -p store formats` writes the folder of the current format to `tests/data/name`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::{Buckets, Histogram, Span};

use super::*;

const START: Millis = 36 * 24 * HOUR;

const SCRAPES: i64 = 29 * 60;
const STALE: u64 = 0x7ff0_0000_0000_0002;

type Content = BTreeMap<String, BTreeMap<Millis, u64>>;

fn noise(seed: u64) -> u64 {
    let x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
}

/// One sample a series and scrape: all the shapes that the codecs tell apart.
fn value(series: u64, scrape: i64) -> Option<f64> {
    let n = scrape.cast_unsigned();
    let random = noise(series << 20 | n);
    Some(match series {
        0 => 1.0,
        1 => (n * 1500) as f64,
        2 => (n * 7 + random % 4) as f64,
        3 => (random % 1000) as f64 / 100.0,
        4 if n.is_multiple_of(16) => random as f64 / 7.3e9,
        5 => [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            0.0,
            f64::MIN_POSITIVE,
        ][(n % 6) as usize],
        6 if scrape == 700 => f64::from_bits(STALE),
        6 if scrape < 700 => ((random % 64) * 4096) as f64,
        7 if n.is_multiple_of(40) => f64::from_bits(0x7ff8_0000_0000_0001 + n),
        _ => return None,
    })
}

fn pairs(series: u64) -> Vec<(&'static str, String)> {
    let name = ["up", "requests_total", "größe_bytes", "latency_seconds"][(series % 4) as usize];
    let mut pairs = vec![
        ("__name__", name.to_owned()),
        ("instance", format!("10.0.0.{}:9100", series % 3)),
        ("job", "golden".to_owned()),
    ];
    if series % 2 == 1 {
        pairs.push(("device", format!("device-{series}")));
    }
    pairs
}

/// A histogram that grows; from the second format on there is a series of them.
fn histogram(scrape: i64) -> Histogram {
    let n = scrape as f64;
    let (offset, length) = if scrape < 900 { (-3, 2) } else { (-3, 4) };
    Histogram {
        schema: 2,
        integer: true,
        zero_threshold: 1e-128,
        zero_count: n,
        count: n * f64::from(length + 1),
        sum: n * 1.75,
        positive: Buckets {
            spans: vec![Span { offset, length }],
            counts: vec![n; length as usize],
        },
        ..Histogram::default()
    }
}

/// What the folders hold: a day in one compacted part, hours in flushed parts, the rest in the log.
fn write(dir: &Path) {
    let store = open(config(dir));
    let (mut batch, mut labels) = (Batch::default(), LabelsBuilder::default());
    for scrape in 0..SCRAPES {
        batch.clear();
        let t = START + scrape * MINUTE;
        for series in 0..8 {
            let Some(value) = value(series, scrape) else {
                continue;
            };
            labels.clear();
            pairs(series).iter().for_each(|(name, value)| {
                labels.add(name, value);
            });
            let row = batch.add_series(&mut labels).unwrap();
            batch.push(&row, t, value);
        }
        labels.clear();
        labels.add("__name__", "sizes").add("job", "golden histograms");
        let row = batch.add_series(&mut labels).unwrap();
        batch.push_histogram(&row, t, histogram(scrape));
        batch.set_start(START - MINUTE);
        batch.describe("up", Metadata::default());
        let position = store.ingest(&batch).unwrap().position;
        if scrape % 60 == 0 {
            store.wait_durable(position).unwrap();
            store.maintain(t);
        }
    }
}

/// Deleted in the folders that are named so: samples of parts and of the log.
const DELETED: TimeRange = TimeRange {
    start: START + 20 * HOUR,
    end: START + 28 * HOUR + 30 * MINUTE,
};

fn write_deleted(dir: &Path) {
    write(dir);
    let store = open(config(dir));
    let sets = [vec![
        Matcher::equal("__name__", "up"),
        Matcher::equal("job", "golden"),
    ]];
    store.delete_series(&sets, DELETED).unwrap();
}

/// Hours of history, and beside it samples of the next day: the log of that is cut short, and the snapshot of the head
/// alone holds what came beside it.
fn write_carried(dir: &Path) {
    let store = open(StoreConfig {
        snapshot_after_bytes: Some(0),
        ..config(dir)
    });
    let send = |scrapes: std::ops::Range<i64>| {
        let (mut batch, mut labels) = (Batch::default(), LabelsBuilder::default());
        for scrape in scrapes {
            for (series, t) in [
                (1, START + scrape * MINUTE),
                (3, START + 30 * HOUR + scrape * 1000),
            ] {
                labels.clear();
                pairs(series).iter().for_each(|(name, value)| {
                    labels.add(name, value);
                });
                let row = batch.add_series(&mut labels).unwrap();
                batch.push(&row, t, value(series, scrape).unwrap());
            }
        }
        let position = store.ingest(&batch).unwrap().position;
        store.wait_durable(position).unwrap();
        store.maintain(START + 30 * HOUR);
    };
    send(0..200);
    send(200..240);
    assert_eq!(store.status().degraded, Vec::<String>::new());
}

fn expected_carried() -> Content {
    let mut content = Content::new();
    for scrape in 0..240 {
        for (series, t) in [
            (1, START + scrape * MINUTE),
            (3, START + 30 * HOUR + scrape * 1000),
        ] {
            let key = model::Labels::from_pairs(pairs(series)).unwrap().to_string();
            let bits = value(series, scrape).unwrap().to_bits();
            content.entry(key).or_default().insert(t, bits);
        }
    }
    content
}

#[test]
fn what_a_snapshot_carries_is_read() {
    if let Some(mut name) = std::env::var_os("UPDATE_GOLDEN") {
        name.push("-carried");
        write_carried(&data().join(name));
    }
    let expected = expected_carried();
    for name in ["v4-carried", "v5-carried"] {
        let dir = tempfile::tempdir().unwrap();
        copy(&data().join(name), dir.path());
        for round in 0..3 {
            let store = open(config(dir.path()));
            assert_eq!(store.status().quarantined, Vec::<PathBuf>::new());
            assert_eq!(content(&store), expected, "{name}, round {round}");
            store.maintain(START + 31 * HOUR);
        }
        let dir = tempfile::tempdir().unwrap();
        copy(&data().join(name), dir.path());
        let snapshot = dir.path().join("SNAPSHOT");
        std::fs::remove_file(&snapshot).unwrap();
        let store = open(config(dir.path()));
        assert_eq!(store.status().quarantined, [snapshot], "its absence is told");
        let left = content(&store);
        assert!(
            left.values()
                .flatten()
                .all(|(t, bits)| { expected.values().any(|samples| samples.get(t) == Some(bits)) })
        );
        assert_ne!(left, expected);
    }
}

fn expected() -> Content {
    let mut content = Content::new();
    for series in 0..8 {
        let key = model::Labels::from_pairs(pairs(series)).unwrap().to_string();
        for scrape in 0..SCRAPES {
            if let Some(value) = value(series, scrape) {
                let t = START + scrape * MINUTE;
                content.entry(key.clone()).or_default().insert(t, value.to_bits());
            }
        }
    }
    content
}

fn content(store: &Store) -> Content {
    let set = store
        .select(&Selection {
            matchers: vec![Matcher::equal("job", "golden")],
            range: TimeRange::ALL,
        })
        .unwrap();
    let (mut content, mut buffer) = (Content::new(), SampleBuffer::default());
    for idx in 0..set.len() {
        set.read(idx, &mut buffer).unwrap();
        let bits = buffer.values.iter().map(|v| v.to_bits());
        let samples = buffer.timestamps.iter().copied().zip(bits).collect();
        content.insert(set.labels(idx).to_string(), samples);
    }
    content
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn assert_histograms(store: &Store) {
    let set = store
        .select(&Selection {
            matchers: vec![Matcher::equal("job", "golden histograms")],
            range: TimeRange::ALL,
        })
        .unwrap();
    let mut buffer = SampleBuffer::default();
    set.read(0, &mut buffer).unwrap();
    assert_eq!(buffer.len(), SCRAPES as usize);
    for (scrape, (row, read)) in (0..SCRAPES).zip(&buffer.histograms) {
        assert_eq!(i64::from(*row), scrape);
        assert_eq!(*read, histogram(scrape));
        assert_eq!(buffer.start(*row as usize), START - MINUTE);
    }
}

#[test]
fn formats_of_earlier_versions_are_read() {
    if let Some(name) = std::env::var_os("UPDATE_GOLDEN") {
        write(&data().join(&name));
        let mut name = name;
        name.push("-deleted");
        write_deleted(&data().join(name));
    }
    let expected = expected();
    for name in ["v1", "v2", "v3", "v4", "v5"] {
        let dir = tempfile::tempdir().unwrap();
        copy(&data().join(name), dir.path());
        let store = open(config(dir.path()));
        let status = store.status();
        assert_eq!(
            status.quarantined,
            Vec::<PathBuf>::new(),
            "nothing of {name} is damaged"
        );
        let levels: Vec<u32> = status.parts.iter().map(|part| part.level).collect();
        assert_eq!(levels, [1, 0], "parts of {name}");
        assert!(status.head_series > 0, "the log of {name} is read");
        assert_eq!(content(&store), expected, "content of {name}");
        // What is written now is read with what was written then.
        store.maintain(START + 40 * HOUR);
        assert_eq!(status.degraded, Vec::<String>::new());
        assert_eq!(content(&store), expected, "content of {name} after upkeep");
        drop(store);
        let store = open(config(dir.path()));
        assert_eq!(content(&store), expected, "content of {name}, opened again");
        if name != "v1" {
            assert_histograms(&store);
        }
    }
}

#[test]
fn deletions_of_earlier_versions_are_kept() {
    let mut expected = expected();
    for (series, samples) in &mut expected {
        if series.starts_with("up{") {
            samples.retain(|t, _| !DELETED.contains(*t));
        }
    }
    for name in ["v2-deleted", "v3-deleted", "v4-deleted", "v5-deleted"] {
        let dir = tempfile::tempdir().unwrap();
        copy(&data().join(name), dir.path());
        for round in 0..3 {
            let store = open(config(dir.path()));
            let status = store.status();
            assert_eq!(
                status.quarantined,
                Vec::<PathBuf>::new(),
                "nothing of {name} is damaged"
            );
            assert_eq!(status.tombstones, 1);
            assert_eq!(content(&store), expected, "content of {name}, round {round}");
        }
        // What comes late now is not deleted.
        let late = START + 28 * HOUR + 7 * MINUTE + 1;
        let mut labels = LabelsBuilder::default();
        pairs(0).iter().for_each(|(name, value)| {
            labels.add(name, value);
        });
        let mut batch = Batch::default();
        let row = batch.add_series(&mut labels).unwrap();
        batch.push(&row, START + 29 * HOUR, 1.0);
        batch.push(&row, late, 5.0);
        let window = StoreConfig {
            out_of_order_window: Duration::from_secs(7200),
            ..config(dir.path())
        };
        let store = open(window.clone());
        assert_eq!(store.ingest(&batch).unwrap().n_rejected, 0);
        drop(store);
        let found = content(&open(window));
        let key = model::Labels::from_pairs(pairs(0)).unwrap().to_string();
        assert_eq!(found[&key].get(&late), Some(&5.0f64.to_bits()), "{name}");
    }
}
