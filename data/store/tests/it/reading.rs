//! Reading the series of a selection in any order and side by side.

use model::{Batch, Ingest, Labels, MatchOp, Matcher, Query, SampleBuffer, Selection, SeriesSet, TimeRange};

use super::{HOUR, MINUTE, add, config, open};

const N_SERIES: usize = 300;

fn value(series: usize, round: i64) -> f64 {
    (series as i64 * 1000 + round * (series as i64 % 7)) as f64 / 4.0
}

fn check(set: &dyn SeriesSet, idx: usize, buffer: &mut SampleBuffer) {
    set.read(idx, buffer).unwrap();
    let labels: Labels = set.labels(idx);
    let series: usize = labels.get("n").unwrap().parse().unwrap();
    assert_eq!(buffer.len(), 72, "{labels}");
    for (round, (t, found)) in (0..).zip(buffer.timestamps.iter().zip(&buffer.values)) {
        assert_eq!(
            *t,
            990 * HOUR + round * 5 * MINUTE + series as i64 % 3,
            "{labels}"
        );
        assert_eq!(found.to_bits(), value(series, round).to_bits(), "{labels}");
    }
}

#[test]
fn any_order_and_any_number_of_threads_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(store::StoreConfig {
        // No page stays in the cache, so cursors are all there is.
        page_cache_bytes: 0,
        n_shards: 3,
        ..config(dir.path())
    });
    for round in 0..72 {
        let mut batch = Batch::default();
        for series in 0..N_SERIES {
            let name = ["up", "http_requests_total"][series % 2];
            let number = series.to_string();
            let t = 990 * HOUR + round * 5 * MINUTE + series as i64 % 3;
            let labels = [("__name__", name), ("n", &number)];
            add(&mut batch, &labels, t, value(series, round));
        }
        store.ingest(&batch).unwrap();
    }
    store.maintain(1000 * HOUR);
    assert!(store.status().parts.len() > 1);
    let set = store
        .select(&Selection {
            matchers: vec![Matcher::new("n", MatchOp::NotEqual, "").unwrap()],
            range: TimeRange::ALL,
        })
        .unwrap();
    assert_eq!(set.len(), N_SERIES);
    let (set, mut buffer) = (&*set, SampleBuffer::default());
    (0..N_SERIES).for_each(|idx| check(set, idx, &mut buffer));
    (0..N_SERIES).rev().for_each(|idx| check(set, idx, &mut buffer));
    (0..N_SERIES).for_each(|n| check(set, n * 7919 % N_SERIES, &mut buffer));
    std::thread::scope(|scope| {
        for first in 0..3 {
            scope.spawn(move || {
                let mut buffer = SampleBuffer::default();
                (first..N_SERIES)
                    .step_by(3)
                    .for_each(|idx| check(set, idx, &mut buffer));
            });
        }
    });
}
