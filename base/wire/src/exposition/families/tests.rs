use model::Span;

use super::*;
use crate::protobuf::Reader;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).unwrap()
}

/// Name, type and number of metrics of each family.
fn families(bytes: &[u8]) -> Vec<(String, u64, usize)> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (mut len, mut shift) = (0_usize, 0);
        while let Some((byte, tail)) = rest.split_first() {
            rest = tail;
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (message, tail) = rest.split_at(len);
        rest = tail;
        let (mut name, mut kind, mut metrics) = (String::new(), 0, 0);
        let mut reader = Reader::new(message);
        while let Some(field) = reader.next_field().unwrap() {
            match field.number {
                1 => name = String::from_utf8(field.bytes().unwrap().rest().to_vec()).unwrap(),
                3 => kind = field.varint().unwrap(),
                4 => metrics += 1,
                other => panic!("field {other}"),
            }
        }
        found.push((name, kind, metrics));
    }
    found
}

#[test]
fn neighbours_of_one_name_and_kind_share_a_family() {
    let mut writer = FamiliesWriter::default();
    writer.write_empty("instance");
    writer.push(&labels(&[("__name__", "a"), ("job", "x")]), (1, 1.0));
    writer.push(&labels(&[("__name__", "a"), ("job", "y")]), (1, 2.0));
    writer.push(
        &labels(&[("__name__", "b")]),
        (1, f64::from_bits(model::STALE_BITS)),
    );
    writer.push(&labels(&[("job", "nameless")]), (1, 2.0));
    let mut histogram = Histogram {
        count: 2.0,
        ..Histogram::default()
    };
    histogram.positive.spans = vec![Span { offset: 1, length: 1 }];
    histogram.positive.counts = vec![2.0];
    writer.push_histogram(&labels(&[("__name__", "a")]), 1, &histogram);
    histogram.reset_hint = ResetHint::Gauge;
    writer.push_histogram(&labels(&[("__name__", "a")]), 1, &histogram);
    let found = families(&writer.finish());
    let expected = [("a", UNTYPED, 2), ("a", HISTOGRAM, 1), ("a", GAUGE_HISTOGRAM, 1)];
    assert_eq!(found, expected.map(|(name, kind, n)| (name.to_owned(), kind, n)));
}

#[test]
fn nothing_is_no_family() {
    assert_eq!(FamiliesWriter::default().finish(), Vec::<u8>::new());
}
