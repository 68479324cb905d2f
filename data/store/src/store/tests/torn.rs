//! A log that ends at any byte of its last record, of each kind that there is.

use model::{Buckets, Exemplar, ExemplarRequest, Histogram, Span};

use super::*;

/// A float, a histogram with a start, and an exemplar of each.
fn mixed_batch(step: i64) -> Batch {
    let t = 900 * HOUR + step * 15_000;
    let mut batch = Batch::default();
    for id in 0..4 {
        let series = batch.add_packed(labels(id).as_packed()).unwrap();
        if id % 2 == 0 {
            batch.push(&series, t, step as f64);
        } else {
            let count = step as f64 + 1.0;
            let histogram = Histogram {
                integer: true,
                count: 2.0 * count,
                sum: 3.5 * count,
                zero_threshold: 0.25,
                positive: Buckets {
                    spans: vec![Span { offset: 1, length: 2 }],
                    counts: vec![count, count],
                },
                ..Histogram::default()
            };
            batch.push_histogram(&series, t, histogram);
        }
        batch.set_start(t - i64::from(id) * 1000);
        batch.push_exemplar(
            &series,
            Exemplar {
                labels: Labels::from_pairs([("trace_id", format!("{step}-{id}").as_str())]).unwrap(),
                timestamp: t,
                value: step as f64,
            },
        );
    }
    batch
}

type State = (BTreeMap<Labels, BTreeMap<Millis, mixed::Held>>, usize);

fn state(store: &Store) -> State {
    let request = ExemplarRequest {
        matcher_sets: vec![vec![Matcher::equal("job", "test")]],
        range: TimeRange::ALL,
    };
    let exemplars = Query::exemplars(store, &request).unwrap();
    let n = exemplars.iter().map(|series| series.exemplars.len()).sum();
    (mixed::read(store), n)
}

fn is_part(part: &State, whole: &State) -> bool {
    let held = |(series, samples): (&Labels, &BTreeMap<Millis, mixed::Held>)| {
        let all = whole.0.get(series);
        samples
            .iter()
            .all(|(t, held)| all.and_then(|all| all.get(t)) == Some(held))
    };
    part.0.iter().all(held) && part.1 <= whole.1
}

#[test]
fn a_log_that_ends_within_its_last_record_has_all_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = |dir: &Path| StoreConfig {
        snapshot_after_bytes: None,
        ..config(dir)
    };
    let store = open_with(config(dir.path()), unsynced());
    let put = |step: i64| {
        let position = store.ingest(&mixed_batch(step)).unwrap().position;
        store.wait_durable(position).unwrap();
    };
    (0..5).for_each(put);
    let segment = only_file(&dir.path().join("wal"), "wal");
    let start = std::fs::read(&segment).unwrap().len();
    let before = state(&store);
    put(5);
    let bytes = std::fs::read(&segment).unwrap();
    let after = state(&store);
    assert_eq!((before.1, after.1), (20, 24));
    let copy = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), copy.path());
    let name = Path::new("wal").join(segment.file_name().unwrap());
    for end in start..=bytes.len() {
        // Once cut, once with zeros where the rest should be.
        for zeros in [false, true] {
            let mut torn = bytes[..end].to_vec();
            if zeros {
                torn.resize(bytes.len(), 0);
            }
            let left = tempfile::tempdir().unwrap();
            copy_dir(copy.path(), left.path());
            std::fs::write(left.path().join(&name), torn).unwrap();
            let again = open_with(config(left.path()), unsynced());
            let found = state(&again);
            // The records of a batch may be written one by one.
            assert!(
                is_part(&before, &found) && is_part(&found, &after),
                "{end}, {zeros}"
            );
            if !zeros {
                assert_eq!(found == after, end == bytes.len(), "cut at {end}");
                assert_eq!(again.status().quarantined, Vec::<PathBuf>::new());
            }
            // And it goes on.
            let position = again.ingest(&mixed_batch(6)).unwrap().position;
            again.wait_durable(position).unwrap();
            let expected = state(&again);
            drop(again);
            let again = open_with(config(left.path()), unsynced());
            assert_eq!(state(&again), expected, "{end}, {zeros}");
        }
    }
}
