use proptest::prelude::*;

use super::*;
use crate::bytes::Reader;

fn float_bits() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (-1000i64..1000).prop_map(|i| (i as f64).to_bits()),
        4 => (-100_000i64..100_000).prop_map(|i| (i as f64 / 100.0).to_bits()),
        2 => any::<u64>(),
        1 => Just(model::STALE_BITS),
        1 => Just(0x7ff8_0000_0000_0001u64),
        1 => Just((-0.0f64).to_bits()),
        1 => Just(f64::INFINITY.to_bits()),
        1 => Just(f64::NEG_INFINITY.to_bits()),
        1 => any::<i64>().prop_map(|i| (i as f64).to_bits()),
        1 => Just((i64::MIN as f64).to_bits()),
        2 => Just(4096.0f64.to_bits()),
    ]
}

/// Columns as they occur: constant, counters, decimals, anything, with intruders.
fn column() -> impl Strategy<Value = Vec<u64>> {
    let counter = (0u64..1 << 40, proptest::collection::vec(0u64..500, 1..400)).prop_map(|(start, steps)| {
        let mut value = start;
        steps
            .iter()
            .map(|step| {
                value += step * 4096;
                (value as f64).to_bits()
            })
            .collect::<Vec<_>>()
    });
    let constant = (float_bits(), 1usize..300).prop_map(|(bits, n)| vec![bits; n]);
    let mixed = proptest::collection::vec(float_bits(), 1..300);
    let ended = (proptest::collection::vec((0i64..50).prop_map(|i| (i as f64 / 8.0).to_bits()), 1..300))
        .prop_map(|mut v| {
            v.push(model::STALE_BITS);
            v
        });
    prop_oneof![counter, constant, mixed, ended]
}

fn bits_of(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

proptest! {
    #[test]
    fn floats_round_trip(column in column()) {
        let mut bytes = Vec::new();
        encode_floats(&column, &mut bytes);
        let mut out = vec![1.5];
        decode_floats(&bytes, column.len(), &mut out).unwrap();
        prop_assert_eq!(bits_of(&out[1..]), column);
    }

    #[test]
    fn streams_round_trip(column in column()) {
        let (mut stream, mut bytes) = (Stream::default(), Vec::new());
        for bits in &column {
            let mut token = TokenBuffer::default();
            stream.push(*bits, &mut token);
            prop_assert!(token.as_slice().len() <= MAX_TOKEN);
            bytes.extend_from_slice(token.as_slice());
        }
        let mut out = Vec::new();
        decode_stream((&bytes, stream.run), column.len(), &mut out).unwrap();
        prop_assert_eq!(out, column);
    }

    #[test]
    fn tokens_round_trip(column in column()) {
        let (mut bytes, mut previous) = (Vec::new(), 0);
        for bits in &column {
            put_token(previous, *bits, &mut bytes);
            previous = *bits;
        }
        let (mut reader, mut previous) = (Reader::new(&bytes), 0);
        for bits in &column {
            previous = read_token(&mut reader, previous).unwrap();
            prop_assert_eq!(previous, *bits);
        }
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn ints_round_trip(values in prop_oneof![
        proptest::collection::vec(any::<i64>(), 0..200),
        proptest::collection::vec(-50i64..50, 0..200),
        (any::<i64>(), any::<i32>(), 1usize..300).prop_map(|(start, step, n)|
            (0..n as i64).map(|i| start.wrapping_add(i.wrapping_mul(i64::from(step)))).collect()),
    ]) {
        let mut bytes = Vec::new();
        encode_ints(&values, &mut bytes);
        let mut out = Vec::new();
        let mut reader = Reader::new(&bytes);
        decode_ints(&mut reader, values.len(), &mut out).unwrap();
        prop_assert_eq!(out, values);
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60), n in 0usize..300) {
        let (mut floats, mut ints, mut bits) = (Vec::new(), Vec::new(), Vec::new());
        let results = [
            decode_floats(&bytes, n, &mut floats),
            decode_ints(&mut Reader::new(&bytes), n, &mut ints),
            decode_stream((&bytes, 3), n, &mut bits),
        ];
        prop_assert!(results[0].is_err() || floats.len() == n);
        prop_assert!(results[1].is_err() || ints.len() == n);
        prop_assert!(results[2].is_err() || (3..=n).contains(&bits.len()));
    }
}

fn size(values: impl Iterator<Item = f64>) -> usize {
    let column: Vec<u64> = values.map(f64::to_bits).collect();
    let mut bytes = Vec::new();
    encode_floats(&column, &mut bytes);
    bytes.len()
}

#[test]
fn common_shapes_are_small() {
    let checks = [
        ("constant", size((0..480).map(|_| 0.1)), 9),
        (
            "steady counter",
            size((0..480).map(|i| f64::from(i) * 1500.0)),
            12,
        ),
        (
            "pages",
            size((0..480).map(|i| f64::from(i * i % 7) * 4096.0)),
            210,
        ),
        (
            "two decimals",
            size((0..480).map(|i| f64::from(i * 37 % 100) / 100.0)),
            450,
        ),
    ];
    for (name, bytes, limit) in checks {
        assert!(bytes <= limit, "{name} takes {bytes} bytes, more than {limit}");
    }
}

#[test]
fn blocks_of_every_width_come_back() {
    for width in 0..=64u32 {
        let mask = if width == 0 { 0 } else { u64::MAX >> (64 - width) };
        for n in [1, 2, 7, 8, 9, 33, 63, 64] {
            let numbers: Vec<u64> = (0..n as u64)
                .map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(i as u32) & mask)
                .collect();
            let mut bytes = Vec::new();
            bitpack::pack(numbers.iter().copied(), width, &mut bytes);
            let mut block = [u64::MAX; bitpack::BLOCK];
            bitpack::unpack_block(&bytes, width, (n, &mut block)).unwrap();
            assert_eq!(&block[..n], numbers, "{n} numbers of {width} bits");
            let one_by_one: Vec<u64> = (0..n).map(|at| bitpack::get(&bytes, width, at)).collect();
            assert_eq!(one_by_one, numbers, "{n} numbers of {width} bits");
            if let Some((_, cut)) = bytes.split_last() {
                assert!(bitpack::unpack_block(cut, width, (n, &mut block)).is_err());
            }
        }
    }
}
