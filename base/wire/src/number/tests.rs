use proptest::prelude::*;

use super::*;

#[test]
fn writes_what_prometheus_writes() {
    let cases = [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.0, "-1"),
        (0.1, "0.1"),
        (1.5, "1.5"),
        (1e6, "1000000"),
        (123_456_789.125, "123456789.125"),
        (1e-6, "0.000001"),
        (9.99e-7, "9.99e-07"),
        (1e-7, "1e-07"),
        (-2.5e-10, "-2.5e-10"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.5e100, "-1.5e+100"),
        (9_007_199_254_740_993.0, "9007199254740992"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (5e-324, "5e-324"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (1.0 / 3.0, "0.3333333333333333"),
        (1_700_000_000.123, "1700000000.123"),
    ];
    for (value, text) in cases {
        assert_eq!(format_float(value), text, "{value:e}");
    }
}

#[test]
fn appends_behind_what_is_there() {
    let mut out = String::from("e=");
    push_float(&mut out, 1e-9);
    push_integer(&mut out, i64::MIN);
    push_integer(&mut out, i64::MAX);
    push_integer(&mut out, 0);
    assert_eq!(out, "e=1e-09-922337203685477580892233720368547758070");
}

proptest! {
    #[test]
    fn reads_back_to_the_same_bits(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let text = format_float(value);
        let back: f64 = text.parse().unwrap();
        prop_assert!(back.to_bits() == bits || value.is_nan() && back.is_nan(), "{text}");
    }
}
