use expect_test::{Expect, expect};
use tracing::Level;

use super::{LogFormat, parse_filter};

fn check_level(filter: &str, target: &str, level: Level, expected: bool) {
    assert_eq!(
        parse_filter(filter).unwrap().would_enable(target, &level),
        expected,
        "{filter} {target} {level}"
    );
}

fn check_error(filter: &str, expected: &Expect) {
    let error = parse_filter(filter).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    expected.assert_eq(&format!("{error}: {source}"));
}

#[test]
fn empty_filter_means_info() {
    check_level("", "store", Level::INFO, true);
    check_level(" ", "store", Level::DEBUG, false);
}

#[test]
fn levels_for_all_and_for_one_module() {
    check_level("warn,store=trace", "store::wal", Level::TRACE, true);
    check_level("warn,store=trace", "agent", Level::INFO, false);
    check_level("off", "store", Level::ERROR, false);
}

#[test]
fn malformed_filter_is_said_to_be_so() {
    check_error(
        "store=loud",
        &expect![[
            r#"invalid log filter "store=loud": error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5"#
        ]],
    );
}

#[test]
fn formats_have_words() {
    assert_eq!("json".parse::<LogFormat>().unwrap(), LogFormat::Json);
    assert_eq!("text".parse::<LogFormat>().unwrap(), LogFormat::Text);
    expect![[r#"unknown log format "xml", expected text or json"#]]
        .assert_eq(&"xml".parse::<LogFormat>().unwrap_err().to_string());
}
