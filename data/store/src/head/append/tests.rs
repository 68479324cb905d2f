use model::{Labels, SampleBuffer, TimeRange};

use super::*;
use crate::head::{HeadSamples, hash_labels};

const SERIES: usize = 10;
const STEP: Millis = 15_000;

/// A shard whose series take what `order` says: series and times.
fn shard(order: impl IntoIterator<Item = (usize, Millis)>) -> Shard {
    let (mut shard, mut terms) = (Shard::new(0, Millis::MIN), Terms::UNBOUND);
    for (series, t) in order {
        let labels = Labels::from_pairs([("__name__", format!("metric_{series}"))]).unwrap();
        let hash = hash_labels(labels.packed());
        let id = shard.ensure_series(labels.as_packed(), hash, &mut terms).unwrap();
        let sample = Sample {
            t,
            bits: (t as f64).to_bits(),
            start: 0,
            histogram: None,
        };
        assert!(shard.append(id, sample, &terms).is_ok());
    }
    shard
}

fn n_timelines(shard: &Shard) -> usize {
    shard.timelines.iter().flatten().count()
}

fn times(shard: &Shard, id: u32) -> Vec<Millis> {
    let (mut copied, mut out) = (HeadSamples::default(), SampleBuffer::default());
    let all = TimeRange {
        start: Millis::MIN,
        end: Millis::MAX,
    };
    shard.copy_samples(id, all, &mut copied);
    copied.decode(all, &mut out).unwrap();
    out.timestamps
}

#[test]
fn series_that_come_with_several_samples_each_share_their_times() {
    // Requests of five times, one series after the other: a sender that catches up.
    let requests = (0..40).flat_map(|request| {
        (0..SERIES).flat_map(move |series| (0..5).map(move |n| (series, (request * 5 + n) * STEP)))
    });
    let shard = shard(requests);
    assert_eq!(n_timelines(&shard), 1);
    let expected: Vec<Millis> = (0..200).map(|n| n * STEP).collect();
    for id in 0..SERIES as u32 {
        assert_eq!(times(&shard, id), expected);
    }
}

#[test]
fn a_series_with_a_gap_stays_with_the_others() {
    let has_gap = |series: usize, n: Millis| series.is_multiple_of(3) && (50..60).contains(&n);
    let requests = (0..20).flat_map(|request| {
        (0..SERIES).flat_map(move |series| (0..5).map(move |n| (series, request * 5 + n)))
    });
    let shard = shard(
        requests
            .filter(|(series, n)| !has_gap(*series, *n))
            .map(|(series, n)| (series, n * STEP)),
    );
    assert_eq!(n_timelines(&shard), 1);
    for id in 0..SERIES as u32 {
        let expected = (0..100).filter(|n| !has_gap(id as usize, *n));
        assert_eq!(times(&shard, id), expected.map(|n| n * STEP).collect::<Vec<_>>());
    }
}

#[test]
fn targets_with_times_of_their_own_do_not_share() {
    let rounds = (0..100).flat_map(|round| {
        (0..SERIES).map(move |series| (series, round * STEP + if series < SERIES / 2 { 0 } else { 7 }))
    });
    let shard = shard(rounds);
    assert_eq!(n_timelines(&shard), 2);
    assert_eq!(times(&shard, 9).len(), 100);
    assert_eq!(times(&shard, 9).first(), Some(&7));
}

#[test]
fn chunks_that_are_gone_take_no_place() {
    const SAMPLES: Millis = 2000;
    let rounds = (0..SAMPLES).flat_map(|n| (0..SERIES).map(move |series| (series, n * STEP)));
    let mut shard = shard(rounds);
    let before = shard.sealed.len();
    assert!(before > 10 * SERIES, "{before} chunks");
    let kept = SAMPLES * 9 / 10 * STEP;
    shard.settle(kept);
    assert!(
        shard.sealed.len() < before / 5,
        "{} of {before}",
        shard.sealed.len()
    );
    assert_eq!(shard.free_sealed.len(), 0);
    for id in 0..SERIES as u32 {
        let times: Vec<Millis> = times(&shard, id).into_iter().filter(|t| *t >= kept).collect();
        let expected: Vec<Millis> = (kept / STEP..SAMPLES).map(|n| n * STEP).collect();
        assert_eq!(times, expected);
        let chunks = shard.sealed_of(&shard.series[id as usize]).count();
        assert!(chunks > 0, "series {id} has none");
    }
    let linked: usize = shard
        .series
        .iter()
        .map(|series| shard.sealed_of(series).count())
        .sum();
    assert_eq!(linked, shard.sealed.len());
}
