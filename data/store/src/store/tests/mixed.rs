//! Floats, histograms and start timestamps of one series against a plain map.

use model::{Buckets, Histogram, ResetHint, Span};

use super::*;

/// A value, a histogram, and the start of its counting.
pub(super) type Held = (u64, Option<Histogram>, Millis);

fn histogram() -> impl Strategy<Value = Histogram> {
    (0u32..3, 0u32..4, 0u32..4, any::<bool>()).prop_map(|(layout, a, b, integer)| {
        let (a, b) = (f64::from(a), f64::from(b));
        let counts = if layout == 0 { vec![a] } else { vec![a, b] };
        let spans = vec![Span {
            offset: layout as i32,
            length: counts.len() as u32,
        }];
        let positive = Buckets {
            spans,
            counts: counts.clone(),
        };
        Histogram {
            schema: if layout == 2 { 1 } else { 0 },
            integer,
            reset_hint: ResetHint::Unknown,
            zero_threshold: 0.5,
            zero_count: b,
            count: b + counts.iter().sum::<f64>(),
            sum: a - b,
            positive,
            ..Histogram::default()
        }
    })
}

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<(u32, Millis, Option<Histogram>, Millis)>),
    Maintain,
    Reopen,
    Crash,
}

fn steps() -> impl Strategy<Value = Step> {
    let row = (
        0u32..3,
        prop_oneof![3 => Just(0i64), 1 => -20 * MINUTE..0],
        prop_oneof![histogram().prop_map(Some), Just(None)],
        prop_oneof![3 => Just(0i64), 2 => Just(5i64), 1 => 6i64..9],
    );
    prop_oneof![
        12 => proptest::collection::vec(row, 1..5).prop_map(Step::Send),
        2 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

pub(super) fn read(store: &Store) -> BTreeMap<Labels, BTreeMap<Millis, Held>> {
    let matchers = vec![Matcher::equal("job", "test")];
    let range = TimeRange::ALL;
    let set = store.select(&Selection { matchers, range }).unwrap();
    let mut found = BTreeMap::new();
    let mut buffer = SampleBuffer::default();
    for idx in 0..set.len() {
        set.read(idx, &mut buffer).unwrap();
        let row = |row: usize| {
            let held = (
                buffer.values[row].to_bits(),
                buffer.histogram(row).cloned(),
                buffer.start(row),
            );
            (buffer.timestamps[row], held)
        };
        let samples: BTreeMap<Millis, Held> = (0..buffer.len()).map(row).collect();
        assert_eq!(samples.len(), buffer.len(), "times ascend");
        if !samples.is_empty() {
            found.insert(set.labels(idx), samples);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn mixed_series_hold_what_a_plain_map_holds(
        steps in proptest::collection::vec(steps(), 1..60),
        snapshots in any::<bool>(),
    ) {
        let mut dir = tempfile::tempdir().unwrap();
        let config = |dir: &Path| StoreConfig {
            snapshot_after_bytes: snapshots.then_some(0),
            out_of_order_window: Duration::from_secs(24 * 3600),
            compacted_range: Duration::from_secs(8 * 3600),
            ..config(dir)
        };
        let mut store = open_with(config(dir.path()), unsynced());
        let mut expected: BTreeMap<Labels, BTreeMap<Millis, Held>> = BTreeMap::new();
        let mut now = 900 * HOUR;
        for step in steps {
            match step {
                Step::Send(rows) => {
                    now += 7 * MINUTE;
                    let mut batch = Batch::default();
                    let mut n_histograms = 0;
                    for (id, dt, histogram, start) in rows {
                        let t = now + dt;
                        let samples = expected.entry(labels(id)).or_default();
                        if samples.contains_key(&t) {
                            continue;
                        }
                        let series = batch.add_packed(labels(id).as_packed()).unwrap();
                        let value = match &histogram {
                            Some(histogram) => {
                                n_histograms += 1;
                                batch.push_histogram(&series, t, histogram.clone());
                                histogram.sum
                            }
                            None => {
                                batch.push(&series, t, dt as f64);
                                dt as f64
                            }
                        };
                        batch.set_start(start);
                        samples.insert(t, (value.to_bits(), histogram, start));
                    }
                    for _ in 0..2 {
                        // The second time all are repetitions.
                        let ingested = store.ingest(&batch).unwrap();
                        prop_assert_eq!(ingested.n_rejected, 0, "{:?}", ingested.rejected);
                        prop_assert_eq!((ingested.samples, ingested.histograms), (batch.rows().len(), n_histograms));
                    }
                }
                Step::Maintain => {
                    store.maintain(now);
                    prop_assert_eq!(store.status().degraded, Vec::<String>::new());
                }
                Step::Reopen => {
                    drop(store);
                    store = open_with(config(dir.path()), unsynced());
                }
                Step::Crash => {
                    store.wait_durable(store.position()).unwrap();
                    let copy = tempfile::tempdir().unwrap();
                    copy_dir(dir.path(), copy.path());
                    drop(store);
                    dir = copy;
                    store = open_with(config(dir.path()), unsynced());
                }
            }
            expected.retain(|_, samples| !samples.is_empty());
            prop_assert_eq!(&read(&store), &expected);
        }
    }
}
