use super::*;

#[test]
fn formats_follow_go() {
    assert_eq!(format_short(1e6), "1e+06");
    assert_eq!(format_short(123456.0), "123456");
    assert_eq!(format_short(1.1), "1.1");
    assert_eq!(format_short(-0.00001), "-1e-05");
    assert_eq!(format_short(f64::NAN), "NaN");
    assert_eq!(format_short(123456789.0), "1.23456789e+08");
    assert_eq!(format_plain(f64::INFINITY), "+Inf");
    assert_eq!(format_plain(1e22), "10000000000000000000000");
    assert_eq!(format_two_digits(0.123), "0.12");
    assert_eq!(format_two_digits(1234.0), "1.2e+03");
    assert_eq!(format_two_digits(2.0), "2");
}

#[test]
fn numbers_are_read_as_go_reads_them() {
    for (text, value) in [
        ("1_000", 1000.0),
        ("0x1F", 31.0),
        ("017", 15.0),
        ("089", 89.0),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("Inf", f64::INFINITY),
    ] {
        assert_eq!(parse_number(text), Some(value), "{text}");
    }
    for text in ["", "1__0", "_1", "1_", "0x", "1e", "1e999", "infinity"] {
        assert_eq!(parse_number(text), None, "{text}");
    }
    assert!(parse_number("NaN").is_some_and(f64::is_nan));
}

#[test]
fn quotes_escape_what_cannot_be_seen() {
    assert_eq!(quote("a\"b\\\n\u{1}é"), r#""a\"b\\\n\x01é""#);
    assert_eq!(quote_bytes(b"a\xc5z"), r#""a\xc5z""#);
}
