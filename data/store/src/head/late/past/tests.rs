use std::collections::BTreeMap;

use model::{Histogram, SampleBuffer};
use proptest::prelude::*;

use super::*;
use crate::head::HeadSamples;

fn sample(t: Millis, bits: u64) -> Sample<'static> {
    Sample {
        t,
        bits,
        start: 0,
        histogram: None,
    }
}

fn content(history: &History) -> BTreeMap<Millis, u64> {
    let mut all: BTreeMap<Millis, u64> = history.late.iter().map(|(t, late)| (*t, late.bits)).collect();
    let mut decoded = Decoded::default();
    for block in &history.blocks {
        block.decode(&mut decoded).unwrap();
        all.extend(decoded.times.iter().copied().zip(decoded.bits.iter().copied()));
    }
    all
}

/// Times of a schedule with gaps, with jitter, and some of any time.
fn times() -> impl Strategy<Value = Vec<Millis>> {
    let step = prop_oneof![8 => Just(15_000), 3 => 14_990..15_010i64, 1 => -2_000_000..2_000_000i64];
    let steps = proptest::collection::vec(step, 0..700);
    (any::<i32>(), steps).prop_map(|(first, steps)| {
        let mut t = Millis::from(first);
        steps
            .into_iter()
            .map(|step| {
                t += step;
                t
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn what_is_added_is_there(times in times(), deleted in any::<(i32, u16)>()) {
        let (mut past, mut expected) = (Past::default(), BTreeMap::new());
        for (at, t) in times.iter().enumerate() {
            if past.of(1).and_then(|history| history.at(*t)).is_none() {
                let bits = (at as f64 / 8.0).to_bits();
                past.push(1, sample(*t, bits));
                expected.insert(*t, bits);
            }
        }
        let span = TimeRange {
            start: deleted.0.into(),
            end: Millis::from(deleted.0) + Millis::from(deleted.1) * 1000,
        };
        for round in 0..2 {
            let history = past.of(1);
            prop_assert_eq!(history.map(content).unwrap_or_default(), expected.clone());
            prop_assert_eq!(past.n, expected.len());
            prop_assert_eq!(past.bytes, history.map_or(0, |history| history.bytes() + SERIES_BYTES));
            let span_of_all = expected.first_key_value().zip(expected.last_key_value());
            let span_of_all = span_of_all.map(|(first, last)| (*first.0, *last.0));
            prop_assert_eq!(history.and_then(History::span), span_of_all);
            let after = (Bound::Excluded(span.start), Bound::Unbounded);
            let next = expected.range(after).next().map(|next| *next.0);
            prop_assert_eq!(history.and_then(|history| history.first_after(span.start)), next);
            let last = expected.range(span.start..=span.end).next_back().map(|last| *last.0);
            prop_assert_eq!(history.and_then(|history| history.last_in(span)), last);
            if round == 0 {
                past.remove(1, span);
                expected.retain(|t, _| !span.contains(*t));
            }
        }
    }

    #[test]
    fn blocks_come_back_from_a_snapshot(times in times()) {
        let mut history = History::default();
        for t in &times {
            if history.at(*t).is_none() {
                history.push(sample(*t, t.cast_unsigned()));
            }
        }
        for block in &history.blocks {
            let mut bytes = Vec::new();
            block.put(&mut bytes);
            let mut decoded = Decoded::default();
            let mut read = Block::read(&mut Reader::new(&bytes), &mut decoded).unwrap();
            prop_assert_eq!((read.first, read.last, read.n), (block.first, block.last, block.n));
            // It goes on as it did before.
            let mut block = block.clone();
            for further in [&mut read, &mut block] {
                further.push(further.last + 15_000, 7);
                further.push(further.last + 15_000, 7);
            }
            prop_assert_eq!((&read.times, &read.values), (&block.times, &block.values));
            prop_assert_eq!(read.steady, block.steady);
            for len in 0..bytes.len() {
                let torn = Block::read(&mut Reader::new(&bytes[..len]), &mut Decoded::default());
                prop_assert!(torn.is_err());
            }
        }
    }

    #[test]
    fn junk_is_no_block(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut decoded = Decoded::default();
        if let Ok(block) = Block::read(&mut Reader::new(&bytes), &mut decoded) {
            prop_assert_eq!(usize::from(block.n), decoded.times.len());
        }
    }
}

#[test]
fn a_day_in_order_takes_few_bytes_a_sample() {
    let mut past = Past::default();
    for at in 0..5760 {
        past.push(1, sample(at * 15_000, ((at * 3) as f64).to_bits()));
    }
    assert_eq!(past.of(1).unwrap().blocks.len(), 24);
    assert!(past.bytes < 2 * 5760, "{}", past.bytes);
}

#[test]
fn what_comes_in_order_is_read_without_the_rest() {
    let mut shard = Shard::new(0, 1_000_000);
    let mut copied = HeadSamples::default();
    for at in 0..500 {
        shard.backfill.push(3, sample(at, at.cast_unsigned()));
        // A flush that did not come about, and what came after it.
        if at == 300 {
            shard.begin_backfill_flush();
        }
    }
    let read = |shard: &Shard, copied: &mut HeadSamples| {
        let mut out = SampleBuffer::default();
        let range = TimeRange { start: 100, end: 399 };
        copied.clear();
        shard.copy_backfill(3, range, copied);
        copied.decode(range, &mut out).unwrap();
        (out.timestamps, out.histograms.len())
    };
    assert_eq!(read(&shard, &mut copied), ((100..400).collect(), 0));
    // Older than what is there, and of another kind.
    let histogram = Histogram::default();
    shard.backfill.push(
        3,
        Sample {
            histogram: Some(&histogram),
            ..sample(-5, 0)
        },
    );
    shard.backfill.push(3, sample(-7, 0));
    assert_eq!(read(&shard, &mut copied), ((100..400).collect(), 0));
    assert_eq!(shard.backfill(), (502, shard.backfill().1));
    shard.begin_backfill_flush();
    shard.end_backfill_flush();
    assert_eq!(shard.backfill(), (0, 0));
}
