//! Log that goes once a snapshot of the head holds what parts do not.

use super::*;

fn history_config(dir: &Path) -> StoreConfig {
    StoreConfig {
        snapshot_after_bytes: Some(0),
        ..config(dir)
    }
}

fn add(content: &mut Content, rows: &[(u32, Millis, u64)]) {
    for (id, t, bits) in rows {
        content.entry(labels(*id)).or_default().insert(*t, *bits);
    }
}

/// Sends a quarter of an hour of history a step, and beside it one sample of now.
fn send_history(store: &Store, steps: std::ops::Range<i64>, sent: &mut Content) {
    for step in steps {
        let mut rows: Vec<_> = (0..5)
            .map(|id| (id, 900 * HOUR + step * 15 * MINUTE, (step as f64 * 0.5).to_bits()))
            .collect();
        rows.push((9, 999 * HOUR + step * 1000, step as u64));
        let ingested = store.ingest(&batch(&rows)).unwrap();
        assert_eq!(ingested.n_rejected, 0);
        store.wait_durable(ingested.position).unwrap();
        add(sent, &rows);
    }
}

/// A folder of which the log holds nothing but the mark of its epoch, as a crash leaves it.
fn carried_folder(dir: &Path) -> Content {
    let living = tempfile::tempdir().unwrap();
    let store = open_with(history_config(living.path()), unsynced());
    let mut sent = Content::new();
    send_history(&store, 0..40, &mut sent);
    store.maintain(1000 * HOUR);
    assert_eq!(store.status().degraded, Vec::<String>::new());
    assert!(store.inner.manifest.lock().needs_snapshot());
    copy_dir(living.path(), dir);
    sent
}

/// What upkeep does when nothing has come for a moment.
fn rest(store: &Store) {
    for (task, result) in upkeep::shorten_log(&store.inner, upkeep::Pace::Quiet) {
        assert_eq!(result.map_err(|error| error.to_string()), Ok(()), "{task}");
    }
}

fn reopened(dir: &Path) -> Store {
    open_with(history_config(dir), unsynced())
}

fn without_now(content: &Content) -> Content {
    let mut content = content.clone();
    content.remove(&labels(9));
    content
}

#[test]
fn history_beside_what_comes_now_leaves_a_short_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopened(dir.path());
    let mut sent = Content::new();
    for round in 0..6 {
        send_history(&store, round * 40..round * 40 + 40, &mut sent);
        let before = store.inner.wal.stats().bytes;
        store.maintain(1000 * HOUR);
        rest(&store);
        let after = store.inner.wal.stats().bytes;
        assert!(after < 200 && after < before / 4, "{before} bytes become {after}");
        assert_eq!(content(&store, TimeRange::ALL), sent);
        let crashed = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), crashed.path());
        let again = reopened(crashed.path());
        assert_eq!(content(&again, TimeRange::ALL), sent, "round {round}");
        // What was let go stays away, and the next life goes on.
        let mut more = sent.clone();
        send_history(&again, 300..303, &mut more);
        drop(again);
        assert_eq!(
            content(&reopened(crashed.path()), TimeRange::ALL),
            more,
            "round {round}"
        );
    }
}

#[test]
fn log_of_the_usual_kind_stays_until_parts_hold_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopened(dir.path());
    let expected = fill(&store, 0..200);
    store.maintain(1000 * HOUR);
    assert!(dir.path().join("SNAPSHOT").exists());
    let crashed = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), crashed.path());
    std::fs::remove_file(crashed.path().join("SNAPSHOT")).unwrap();
    assert_eq!(content(&reopened(crashed.path()), TimeRange::ALL), expected);
}

#[test]
fn a_damaged_or_missing_snapshot_that_was_needed_is_named_and_parts_serve() {
    let dir = tempfile::tempdir().unwrap();
    let sent = carried_folder(dir.path());
    for damaged in [true, false] {
        let bent = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), bent.path());
        let snapshot = bent.path().join("SNAPSHOT");
        let named = if damaged {
            std::fs::write(&snapshot, b"PERISNAP junk").unwrap();
            bent.path().join("quarantine/SNAPSHOT")
        } else {
            std::fs::remove_file(&snapshot).unwrap();
            snapshot
        };
        let store = reopened(bent.path());
        assert_eq!(store.status().quarantined, [named]);
        assert_eq!(content(&store, TimeRange::ALL), without_now(&sent));
        let mut more = without_now(&sent);
        send_history(&store, 300..310, &mut more);
        store.maintain(1000 * HOUR);
        drop(store);
        let store = reopened(bent.path());
        assert_eq!(content(&store, TimeRange::ALL), more);
        assert_eq!(
            store.status().quarantined.len(),
            usize::from(damaged),
            "told once"
        );
    }
}

#[test]
fn another_number_of_shards_waits_until_the_log_alone_says_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let sent = carried_folder(dir.path());
    for n_shards in [1, 3, 8] {
        for lost_manifest in [false, true] {
            let copy = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), copy.path());
            if lost_manifest {
                std::fs::write(copy.path().join("MANIFEST"), b"junk").unwrap();
            }
            let config = || StoreConfig {
                n_shards,
                ..history_config(copy.path())
            };
            let mut expected = sent.clone();
            for round in 0..3 {
                let store = open_with(config(), unsynced());
                assert_eq!(
                    content(&store, TimeRange::ALL),
                    expected,
                    "{n_shards} shards, {round}"
                );
                assert_eq!(store.inner.shards.len(), 2);
                send_history(&store, 300 + round * 3..303 + round * 3, &mut expected);
            }
            // Parts come to hold what the snapshot did.
            let clock = Arc::new(TestClock(AtomicI64::new(1010 * HOUR)));
            let store = open::open(config(), clock, unsynced()).unwrap();
            let row = [(9, 1009 * HOUR, 1)];
            store.ingest(&batch(&row)).unwrap();
            add(&mut expected, &row);
            store.maintain(1010 * HOUR);
            assert_eq!(content(&store, TimeRange::ALL), expected);
            drop(store);
            let store = open_with(config(), unsynced());
            assert_eq!(content(&store, TimeRange::ALL), expected);
            assert_eq!(store.inner.shards.len(), n_shards);
        }
    }
}

#[test]
fn deletions_hold_for_what_the_snapshot_carries() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopened(dir.path());
    let mut sent = Content::new();
    send_history(&store, 0..40, &mut sent);
    let gone = [vec![Matcher::equal("id", "9")]];
    let early = TimeRange {
        start: 999 * HOUR,
        end: 999 * HOUR + 10_000,
    };
    store.delete_series(&gone, early).unwrap();
    store.maintain(1000 * HOUR);
    let late = TimeRange {
        start: 999 * HOUR + 30_000,
        end: 999 * HOUR + 33_000,
    };
    store.delete_series(&gone, late).unwrap();
    // Comes late, in a span that is deleted: kept.
    let back = [(9, 999 * HOUR + 31_500, 7)];
    let position = store.ingest(&batch(&back)).unwrap().position;
    store.wait_durable(position).unwrap();
    let samples = sent.get_mut(&labels(9)).unwrap();
    samples.retain(|t, _| !early.contains(*t) && !late.contains(*t));
    add(&mut sent, &back);
    assert_eq!(content(&store, TimeRange::ALL), sent);
    for round in 0..3 {
        let crashed = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), crashed.path());
        assert_eq!(
            content(&reopened(crashed.path()), TimeRange::ALL),
            sent,
            "round {round}"
        );
        store.maintain(1000 * HOUR);
    }
}

#[test]
fn what_a_reader_of_the_log_holds_back_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopened(dir.path());
    let mut sent = Content::new();
    let mut tail = store.tail(1);
    tail.hold(1 << 20);
    send_history(&store, 0..40, &mut sent);
    store.maintain(1000 * HOUR);
    let (mut batch, mut read) = (Batch::default(), Content::new());
    while let crate::TailStep::Record { position, missed } = tail.next(&mut batch, Duration::ZERO).unwrap() {
        assert_eq!(missed, 0);
        for row in batch.rows() {
            let series = read.entry(batch.labels(row).to_labels()).or_default();
            series.insert(row.timestamp, row.value.to_bits());
        }
        tail.acknowledge(position);
    }
    assert_eq!(read, sent);
    store.maintain(1000 * HOUR);
    let left = store.inner.wal.stats().bytes;
    assert!(left < 200, "{left} bytes once it has them");
    // The place of a reader that comes now is behind what is gone.
    let position = store.position();
    send_history(&store, 40..41, &mut sent);
    let mut tail = store.tail(position + 1);
    let step = tail.next(&mut batch, Duration::ZERO).unwrap();
    assert!(
        matches!(step, crate::TailStep::Record { missed: 0, .. }),
        "{step:?}"
    );
}
