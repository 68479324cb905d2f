//! The log as senders follow it.

use model::{Buckets, Exemplar, Histogram, Labels, Span};
use store::{LogTail, TailStep};

use super::*;

/// What a batch says, for comparison.
type Told = Vec<(String, Millis, u64, bool, Millis)>;

fn told(batch: &Batch) -> Told {
    let row = |(at, row): (usize, &model::BatchRow)| {
        let at = at as u32;
        let is_histogram = batch.histograms().iter().any(|h| h.0 == at);
        let start = batch.starts().iter().find(|s| s.0 == at).map_or(0, |s| s.1);
        let labels = batch.labels(row).to_labels().to_string();
        (labels, row.timestamp, row.value.to_bits(), is_histogram, start)
    };
    let mut rows: Told = batch.rows().iter().enumerate().map(row).collect();
    rows.sort();
    rows
}

/// Reads what is durable now.
fn read(tail: &mut LogTail) -> (Told, u64, u64) {
    let (mut all, mut missed, mut last) = (Told::new(), 0, 0);
    let mut batch = Batch::default();
    while let TailStep::Record { position, missed: n } = tail.next(&mut batch, Duration::ZERO).unwrap() {
        assert!(position > last, "positions ascend");
        assert_eq!(tail.position(), position + 1);
        last = position;
        missed += n;
        all.extend(told(&batch));
    }
    all.sort();
    (all, missed, last)
}

fn sends(store: &Store, round: i64) -> Told {
    let t = 990 * HOUR + round * 15_000;
    let mut batch = Batch::default();
    for id in 0..10 {
        let labels = Labels::from_pairs([("__name__", "m"), ("id", &id.to_string())]).unwrap();
        let series = batch.add_packed(labels.as_packed()).unwrap();
        if id == 3 {
            let positive = Buckets {
                spans: vec![Span { offset: 0, length: 1 }],
                counts: vec![round as f64],
            };
            let histogram = Histogram {
                count: round as f64,
                sum: 0.5,
                positive,
                ..Histogram::default()
            };
            batch.push_histogram(&series, t, histogram);
        } else {
            batch.push(&series, t, (round * id) as f64 / 4.0);
        }
        if id % 4 == 0 {
            batch.set_start(1 + round / 5);
        }
    }
    let position = store.ingest(&batch).unwrap().position;
    store.wait_durable(position).unwrap();
    told(&batch)
}

#[test]
fn a_tail_gives_every_record_back_from_any_position() {
    let dir = tempfile::tempdir().unwrap();
    let config = || StoreConfig {
        log_segment_bytes: 600,
        n_shards: 2,
        ..config(dir.path())
    };
    let store = open(config());
    let mut tail = store.tail(0);
    let mut batch = Batch::default();
    assert_eq!(tail.next(&mut batch, Duration::ZERO).unwrap(), TailStep::Idle);
    let mut rounds = Vec::new();
    let mut ends = Vec::new();
    for round in 0..30 {
        rounds.push(sends(&store, round));
        ends.push(store.position());
        assert_eq!(
            read(&mut tail),
            (rounds[round as usize].clone(), 0, ends[round as usize])
        );
    }
    assert!(store.status().wal_segments > 3, "segments change meanwhile");
    for (round, end) in ends.iter().enumerate() {
        let mut expected = rounds[round + 1..].concat();
        expected.sort();
        let mut tail = store.tail(end + 1);
        let (found, missed, _) = read(&mut tail);
        assert_eq!((found, missed), (expected, 0), "from {end}");
    }
    drop(store);
    let store = open(config());
    let (found, missed, last) = read(&mut store.tail(ends[27] + 1));
    let mut expected = rounds[28..].concat();
    expected.sort();
    assert_eq!((found, missed, last), (expected, 0, ends[29]), "after a restart");
}

#[test]
fn metadata_and_exemplars_are_in_the_tail() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    let mut sent = one(&[("__name__", "up")], 999 * HOUR, 1.0);
    let series = sent
        .add_packed(Labels::from_pairs([("__name__", "up")]).unwrap().as_packed())
        .unwrap();
    let exemplar = Exemplar {
        labels: Labels::from_pairs([("trace_id", "x")]).unwrap(),
        timestamp: 999 * HOUR,
        value: 0.5,
    };
    sent.push_exemplar(&series, exemplar.clone());
    sent.describe("up", Metadata::default());
    let position = store.ingest(&sent).unwrap().position;
    store.wait_durable(position).unwrap();
    let mut tail = store.tail(0);
    let (mut batch, mut all) = (Batch::default(), Batch::default());
    while let TailStep::Record { .. } = tail.next(&mut batch, Duration::ZERO).unwrap() {
        all.append(&mut batch).unwrap();
    }
    assert_eq!(told(&all), told(&sent));
    assert_eq!(all.metadata(), sent.metadata());
    let found: Vec<_> = all.exemplars().iter().map(|e| &e.exemplar).collect();
    assert_eq!(found, [&exemplar]);
    let labels = all.exemplar_labels(&all.exemplars()[0]).to_labels();
    assert_eq!(labels.to_string(), "up");
}

#[test]
fn a_waiting_tail_wakes_up_and_ends_with_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    let mut tail = store.tail(store.position() + 1);
    let reader = std::thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || {
            let mut batch = Batch::default();
            let mut n = 0;
            loop {
                match tail.next(&mut batch, Duration::from_secs(60)).unwrap() {
                    TailStep::Record { .. } => n += batch.rows().len(),
                    TailStep::Idle => panic!("nothing came for a minute"),
                    TailStep::Closed => return n,
                }
            }
        })
        .unwrap();
    for round in 0..20 {
        sends(&store, round);
    }
    store.close();
    assert_eq!(reader.join().unwrap(), 200);
}

#[test]
fn log_is_held_back_up_to_a_bound_and_what_is_missed_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()));
    let hours = |from: i64, to: i64| {
        for hour in from..to {
            let t = 900 * HOUR + hour * HOUR;
            let position = store
                .ingest(&one(&[("__name__", "up")], t, hour as f64))
                .unwrap()
                .position;
            store.wait_durable(position).unwrap();
            store.maintain(t);
        }
    };
    let mut held = store.tail(1);
    held.hold(1 << 20);
    let mut free = store.tail(1);
    hours(0, 24);
    assert!(
        store.status().wal_segments > 8,
        "{} segments",
        store.status().wal_segments
    );
    let (all, missed, last) = read(&mut held);
    assert_eq!((all.len(), missed), (24, 0));
    assert_eq!(held.backlog().records, 0);
    held.acknowledge(last);
    hours(24, 30);
    assert!(
        store.status().wal_segments < 8,
        "{} segments",
        store.status().wal_segments
    );
    let backlog = free.backlog();
    assert!(backlog.records > 0 && backlog.bytes > 0);
    let (rest, missed, _) = read(&mut free);
    assert_eq!(rest.len() as u64 + missed, 30);
    assert!(missed > 20, "{missed} missed");
    held.hold(1);
    hours(30, 48);
    assert!(store.status().wal_segments < 8, "one byte holds nothing");
    let (rest, missed, _) = read(&mut held);
    assert_eq!(rest.len() as u64 + missed, 24);
}
