use proptest::prelude::*;

use super::*;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-500i32..500).prop_map(f64::from),
        3 => (-5000i32..5000).prop_map(|n| f64::from(n) / 100.0),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => Just(model::stale_marker()),
        1 => Just(f64::NAN),
        1 => Just(-0.0),
        1 => Just(f64::INFINITY),
        1 => Just(4.503_599_627_370_497e15),
    ]
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        proptest::collection::vec(value(), 1..60),
        proptest::collection::vec((-5000i32..5000).prop_map(|n| f64::from(n) / 1000.0), 1..60),
        (value(), 1usize..600).prop_map(|(value, n)| vec![value; n]),
    ]
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

proptest! {
    #[test]
    fn summaries_come_back(values in values()) {
        let summary = Summary::of(&values);
        let mut bytes = Vec::new();
        summary.encode(values.len(), &mut bytes);
        let mut reader = Reader::new(&bytes);
        let read = Summary::decode(&mut reader, values.len()).unwrap();
        prop_assert!(reader.is_empty());
        prop_assert_eq!(read.first.to_bits(), values[0].to_bits());
        prop_assert_eq!(read.last.to_bits(), values[values.len() - 1].to_bits());
        let stale = values.iter().filter(|v| is_stale(**v)).count() as u64;
        prop_assert_eq!(read.n_stale, stale);
        let numbers: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        let min = numbers.iter().copied().fold(f64::NAN, f64::min);
        let max = numbers.iter().copied().fold(f64::NAN, f64::max);
        // Zeros of either sign are equal, and which of them is the smallest is not told.
        prop_assert!(same(read.min, min) || read.min == min, "{} {}", read.min, min);
        prop_assert!(same(read.max, max) || read.max == max, "{} {}", read.max, max);
        prop_assert!(same(read.sum, summary.sum)
            || (read.sum - summary.sum).abs() <= summary.sum.abs() * 4.0 * f64::EPSILON, "{} {}", read.sum, summary.sum);
    }

    #[test]
    fn sums_of_integers_are_exact(values in proptest::collection::vec(-1_000_000i64..1_000_000, 1..500)) {
        let floats: Vec<f64> = values.iter().map(|v| *v as f64).collect();
        let mut bytes = Vec::new();
        Summary::of(&floats).encode(floats.len(), &mut bytes);
        let read = Summary::decode(&mut Reader::new(&bytes), floats.len()).unwrap();
        prop_assert_eq!(read.sum, values.iter().sum::<i64>() as f64);
        prop_assert!(bytes.len() <= 24);
    }

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), version in 1u32..3) {
        let mut n = 0;
        let read = decode_directory(&bytes, (0, 0), version, |_| { n += 1; true });
        prop_assert!(read.is_err() || n <= bytes.len());
    }
}
