//! Histograms, exemplars, limits and counts, as users see them.

use model::{
    Buckets, Exemplar, ExemplarRequest, Histogram, IngestError, Labels, PackedLabels, Span, stale_marker,
};
use store::Counted;

use super::*;

const UP: &[(&str, &str)] = &[("__name__", "up"), ("job", "a")];

fn histogram(count: f64) -> Histogram {
    Histogram {
        schema: 2,
        zero_threshold: 0.001,
        count,
        sum: count * 2.0,
        positive: Buckets {
            spans: vec![Span { offset: 1, length: 1 }],
            counts: vec![count],
        },
        ..Histogram::default()
    }
}

fn with_histogram(t: Millis, histogram: Histogram) -> Batch {
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    UP.iter().for_each(|(name, value)| {
        labels.add(name, value);
    });
    let series = batch.add_series(&mut labels).unwrap();
    batch.push_histogram(&series, t, histogram);
    batch
}

#[test]
fn histograms_follow_the_rules_of_floats() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    let t = 999 * HOUR;
    let refusal = |batch: &Batch| store.ingest(batch).unwrap().rejected.pop().map(|(_, why)| why);
    let taken = store.ingest(&with_histogram(t, histogram(1.0))).unwrap();
    assert_eq!((taken.samples, taken.histograms), (1, 1));
    assert_eq!(refusal(&with_histogram(t, histogram(1.0))), None, "a repetition");
    let duplicate = Some(Rejection::Duplicate { timestamp: t });
    assert_eq!(refusal(&with_histogram(t, histogram(2.0))), duplicate);
    assert_eq!(refusal(&one(UP, t, 2.0)), duplicate, "a float of the same sum");
    assert_eq!(refusal(&with_histogram(t - MINUTE, histogram(3.0))), None, "late");
    assert_eq!(refusal(&with_histogram(t - MINUTE, histogram(3.0))), None);
    assert_eq!(
        refusal(&one(UP, t - MINUTE, 1.0)),
        Some(Rejection::Duplicate {
            timestamp: t - MINUTE
        })
    );
    assert!(matches!(
        refusal(&with_histogram(t - HOUR, histogram(3.0))),
        Some(Rejection::TooOld { .. })
    ));
    let mut bent = histogram(4.0);
    bent.positive.counts.push(1.0);
    assert!(matches!(
        refusal(&with_histogram(t + 1, bent)),
        Some(Rejection::InvalidHistogram { .. })
    ));
    let mut stale = histogram(1.0);
    stale.sum = stale_marker();
    assert_eq!(refusal(&with_histogram(t + 2, stale)), None);
    let set = store
        .select(&Selection {
            matchers: vec![Matcher::equal("job", "a")],
            range: TimeRange::ALL,
        })
        .unwrap();
    let mut buffer = SampleBuffer::default();
    set.read(0, &mut buffer).unwrap();
    assert_eq!(buffer.timestamps, [t - MINUTE, t, t + 2]);
    assert_eq!(buffer.histogram(0), Some(&histogram(3.0)));
    assert_eq!(buffer.histogram(1), Some(&histogram(1.0)));
    assert_eq!(buffer.histogram(2), None, "the marker is a float");
    assert!(model::is_stale(buffer.values[2]));
}

fn exemplar(t: Millis, value: f64, trace: &str) -> Exemplar {
    Exemplar {
        labels: Labels::from_pairs([("trace_id", trace)]).unwrap(),
        timestamp: t,
        value,
    }
}

fn with_exemplars(pairs: &[(&str, &str)], t: Millis, exemplars: &[Exemplar]) -> Batch {
    let mut batch = one(pairs, t, 1.0);
    let labels = Labels::from_pairs(pairs.iter().copied()).unwrap();
    let series = batch.add_packed(PackedLabels::trusted(labels.packed())).unwrap();
    for exemplar in exemplars {
        batch.push_exemplar(&series, exemplar.clone());
    }
    batch
}

fn exemplars(store: &Store, range: TimeRange) -> Vec<(String, Vec<f64>)> {
    let request = ExemplarRequest {
        matcher_sets: vec![vec![Matcher::equal("job", "a")], vec![Matcher::equal("job", "b")]],
        range,
    };
    let found = store.exemplars(&request).unwrap();
    let values = |exemplars: &[Exemplar]| exemplars.iter().map(|e| e.value).collect();
    found
        .iter()
        .map(|s| (s.labels.to_string(), values(&s.exemplars)))
        .collect()
}

#[test]
fn exemplars_are_kept_found_and_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let config = || StoreConfig {
        max_exemplars: 3,
        ..config(dir.path())
    };
    let store = open(config());
    let t = 999 * HOUR;
    let taken = |pairs: &[(&str, &str)], exemplars: &[Exemplar]| {
        store
            .ingest(&with_exemplars(pairs, t, exemplars))
            .unwrap()
            .exemplars
    };
    let other: &[(&str, &str)] = &[("__name__", "up"), ("job", "b")];
    assert_eq!(taken(other, &[exemplar(t, 0.5, "z")]), 1);
    assert_eq!(
        taken(UP, &[exemplar(t, 1.0, "a"), exemplar(t, 1.0, "a")]),
        2,
        "a repetition"
    );
    assert_eq!(taken(UP, &[exemplar(t, 0.5, "a")]), 0, "smaller at the same time");
    assert_eq!(taken(UP, &[exemplar(t - HOUR, 0.5, "a")]), 0, "too far behind");
    assert_eq!(
        taken(UP, &[exemplar(t - MINUTE, 2.0, "a")]),
        1,
        "out of order in the window"
    );
    assert_eq!(taken(UP, &[exemplar(t, 3.0, &"x".repeat(130))]), 0, "too long");
    let both = [
        ("up{job=\"a\"}".to_owned(), vec![2.0, 1.0]),
        ("up{job=\"b\"}".to_owned(), vec![0.5]),
    ];
    assert_eq!(exemplars(&store, TimeRange::ALL), both);
    let late = TimeRange {
        start: t - MINUTE,
        end: t - 1,
    };
    assert_eq!(exemplars(&store, late), [("up{job=\"a\"}".to_owned(), vec![2.0])]);
    assert_eq!(taken(UP, &[exemplar(t + 1, 4.0, "a")]), 1, "the oldest one goes");
    let rest = [("up{job=\"a\"}".to_owned(), vec![2.0, 1.0, 4.0])];
    assert_eq!(exemplars(&store, TimeRange::ALL), rest);
    drop(store);
    // First by the snapshot, then by the log alone.
    for _ in 0..2 {
        let store = open(config());
        assert_eq!(exemplars(&store, TimeRange::ALL), rest);
        drop(store);
        std::fs::remove_file(dir.path().join("SNAPSHOT")).unwrap();
    }
    let off = open(StoreConfig {
        max_exemplars: 0,
        ..config()
    });
    let batch = with_exemplars(UP, t + 5, &[exemplar(t + 5, 1.0, "a")]);
    assert_eq!(off.ingest(&batch).unwrap().exemplars, 0);
    assert_eq!(exemplars(&off, TimeRange::ALL), []);
}

#[test]
fn limits_refuse_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock(AtomicI64::new(1000 * HOUR)));
    let config = StoreConfig {
        max_labels: 3,
        max_label_name_bytes: 10,
        max_label_value_bytes: 5,
        max_new_series_per_minute: Some(2),
        max_samples_per_second: Some(10),
        ..config(dir.path())
    };
    let store = Store::open(config, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let t = 999 * HOUR;
    let refusal = |pairs: &[(&str, &str)]| {
        let ingested = store.ingest(&one(pairs, t, 1.0)).unwrap();
        ingested.rejected.into_iter().next().map(|(_, why)| why)
    };
    let limit = |what, found, limit| Some(Rejection::LabelLimit { what, found, limit });
    assert_eq!(
        refusal(&[("__name__", "a"), ("b", "1"), ("c", "1"), ("d", "1")]),
        limit("number of labels", 4, 3)
    );
    assert_eq!(
        refusal(&[("__name__", "a"), ("b2345678901", "1")]),
        limit("length of a label name", 11, 10)
    );
    assert_eq!(
        refusal(&[("__name__", "a"), ("b", "123456")]),
        limit("length of a label value", 6, 5)
    );
    assert_eq!(refusal(&[("__name__", "a")]), None);
    assert_eq!(refusal(&[("__name__", "b")]), None);
    assert_eq!(
        refusal(&[("__name__", "c")]),
        Some(Rejection::SeriesRate { limit: 2 })
    );
    assert_eq!(refusal(&[("__name__", "a")]), None, "series that are there go on");
    clock.0.fetch_add(MINUTE, Ordering::Relaxed);
    assert_eq!(refusal(&[("__name__", "c")]), None);
    let mut large = Batch::default();
    (0..15).for_each(|i| add(&mut large, &[("__name__", "a")], t + i, 1.0));
    assert_eq!(store.ingest(&large).unwrap().samples, 15);
    assert!(matches!(
        store.ingest(&large),
        Err(IngestError::RateLimited { limit: 10 })
    ));
    clock.0.fetch_add(1000, Ordering::Relaxed);
    assert_eq!(store.ingest(&large).unwrap().samples, 15);
    let mut seen = Seen::default();
    store.report(&mut seen);
    let value = |name: &str| seen.0.iter().find(|(n, _)| n == name).unwrap().1;
    assert_eq!(
        value("periplus_store_rejected_samples_total{reason=label_limit}"),
        3.0
    );
    assert_eq!(
        value("periplus_store_rejected_samples_total{reason=series_rate}"),
        1.0
    );
    assert_eq!(value("periplus_store_refused_batches_total{}"), 1.0);
}

fn counted(name: &str, value: u64) -> Counted {
    Counted {
        name: name.to_owned(),
        value,
    }
}

#[test]
fn cardinality_tells_which_labels_make_the_series() {
    let dir = tempfile::tempdir().unwrap();
    for n_shards in [1, 3] {
        let store = open(StoreConfig {
            n_shards,
            ..config(&dir.path().join(n_shards.to_string()))
        });
        for pod in 0..40 {
            let job = if pod < 10 { "a" } else { "b" };
            let pod = format!("pod-{pod:02}");
            for name in ["up", "down"] {
                let labels = [("__name__", name), ("job", job), ("pod", &pod)];
                store.ingest(&one(&labels, 999 * HOUR, 1.0)).unwrap();
            }
        }
        store
            .ingest(&one(&[("__name__", "up")], 999 * HOUR, 1.0))
            .unwrap();
        let all = store.cardinality(2, Some("job"), &[]).unwrap();
        assert_eq!((all.series, all.label_pairs), (81, 2 + 2 + 40));
        assert_eq!(all.chunks, 81);
        assert_eq!(all.metrics, [counted("up", 41), counted("down", 40)]);
        assert_eq!(all.label_values, [counted("pod", 40), counted("__name__", 2)]);
        assert_eq!(all.label_bytes, [counted("pod", 480), counted("__name__", 242)]);
        assert_eq!(all.pairs, [counted("job=b", 60), counted("__name__=up", 41)]);
        assert_eq!(all.focus, [counted("b", 60), counted("a", 20)]);
        let some = store
            .cardinality(10, Some("job"), &[Matcher::equal("job", "a")])
            .unwrap();
        assert_eq!((some.series, some.chunks), (20, 20));
        assert_eq!(some.metrics, [counted("down", 10), counted("up", 10)]);
        assert_eq!(some.focus, [counted("a", 20)]);
    }
}

#[test]
fn backfill_of_days_is_taken_and_becomes_parts() {
    let dir = tempfile::tempdir().unwrap();
    let config = || StoreConfig {
        out_of_order_window: Duration::from_secs(10 * 24 * 3600),
        ..config(dir.path())
    };
    let store = open(config());
    let start = 900 * HOUR;
    let mut expected = std::collections::BTreeMap::new();
    for minute in 0..12 * 60 {
        let t = start + minute * MINUTE;
        store.ingest(&one(UP, t, minute as f64)).unwrap();
        expected.insert(t, minute as f64);
    }
    store.maintain(start + 12 * HOUR);
    let n_parts = store.status().parts.len();
    assert_eq!(n_parts, 5);
    // Between the samples of the parts, and days before them.
    for i in 0..300 {
        let t = start + i * MINUTE - 3 * 24 * HOUR * (i % 2) + 1;
        assert_eq!(store.ingest(&one(UP, t, -1.0)).unwrap().samples, 1);
        expected.insert(t, -1.0);
    }
    // Of two samples at one time the first one stored counts.
    store.ingest(&one(UP, start, 77.0)).unwrap();
    // What is deleted before it is in a part does not come back.
    let gone: &[(&str, &str)] = &[("__name__", "gone")];
    store.ingest(&one(gone, start + 30 * MINUTE, 5.0)).unwrap();
    assert_eq!(samples(&store, Matcher::equal("__name__", "gone")).len(), 1);
    let all_of_it = [vec![Matcher::equal("__name__", "gone")]];
    assert_eq!(store.delete_series(&all_of_it, TimeRange::ALL).unwrap(), 1);
    assert_eq!(samples(&store, Matcher::equal("__name__", "gone")), []);
    let too_old = store.ingest(&one(UP, start - 11 * 24 * HOUR, 1.0)).unwrap();
    assert!(matches!(too_old.rejected[0].1, Rejection::TooOld { .. }));
    let expected: Vec<_> = expected.into_iter().collect();
    let matcher = || Matcher::equal("job", "a");
    assert_eq!(samples(&store, matcher()), expected);
    drop(store);
    let store = open(config());
    assert_eq!(
        samples(&store, matcher()),
        expected,
        "in the snapshot or in the log"
    );
    for hour in 12..18 {
        store
            .ingest(&one(&[("__name__", "other")], start + hour * HOUR, 0.0))
            .unwrap();
        store.maintain(start + hour * HOUR);
    }
    assert_eq!(store.status().degraded, Vec::<String>::new());
    assert_eq!(samples(&store, matcher()), expected);
    let mut seen = Seen::default();
    store.report(&mut seen);
    let waiting = seen
        .0
        .iter()
        .find(|(n, _)| n == "periplus_store_backfill_waiting_samples{}");
    assert_eq!(waiting.unwrap().1, 0.0, "it is in parts");
    drop(store);
    std::fs::remove_file(dir.path().join("SNAPSHOT")).unwrap();
    let store = open(config());
    assert_eq!(samples(&store, matcher()), expected);
    assert_eq!(samples(&store, Matcher::equal("__name__", "gone")), []);
}

#[test]
fn a_marker_between_a_histogram_and_floats_of_one_batch_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    let t = 999 * HOUR;
    store.ingest(&with_histogram(t, histogram(1.0))).unwrap();
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    UP.iter().for_each(|(name, value)| {
        labels.add(name, value);
    });
    let series = batch.add_series(&mut labels).unwrap();
    batch.push(&series, t + 1, stale_marker());
    batch.push(&series, t + 2, 5.0);
    let taken = store.ingest(&batch).unwrap();
    assert_eq!((taken.samples, taken.rejected.len()), (2, 0));
    let set = store
        .select(&Selection {
            matchers: vec![Matcher::equal("job", "a")],
            range: TimeRange::ALL,
        })
        .unwrap();
    let mut buffer = SampleBuffer::default();
    set.read(0, &mut buffer).unwrap();
    assert_eq!(buffer.timestamps, [t, t + 1, t + 2]);
    assert_eq!(buffer.histogram(0), Some(&histogram(1.0)));
    assert!(model::is_stale(buffer.values[1]), "the series had ended");
    assert_eq!(buffer.histogram(2), None);
    assert_eq!(buffer.values[2], 5.0);
}

#[test]
fn room_for_exemplars_and_the_window_change_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(StoreConfig {
        max_exemplars: 3,
        ..config(dir.path())
    });
    let t = 999 * HOUR;
    let take = |at: Millis, value: f64| {
        let batch = with_exemplars(UP, at, &[exemplar(at, value, "a")]);
        store.ingest(&batch).unwrap().exemplars
    };
    let kept = || exemplars(&store, TimeRange::ALL).pop().map(|(_, values)| values);
    for n in 0..5_u8 {
        assert_eq!(take(t + i64::from(n) * MINUTE, f64::from(n)), 1);
    }
    assert_eq!(kept(), Some(vec![2.0, 3.0, 4.0]));
    store.set_max_exemplars(2);
    assert_eq!(kept(), Some(vec![3.0, 4.0]), "the latest stay");
    store.set_max_exemplars(4);
    for n in 5..8_u8 {
        assert_eq!(take(t + i64::from(n) * MINUTE, f64::from(n)), 1);
    }
    assert_eq!(kept(), Some(vec![4.0, 5.0, 6.0, 7.0]), "the oldest goes");
    store.set_max_exemplars(0);
    assert_eq!((take(t + 9 * MINUTE, 9.0), kept()), (0, None));

    let late = t - 30 * MINUTE;
    let refused = |batch: &Batch| store.ingest(batch).unwrap().n_rejected;
    assert_eq!(refused(&one(UP, late, 1.0)), 1);
    store.set_out_of_order_window(Duration::from_secs(3600));
    assert_eq!(refused(&one(UP, late, 1.0)), 0);
    store.set_out_of_order_window(Duration::ZERO);
    assert_eq!(refused(&one(UP, late + MINUTE, 1.0)), 1);
}
