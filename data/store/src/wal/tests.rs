use model::Millis;
use model::{Buckets, Histogram, Span};

use super::record::{Base, Row, SamplesReader, read_value};
use super::segment::{KIND_EXTENDED, KIND_SAMPLES};
use super::*;

#[test]
fn a_record_gives_back_its_rows() {
    let mut builder = RecordBuilder::default();
    builder.define(3, "\u{8}__name__\u{2}up");
    builder.absolute(3, 1000, (5, 0));
    builder.chained(3, 2000, (5, 9));
    builder.chained(1, 1500, (1.5f64.to_bits(), model::STALE_BITS));
    builder.late(7, -4, (u64::MAX, 0));
    let payload = builder.finish([1, 2, 9]);
    assert_eq!((payload.extent.oldest, payload.extent.newest), (-4, 2000));
    assert!(builder.is_empty());
    assert_eq!(payload.kind, KIND_SAMPLES);
    assert_eq!(SamplesReader::shard_of(&payload.bytes), Ok(1));
    let record = SamplesReader::new(payload.kind, &payload.bytes).unwrap();
    assert_eq!((record.incarnation, record.chain), (2, 9));
    assert_eq!(record.definitions, [(3, "\u{8}__name__\u{2}up")]);
    let before = |id: u32| Some(if id == 3 { 5 } else { 1.5f64.to_bits() });
    let mut rows: Vec<(Base, u32, Millis, u64)> = Vec::new();
    record
        .for_each_row(|Row { base, id, t, .. }, reader| {
            rows.push((base, id, t, read_value(base, before(id), reader)?.unwrap()));
            Ok(())
        })
        .unwrap();
    let expected = [
        (Base::Absolute, 3, 1000, 5),
        (Base::Chained, 3, 2000, 9),
        (Base::Chained, 1, 1500, model::STALE_BITS),
        (Base::Late, 7, -4, u64::MAX),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_chained_row_without_its_base_is_skipped() {
    let mut builder = RecordBuilder::default();
    builder.chained(0, 1, (0.5f64.to_bits(), 0.25f64.to_bits()));
    builder.chained(1, 1, (3, 4));
    let payload = builder.finish([0, 1, 1]);
    let mut values = Vec::new();
    let record = SamplesReader::new(payload.kind, &payload.bytes).unwrap();
    record
        .for_each_row(|Row { base, id, .. }, reader| {
            values.push(read_value(base, (id == 1).then_some(3), reader)?);
            Ok(())
        })
        .unwrap();
    assert_eq!(values, [None, Some(4)]);
}

#[test]
fn an_extended_record_gives_back_starts_and_histograms() {
    let histogram = Histogram {
        schema: 3,
        integer: true,
        zero_threshold: 0.001,
        zero_count: 2.0,
        count: 9.0,
        sum: -1.25,
        positive: Buckets {
            spans: vec![
                Span {
                    offset: -3,
                    length: 2,
                },
                Span { offset: 4, length: 1 },
            ],
            counts: vec![1.0, 0.5, 3.0],
        },
        ..Histogram::default()
    };
    let mut builder = RecordBuilder::default();
    builder.define(0, "\u{8}__name__\u{2}up");
    builder.absolute(0, 10, (5, 7));
    builder.absolute(1, 10, (5, 0));
    builder.absolute(2, 10, (5, -8));
    builder.chained(0, 20, (5, 6));
    builder.chained(0, 30, (6, 7));
    builder.change_start(29);
    builder.late(4, 1, (1, 1));
    builder.histogram(9, 40, (&histogram, 39));
    let payload = builder.finish([0, 1, 1]);
    assert_eq!((payload.kind, payload.extent.newest), (KIND_EXTENDED, 40));
    let record = SamplesReader::new(payload.kind, &payload.bytes).unwrap();
    assert_eq!(record.histograms, [(9, 40, 39, histogram)]);
    let mut starts = Vec::new();
    record
        .for_each_row(|Row { base, t, start, .. }, reader| {
            starts.push((t, start));
            read_value(base, Some(5), reader).map(|_| ())
        })
        .unwrap();
    let expected = [
        (10, Some(7)),
        (10, None),
        (10, Some(-8)),
        (20, None),
        (30, Some(29)),
        (1, Some(1)),
    ];
    assert_eq!(starts, expected);
    builder.absolute(0, 50, (5, 0));
    assert_eq!(
        builder.finish([0, 1, 1]).kind,
        KIND_SAMPLES,
        "nothing is left over"
    );
}
