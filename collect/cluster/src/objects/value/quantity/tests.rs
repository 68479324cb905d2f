use super::Quantity;

/// Checks an amount, rounded up to thousandths and to whole ones.
fn check(text: &str, value: f64, whole: i64) {
    let quantity = Quantity::parse(text).unwrap_or_else(|| panic!("{text} is an amount"));
    assert_eq!(quantity.value(), value, "{text}");
    assert_eq!(quantity.whole(), whole, "{text}");
}

#[test]
fn amounts_are_read_as_kubernetes_does() {
    check("0", 0.0, 0);
    check("1", 1.0, 1);
    check("250m", 0.25, 1);
    check("1500m", 1.5, 2);
    check("0.1", 0.1, 1);
    check(".5", 0.5, 1);
    check("5.", 5.0, 5);
    check("+2", 2.0, 2);
    check("-1500m", -1.5, -1);
    check("1Ki", 1024.0, 1024);
    check("1.5Gi", 1_610_612_736.0, 1_610_612_736);
    check("0.1Ki", 102.4, 103);
    check("128974848", 128_974_848.0, 128_974_848);
    check("129e6", 129_000_000.0, 129_000_000);
    check("129E+6", 129_000_000.0, 129_000_000);
    check("12e-1", 1.2, 2);
    check("129M", 129_000_000.0, 129_000_000);
    check("123Mi", 128_974_848.0, 128_974_848);
    check("2E", 2e18, 2_000_000_000_000_000_000);
    check("1Ei", (1_u64 << 60) as f64, 1_152_921_504_606_846_976);
}

#[test]
fn what_is_finer_than_thousandths_is_rounded_up() {
    check("1u", 0.001, 1);
    check("1n", 0.001, 1);
    check("0.0000000000000000000000001", 0.001, 1);
    check("1.0000000000000000000000001", 1.001, 2);
    check("100000001n", 0.101, 1);
    check("-1u", 0.0, 0);
}

/// The nearest floating point number to 2⁶³ − 1.
const LARGEST: f64 = i64::MAX as f64;

#[test]
fn what_is_too_large_counts_as_the_largest() {
    check("9223372036854775807", LARGEST, i64::MAX);
    check("10E", LARGEST, i64::MAX);
    check("100Ei", LARGEST, i64::MAX);
    check("1e400", LARGEST, i64::MAX);
    check("99999999999999999999999999999999999999999", LARGEST, i64::MAX);
}

#[test]
fn ten_terabytes_are_exact() {
    // Beyond 2⁵³ thousandths: the value goes through whole numbers, not through a rounded product.
    let quantity = Quantity::parse("12345678901234567").unwrap();
    assert_eq!(quantity.whole(), 12_345_678_901_234_567);
    assert_eq!(quantity.value(), 12_345_678_901_234_567_i64 as f64);
}

#[test]
fn what_is_no_amount_is_refused() {
    for text in [
        "", ".", "1.2.3", "1 ", " 1", "x", "1kb", "1mi", "--1", "1e", "1e1.5", "0x10", "1ΩKi",
    ] {
        assert!(Quantity::parse(text).is_none(), "{text}");
    }
}

#[test]
fn amounts_are_read_without_rounding_where_that_is_asked_for() {
    assert_eq!(Quantity::parse_exact("25m"), Some(0.025));
    assert_eq!(Quantity::parse_exact("5Gi"), Some(5_368_709_120.0));
    assert_eq!(Quantity::parse_exact("100n"), Some(1e-7));
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "[-+]?[0-9.]{0,40}(Ki|Mi|Ei|m|u|n|k|E|e[-+]?[0-9]{0,12}|.)?") {
        if let Some(quantity) = Quantity::parse(&text) {
            proptest::prop_assert!(quantity.value().is_finite());
            proptest::prop_assert!(Quantity::parse_exact(&text).is_some());
        }
    }

    #[test]
    fn thousandths_are_kept(milli in -1_000_000_000_000_i64..1_000_000_000_000) {
        let quantity = Quantity::parse(&format!("{milli}m")).unwrap();
        proptest::prop_assert_eq!(quantity.value(), milli as f64 / 1000.0);
    }
}
