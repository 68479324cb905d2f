use std::time::Duration;

use super::{Unit, format_duration, number, parse_bytes, parse_duration, short};

fn check(unit: Unit, cases: &[(f64, &str)]) {
    for &(value, expected) in cases {
        assert_eq!(unit.format(value), expected, "{value} as {unit:?}");
    }
}

#[test]
fn bytes_are_iec_with_three_digits() {
    check(
        Unit::Bytes,
        &[
            (0.0, "0 B"),
            (532.0, "532 B"),
            (1023.0, "1023 B"),
            (1023.7, "1 KiB"),
            (1024.0, "1 KiB"),
            (1536.0, "1.5 KiB"),
            (13_207_024_435.2, "12.3 GiB"),
            (-2048.0, "-2 KiB"),
            (1e30, "867361737988 EiB"),
            (f64::NAN, "NaN"),
        ],
    );
    check(Unit::BytesPerSecond, &[(2_621_440.0, "2.5 MiB/s")]);
}

#[test]
fn times_take_the_unit_that_fits() {
    check(
        Unit::Seconds,
        &[
            (0.0, "0 s"),
            (0.000_34, "340 µs"),
            (0.000_000_012, "12 ns"),
            (0.0123, "12.3 ms"),
            (1.234, "1.23 s"),
            (-1.5, "-1.5 s"),
            (245.0, "4m 5s"),
            (7_380.0, "2h 3m"),
            (273_600.0, "3d 4h"),
            (f64::INFINITY, "+Inf"),
        ],
    );
}

#[test]
fn other_units() {
    check(Unit::Ratio, &[(0.1234, "12.3 %"), (1.0, "100 %"), (0.0, "0 %")]);
    check(
        Unit::PerSecond,
        &[(12_345.0, "12.3k/s"), (999.9, "1k/s"), (0.5, "0.5/s")],
    );
    check(Unit::UnixTime, &[(1_763_781_423.9, "2025-11-22 03:17:03 UTC")]);
}

#[test]
fn numbers_without_unit() {
    for (value, expected) in [
        (3.0, "3"),
        (123_456_789_012.0, "123456789012"),
        (0.1 + 0.2, "0.3"),
        (1234.5678, "1234.57"),
        (1.5e-12, "1.50e-12"),
        (2e20, "2.00e20"),
        (-0.0, "-0"),
        (f64::NEG_INFINITY, "-Inf"),
    ] {
        assert_eq!(number(value), expected, "{value}");
    }
    assert_eq!(short(1_500_000.0), "1.5M");
}

#[test]
fn units_come_from_metric_names() {
    for (name, expected) in [
        ("node_memory_MemFree_bytes", Unit::Bytes),
        ("node_network_receive_bytes_total", Unit::Bytes),
        ("node_boot_time_seconds", Unit::UnixTime),
        ("process_start_time_seconds", Unit::UnixTime),
        ("node_textfile_timestamp_seconds", Unit::UnixTime),
        ("node_cpu_seconds_total", Unit::Seconds),
        ("node_pressure_ratio", Unit::Ratio),
        ("node_load1", Unit::Number),
    ] {
        assert_eq!(Unit::of_metric(name), expected, "{name}");
    }
    assert_eq!(Unit::Bytes.per_second(), Unit::BytesPerSecond);
    assert_eq!(Unit::Seconds.per_second(), Unit::Number);
}

#[test]
fn sizes() {
    for (text, expected) in [
        ("0", 0),
        ("1073741824", 1 << 30),
        ("10GiB", 10 << 30),
        ("10 GiB", 10 << 30),
        ("1.5g", 3 << 29),
        ("500MB", 500_000_000),
        ("2T", 2 << 40),
    ] {
        assert_eq!(parse_bytes(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "GiB",
        "-1",
        "1e400",
        "10 parsecs",
        "1TiBB",
        "ten",
        "9999999999TiB",
        "5µ",
    ] {
        assert!(parse_bytes(text).is_err(), "{text}");
    }
}

#[test]
fn durations() {
    assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
    assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
    for text in ["", "5", "-5s", "5 s", "30m1h", "5parsecs"] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
    assert_eq!(format_duration(Duration::from_secs(15 * 86_400)), "15d");
}
