use model::Millis;

use super::record::{Base, SamplesReader, read_value};
use super::*;

#[test]
fn a_record_gives_back_its_rows() {
    let mut builder = RecordBuilder::default();
    builder.define(3, "\u{8}__name__\u{2}up");
    builder.absolute(3, 1000, 5);
    builder.chained(3, 2000, (5, 9));
    builder.chained(1, 1500, (1.5f64.to_bits(), model::STALE_BITS));
    builder.late(7, -4, u64::MAX);
    let payload = builder.finish([1, 2, 9]);
    assert_eq!(payload.newest, 2000);
    assert!(builder.is_empty());
    let record = SamplesReader::new(&payload.bytes).unwrap();
    assert_eq!((record.shard, record.incarnation, record.chain), (1, 2, 9));
    assert_eq!(record.definitions, [(3, "\u{8}__name__\u{2}up")]);
    let before = |id: u32| Some(if id == 3 { 5 } else { 1.5f64.to_bits() });
    let mut rows: Vec<(Base, u32, Millis, u64)> = Vec::new();
    record
        .for_each_row(|base, id, t, reader| {
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
    let record = SamplesReader::new(&payload.bytes).unwrap();
    record
        .for_each_row(|base, id, _, reader| {
            values.push(read_value(base, (id == 1).then_some(3), reader)?);
            Ok(())
        })
        .unwrap();
    assert_eq!(values, [None, Some(4)]);
}
