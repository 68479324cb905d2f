//! What handles name, and when they are void.

use super::mixed::read;
use super::*;

const T: Millis = 900 * HOUR;

fn again(store: &Store, handles: &[SeriesHandle], times: (Millis, Millis)) -> Vec<usize> {
    let mut void = Vec::new();
    let repeat = Repeat {
        series: handles,
        before: times.0,
        timestamp: times.1,
    };
    let ingested = store.repeat(repeat, &mut void).unwrap();
    assert_eq!(ingested.samples + void.len(), handles.len());
    store.wait_durable(ingested.position).unwrap();
    void.sort_unstable();
    void
}

#[test]
fn floats_go_on_with_their_start_and_nothing_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(config(dir.path()), unsynced());
    let mut batch = Batch::default();
    let mut add = |id: u32, value: f64, start: Millis, histogram: Option<model::Histogram>| {
        let series = batch.add_packed(labels(id).as_packed()).unwrap();
        match histogram {
            Some(histogram) => batch.push_histogram(&series, T, histogram),
            None => batch.push(&series, T, value),
        }
        batch.set_start(start);
    };
    add(1, 7.0, 0, None);
    add(2, 8.0, 5, None);
    add(3, f64::from_bits(STALE_BITS), 0, None);
    add(4, 0.0, 0, Some(model::Histogram::default()));
    add(5, f64::NAN, 0, None);
    let mut handles = Vec::new();
    store.ingest_named(&batch, &mut handles).unwrap();
    handles.push(SeriesHandle::VOID);
    assert_eq!(again(&store, &handles, (T, T + 15)), [2, 3, 5]);
    assert_eq!(again(&store, &handles, (T, T + 30)), [0, 1, 2, 3, 4, 5]);
    assert_eq!(again(&store, &handles, (T + 15, T + 15)), [0, 1, 2, 3, 4, 5]);
    let far = 2000 * HOUR;
    assert_eq!(again(&store, &handles, (T + 15, far)), [0, 1, 2, 3, 4, 5]);

    let expected = |id: u32, bits: u64, start: Millis| {
        let samples = [T, T + 15].map(|t| (t, (bits, None, start)));
        (labels(id), BTreeMap::from(samples))
    };
    let check = |store: &Store| {
        let mut found = read(store);
        for ended in [3, 4] {
            assert_eq!(found.remove(&labels(ended)).map(|samples| samples.len()), Some(1));
        }
        let repeated = [
            expected(1, 7_f64.to_bits(), 0),
            expected(2, 8_f64.to_bits(), 5),
            expected(5, f64::NAN.to_bits(), 0),
        ];
        assert_eq!(found, BTreeMap::from(repeated));
    };
    check(&store);
    let crashed = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), crashed.path());
    check(&open_with(config(crashed.path()), unsynced()));
}

#[test]
fn handles_of_series_that_were_numbered_anew_are_void() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_one_shard(dir.path());
    // Many series end, and so the one that goes on gets another number.
    let mut handles = Vec::new();
    let goes_on = 3_000_000;
    for hour in 0..8 {
        let t = T + hour * HOUR;
        let first = hour as u32 * 1000;
        let mut rows: Vec<_> = (first..first + 1000).map(|id| (id, t, 1)).collect();
        rows.push((goes_on, t, 2));
        let mut all = Vec::new();
        store.ingest_named(&batch(&rows), &mut all).unwrap();
        handles.push(*all.last().unwrap());
        store.maintain(t);
    }
    let latest = T + 7 * HOUR;
    let renumbered: BTreeSet<u64> = handles.iter().map(|handle| handle.key()).collect();
    assert!(renumbered.len() > 1, "{handles:?}");
    let void = again(&store, &handles, (latest, latest + 1));
    // The last one is of the present numbers or was given just before they changed; no other is taken for another series.
    assert!(void.len() >= handles.len() - 1, "{void:?}");
    let content = content(
        &store,
        TimeRange {
            start: latest + 1,
            end: latest + 1,
        },
    );
    let expected = (labels(goes_on), BTreeMap::from([(latest + 1, 2)]));
    let n_taken = handles.len() - void.len();
    assert_eq!(content, Content::from_iter([expected].into_iter().take(n_taken)));
}
