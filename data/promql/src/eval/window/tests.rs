//! Kernels that remember against the same functions computed from scratch, window by window.

use proptest::prelude::*;

use super::*;
use crate::eval::steps::has_step;
use crate::math::{Mean, compare_nan_first, quantile_of_sorted};

/// Runs a kernel over windows of `range` every `step`; `None` where there is no value.
fn run(
    kernel: &mut dyn SeriesKernel,
    series: &[(Millis, f64)],
    (range, step): (Millis, Millis),
) -> Vec<Option<f64>> {
    let steps = Steps {
        start: 0,
        end: 300,
        step,
    };
    let n = steps.count();
    let timestamps: Vec<_> = series.iter().map(|(t, _)| *t).collect();
    let values: Vec<_> = series.iter().map(|(_, v)| *v).collect();
    let mut out = Output::new(n);
    let windows = Windows {
        steps,
        range,
        offset: 0,
        at: None,
        margins: (0, 0),
    };
    kernel.run(
        Samples {
            timestamps: &timestamps,
            values: &values,
            starts: &[],
        },
        &windows,
        &mut out,
    );
    (0..n)
        .map(|i| has_step(&out.present, i).then(|| out.values[i]))
        .collect()
}

/// Computes each window by itself.
fn naive(
    series: &[(Millis, f64)],
    (range, step): (Millis, Millis),
    value: impl Fn(&[f64]) -> f64,
) -> Vec<Option<f64>> {
    let steps = Steps {
        start: 0,
        end: 300,
        step,
    };
    let in_window = |end: Millis| {
        let inside = series.iter().filter(|(t, _)| *t > end - range && *t <= end);
        inside.map(|(_, v)| *v).collect::<Vec<_>>()
    };
    steps
        .times()
        .map(in_window)
        .map(|values| (!values.is_empty()).then(|| value(&values)))
        .collect()
}

fn same_bits(a: &[Option<f64>], b: &[Option<f64>]) -> bool {
    let bits = |v: &Option<f64>| v.map(|v| if v.is_nan() { u64::MAX } else { (v + 0.0).to_bits() });
    a.iter().map(bits).eq(b.iter().map(bits))
}

fn series() -> impl Strategy<Value = Vec<(Millis, f64)>> {
    let value = prop_oneof![
        4 => (-5_i32..6).prop_map(f64::from),
        2 => -1e3..1e3,
        1 => Just(f64::NAN),
        1 => Just(1e300),
    ];
    let integer = (-5_i32..6).prop_map(f64::from);
    let gaps = |value: BoxedStrategy<f64>| proptest::collection::vec((1_i64..20, value), 0..60);
    prop_oneof![gaps(value.boxed()), gaps(integer.boxed())].prop_map(|gaps| {
        let mut t = -50;
        gaps.into_iter()
            .map(|(gap, value)| {
                t += gap;
                (t, value)
            })
            .collect()
    })
}

fn windows() -> impl Strategy<Value = (Millis, Millis)> {
    (1_i64..120, 1_i64..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn extremes((series, w) in (series(), windows())) {
        let max = |v: &[f64]| v.iter().copied().fold(f64::NAN, f64::max);
        let min = |v: &[f64]| v.iter().copied().fold(f64::NAN, f64::min);
        let kernel = run(&mut order::Extreme::new(order::Direction::Max), &series, w);
        prop_assert!(same_bits(&kernel, &naive(&series, w, max)));
        let kernel = run(&mut order::Extreme::new(order::Direction::Min), &series, w);
        prop_assert!(same_bits(&kernel, &naive(&series, w, min)));
    }

    #[test]
    fn sums_and_averages((series, w) in (series(), windows())) {
        let sum = |v: &[f64]| v.iter().fold(crate::math::Kahan::default(), |s, v| s.add(*v)).total();
        let average = |v: &[f64]| {
            let mut mean = Mean::new(v[0]);
            v[1..].iter().for_each(|v| mean.add(*v));
            mean.value()
        };
        let kernel = run(&mut sum::Sums::new(sum::Summary::Sum), &series, w);
        prop_assert!(same_bits(&kernel, &naive(&series, w, sum)));
        let kernel = run(&mut sum::Sums::new(sum::Summary::Average), &series, w);
        prop_assert!(same_bits(&kernel, &naive(&series, w, average)));
    }

    #[test]
    fn quantiles((series, w, q) in (series(), windows(), 0.0..1.0)) {
        let expected = |v: &[f64]| {
            let mut sorted = v.to_vec();
            sorted.sort_by(compare_nan_first);
            quantile_of_sorted(q, &sorted)
        };
        let kernel = run(&mut order::Quantile::new(vec![q; 400]), &series, w);
        prop_assert!(same_bits(&kernel, &naive(&series, w, expected)));
    }

    #[test]
    fn resets_and_changes((series, w) in (series(), windows())) {
        let count = |f: fn(f64, f64) -> bool| move |v: &[f64]| v.windows(2).filter(|p| f(p[0], p[1])).count() as f64;
        let kernel = run(&mut counter::Events::new(counter::resets_at), &series, w);
        prop_assert!(same_bits(&kernel, &naive(&series, w, count(|before, after| after < before))));
        let kernel = run(&mut counter::Events::new(counter::changes_at), &series, w);
        prop_assert!(same_bits(&kernel, &naive(&series, w, count(counter::is_change))));
    }

    /// A kernel that has seen all of a series gives a window the same growth as one that sees only the window.
    #[test]
    fn growth_depends_on_the_window_only((series, w) in (series(), windows())) {
        let (range, step) = w;
        for growth in [counter::Growth::Increase, counter::Growth::Delta] {
            let whole = run(&mut counter::Extrapolated::new(growth), &series, w);
            for (i, value) in whole.iter().enumerate() {
                let end = i as Millis * step;
                let part: Vec<_> = series.iter().copied().filter(|(t, _)| *t > end - range && *t <= end).collect();
                let alone = run(&mut counter::Extrapolated::new(growth), &part, w);
                prop_assert!(same_bits(&[*value], &[alone[i]]));
            }
        }
    }
}
