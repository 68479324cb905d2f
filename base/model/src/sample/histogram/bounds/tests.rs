use std::f64::consts::FRAC_1_SQRT_2;

use super::*;

#[test]
fn has_the_bounds_of_prometheus() {
    // Facts of the table: the square root of one half is one step below its nearest float.
    assert_eq!(FRACTIONS[128].to_bits(), FRAC_1_SQRT_2.next_down().to_bits());
    // All of the table of Prometheus' `model/histogram/generic.go`, summed up.
    let sum = FRACTIONS.iter().fold(0_u64, |sum, fraction| {
        sum.wrapping_mul(31).wrapping_add(fraction.to_bits())
    });
    assert_eq!(sum, 0xacf6c159a056d65f);
    for (index, schema, expected) in [
        (0, 0, 1.0),
        (-1, 0, 0.5),
        (1, 0, 2.0),
        (10, 0, 1024.0),
        (0, 8, 1.0),
        (256, 8, 2.0),
        (1, 1, SQRT_2.next_down()),
        (-1, 1, FRAC_1_SQRT_2.next_down()),
        (1, 2, 1.189_207_115_002_721),
        (3, 2, 1.681_792_830_507_428_8),
        (1, 8, 1.002_711_275_050_202_5),
        (0, -4, 1.0),
        (1, -4, 65_536.0),
        (-1, -4, 1.525_878_906_25e-5),
        (1, -1, 4.0),
        (512, -1, f64::MAX),
        (513, -1, f64::INFINITY),
        (1024, 0, f64::MAX),
        (1025, 0, f64::INFINITY),
        (256 * 1024, 8, f64::MAX),
        (-1074, 0, f64::from_bits(1)),
        (-1075, 0, 0.0),
        (-1023, 0, f64::MIN_POSITIVE / 2.0),
        (i32::MIN, 8, 0.0),
        (i32::MAX, -4, f64::INFINITY),
        (i32::MAX, i8::MIN, f64::INFINITY),
    ] {
        let bound = exponential_bound(index, schema);
        assert_eq!(
            bound.to_bits(),
            expected.to_bits(),
            "index {index} of schema {schema}: {bound:e}"
        );
    }
}

#[test]
fn agrees_with_the_formula_in_every_schema() {
    for schema in -4..=12_i8 {
        for index in (-3000..3000).step_by(7) {
            let exact = (f64::from(index) * f64::from(-i32::from(schema)).exp2()).exp2();
            let bound = exponential_bound(index, schema);
            let close = (bound - exact).abs() <= exact * 1e-13 || bound == exact;
            assert!(
                close || bound == f64::MAX,
                "index {index} of schema {schema}: {bound:e} for {exact:e}"
            );
        }
    }
}
