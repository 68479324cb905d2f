//! Deletions, and samples of the deleted spans that come after them.

use model::{Buckets, Histogram, Span};

use super::*;

const START: Millis = 900 * HOUR;

fn histogram(count: f64) -> Histogram {
    Histogram {
        count,
        sum: count,
        zero_threshold: 0.5,
        positive: Buckets {
            spans: vec![Span { offset: 0, length: 1 }],
            counts: vec![count],
        },
        ..Histogram::default()
    }
}

fn deletions_config(dir: &Path) -> StoreConfig {
    StoreConfig {
        out_of_order_window: Duration::from_secs(30 * 3600),
        compacted_range: Duration::from_secs(8 * 3600),
        ..config(dir)
    }
}

/// What happens to a store between two looks at it.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Nothing,
    Close,
    Crash,
    /// Saves a snapshot of the head, then ends without closing.
    SaveAndCrash,
    Maintain,
    Clean,
    /// Loses the list of parts.
    LoseManifest,
}

const TURNS: [Turn; 7] = [
    Turn::Nothing,
    Turn::Close,
    Turn::Crash,
    Turn::SaveAndCrash,
    Turn::Maintain,
    Turn::Clean,
    Turn::LoseManifest,
];

struct Life {
    dir: tempfile::TempDir,
    store: Store,
}

impl Life {
    fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open_with(deletions_config(dir.path()), unsynced());
        Self { dir, store }
    }

    fn turn(self, turn: Turn) -> Self {
        let Self { dir, store } = self;
        store.wait_durable(store.position()).unwrap();
        match turn {
            Turn::Nothing => return Self { dir, store },
            Turn::Maintain => {
                store.maintain(1000 * HOUR);
                assert_eq!(store.status().degraded, Vec::<String>::new());
                return Self { dir, store };
            }
            Turn::Clean => {
                store.clean_tombstones().unwrap();
                return Self { dir, store };
            }
            Turn::SaveAndCrash => snapshot::save_last(&store.inner).unwrap(),
            Turn::Close | Turn::Crash | Turn::LoseManifest => {}
        }
        let copy = tempfile::tempdir().unwrap();
        if matches!(turn, Turn::Close) {
            store.close();
        }
        copy_dir(dir.path(), copy.path());
        if matches!(turn, Turn::LoseManifest) {
            std::fs::write(copy.path().join("MANIFEST"), b"").unwrap();
        }
        drop(store);
        let store = open_with(deletions_config(copy.path()), unsynced());
        Self { dir: copy, store }
    }

    fn put(&self, rows: &[(u32, Millis, u64)]) {
        let ingested = self.store.ingest(&batch(rows)).unwrap();
        assert_eq!(ingested.rejected, Vec::new());
    }

    fn delete(&self, id: u32, range: TimeRange) {
        let sets = [vec![Matcher::equal("id", &id.to_string())]];
        self.store.delete_series(&sets, range).unwrap();
    }

    fn samples(&self, id: u32) -> BTreeMap<Millis, u64> {
        let mut content = content(&self.store, TimeRange::ALL);
        content.remove(&labels(id)).unwrap_or_default()
    }
}

/// Ten hours of a sample a minute of two series; the first eight or so are in parts after upkeep.
fn fill_hours(life: &Life, hours: std::ops::Range<i64>) {
    for minute in hours.start * 60..hours.end * 60 {
        let t = START + minute * MINUTE;
        life.put(&[(1, t, 1), (2, t, 2)]);
    }
}

#[test]
fn what_comes_into_a_deleted_span_is_not_deleted() {
    let end = START + 10 * HOUR;
    let latest = end - MINUTE;
    // In the head in order, out of order, at the time of the latest; in parts; where nothing was.
    let times = [
        latest,
        latest - 1,
        latest - 30 * MINUTE,
        end - 70 * MINUTE + 7,
        START + 3 * HOUR,
        START + 3 * HOUR + 1,
        START + HOUR + 5,
    ];
    for first in TURNS {
        for second in TURNS {
            let mut life = Life::begin();
            fill_hours(&life, 0..10);
            life.put(&[(1, latest - 1, 8), (1, START + HOUR + 5, 8)]);
            life.store.maintain(1000 * HOUR);
            // Backfill that is gone, and late samples.
            life.put(&[(1, START + HOUR + 9, 8), (1, latest - 2, 8)]);
            life.delete(1, TimeRange::ALL);
            assert_eq!(life.samples(1), BTreeMap::new());
            let others = life.samples(2);
            life = life.turn(first);
            assert_eq!(life.samples(1), BTreeMap::new(), "{first:?}");
            let mut expected = BTreeMap::new();
            for t in times {
                life.put(&[(1, t, 5)]);
                expected.insert(t, 5);
            }
            assert_eq!(life.samples(1), expected, "after {first:?}");
            life = life.turn(second);
            assert_eq!(life.samples(1), expected, "after {first:?}, {second:?}");
            life.put(&[(1, end, 6)]);
            expected.insert(end, 6);
            for last in [Turn::Crash, Turn::Clean, Turn::SaveAndCrash] {
                life = life.turn(last);
                assert_eq!(life.samples(1), expected, "after {first:?}, {second:?}, {last:?}");
            }
            fill_hours(&life, 11..24);
            life = life.turn(Turn::Maintain);
            let mut samples = life.samples(1);
            samples.retain(|t, _| *t <= end);
            assert_eq!(samples, expected, "in parts, after {first:?}, {second:?}");
            let mut left = life.samples(2);
            left.retain(|t, _| *t < end);
            assert_eq!(left, others, "others are not touched");
        }
    }
}

#[test]
fn a_second_deletion_hits_what_came_after_the_first() {
    for turn in TURNS {
        let mut life = Life::begin();
        fill_hours(&life, 0..10);
        life.store.maintain(1000 * HOUR);
        let span = TimeRange {
            start: START + 2 * HOUR,
            end: START + 10 * HOUR,
        };
        life.delete(1, span);
        let late = START + 9 * HOUR + 30 * MINUTE;
        life.put(&[(1, late, 5), (1, START + 3 * HOUR, 5), (1, START + 11 * HOUR, 5)]);
        life = life.turn(turn);
        assert_eq!(life.samples(1).len(), 120 + 3, "{turn:?}");
        life.delete(1, span);
        life.put(&[(1, late, 6)]);
        for again in [turn, Turn::Crash, Turn::SaveAndCrash, Turn::Maintain] {
            life = life.turn(again);
            let samples = life.samples(1);
            assert_eq!(samples.len(), 120 + 2, "{turn:?}, {again:?}");
            assert_eq!(samples.get(&late), Some(&6), "{turn:?}, {again:?}");
        }
    }
}

#[test]
fn histograms_and_floats_take_the_place_of_what_is_deleted() {
    let put = |life: &Life, t: Millis, count: f64| {
        let mut batch = Batch::default();
        let series = batch.add_packed(labels(1).as_packed()).unwrap();
        batch.push_histogram(&series, t, histogram(count));
        batch.set_start(START);
        assert_eq!(life.store.ingest(&batch).unwrap().rejected, Vec::new());
    };
    for turn in [Turn::Nothing, Turn::Crash, Turn::SaveAndCrash, Turn::Maintain] {
        let mut life = Life::begin();
        for minute in 0..60 {
            put(&life, START + minute * MINUTE, minute as f64);
        }
        life.delete(1, TimeRange::ALL);
        life = life.turn(turn);
        assert_eq!(life.samples(1).len(), 0, "{turn:?}");
        // At the time of the latest, at others that were there, and at one that was not.
        put(&life, START + 59 * MINUTE, 7.0);
        put(&life, START + 10 * MINUTE, 8.0);
        life.put(&[(1, START + 20 * MINUTE, 9), (1, START + 20 * MINUTE + 1, 10)]);
        for again in [turn, Turn::Crash, Turn::Maintain] {
            life = life.turn(again);
            let expected = [
                (START + 10 * MINUTE, 8.0f64.to_bits()),
                (START + 20 * MINUTE, 9),
                (START + 20 * MINUTE + 1, 10),
                (START + 59 * MINUTE, 7.0f64.to_bits()),
            ];
            assert_eq!(life.samples(1), BTreeMap::from(expected), "{turn:?}, {again:?}");
        }
    }
}

#[test]
fn names_go_and_come_back_with_their_samples() {
    let life = Life::begin();
    fill_hours(&life, 0..1);
    let names = |life: &Life| {
        let request = NamesRequest {
            matcher_sets: Vec::new(),
            range: TimeRange::ALL,
            limit: usize::MAX,
        };
        life.store.label_values("id", &request).unwrap()
    };
    life.delete(1, TimeRange::ALL);
    assert_eq!(names(&life), ["2"]);
    life.put(&[(1, START + 5, 1)]);
    assert_eq!(names(&life), ["1", "2"]);
    let life = life.turn(Turn::Crash);
    assert_eq!(names(&life), ["1", "2"]);
}

#[test]
fn a_snapshot_on_request_takes_what_is_left() {
    let life = Life::begin();
    fill_hours(&life, 0..10);
    life.store.maintain(1000 * HOUR);
    life.delete(1, TimeRange::ALL);
    life.put(&[(1, START + 9 * HOUR + 7, 5), (1, START + HOUR, 5)]);
    let expected = content(&life.store, TimeRange::ALL);
    let name = life.store.snapshot(false).unwrap();
    let copy = tempfile::tempdir().unwrap();
    copy_dir(&life.dir.path().join("snapshots").join(name), copy.path());
    let store = open_with(deletions_config(copy.path()), unsynced());
    assert_eq!(content(&store, TimeRange::ALL), expected);
    store.ingest(&batch(&[(1, START + 9 * HOUR + 8, 6)])).unwrap();
    store.wait_durable(store.position()).unwrap();
    drop(store);
    let store = open_with(deletions_config(copy.path()), unsynced());
    let found = content(&store, TimeRange::ALL);
    assert_eq!(found[&labels(1)].len(), 3);
}
