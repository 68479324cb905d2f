//! Pages with their readings, one line an entry; errors in words; and what mutation makes of valid pages.

use std::fmt::Write as _;

use model::{Labels, LabelsBuilder};
use proptest::prelude::*;

use super::*;

mod protobuf;
mod upstream;

/// Writes every entry of a page as one line, and the error last.
pub(super) fn read(page: &[u8], format: ExpositionFormat, native: NativeHistograms) -> String {
    let mut out = String::new();
    let mut parser = match ExpositionParser::new(page, format, native) {
        Ok(parser) => parser,
        Err(error) => return format!("error: {error}\n"),
    };
    let mut builder = LabelsBuilder::default();
    loop {
        let entry = match parser.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => return out,
            Err(error) => {
                writeln!(out, "error: {error}").unwrap();
                return out;
            }
        };
        match entry {
            Entry::Type { family, metric_type } => writeln!(out, "type {family} {metric_type}").unwrap(),
            Entry::Help { family, help } => writeln!(out, "help {family} {help:?}").unwrap(),
            Entry::Unit { family, unit } => writeln!(out, "unit {family} {unit}").unwrap(),
            Entry::Sample(sample) => {
                if let Err(error) = sample.labels(&mut builder) {
                    writeln!(out, "error: {error}").unwrap();
                    return out;
                }
                write_sample(&mut out, &sample, &mut builder);
            }
        }
    }
}

fn write_sample(out: &mut String, sample: &Sample<'_>, builder: &mut LabelsBuilder) {
    let shown = builder
        .build()
        .map_or_else(|error| error.to_string(), |labels: Labels| labels.to_string());
    match &sample.value {
        SampleValue::Float(value) => write!(out, "{shown} {}", crate::format_float(*value)).unwrap(),
        SampleValue::Histogram(h) => {
            write!(
                out,
                "{shown} schema={} count={} sum={} zero={}/{}",
                h.schema, h.count, h.sum, h.zero_count, h.zero_threshold
            )
            .unwrap();
            write!(
                out,
                " +{:?}{:?} -{:?}{:?}",
                spans(&h.positive),
                h.positive.counts,
                spans(&h.negative),
                h.negative.counts
            )
            .unwrap();
        }
    }
    if let Some(time) = sample.timestamp {
        write!(out, " @{time}").unwrap();
    }
    if sample.start != 0 {
        write!(out, " since {}", sample.start).unwrap();
    }
    sample.each_exemplar(&mut |labels, value, time| {
        write!(out, " # {} {value} {time:?}", labels.build().unwrap()).unwrap();
    });
    out.push('\n');
}

fn spans(buckets: &model::Buckets) -> Vec<(i32, u32)> {
    buckets
        .spans
        .iter()
        .map(|span| (span.offset, span.length))
        .collect()
}

fn check(format: ExpositionFormat, page: &str, expected: &str) {
    assert_eq!(
        read(page.as_bytes(), format, NativeHistograms::Ignored),
        expected,
        "{page}"
    );
}

fn text(page: &str, expected: &str) {
    check(ExpositionFormat::Text, page, expected);
}

fn open_metrics(page: &str, expected: &str) {
    check(ExpositionFormat::OpenMetrics, page, expected);
}

#[test]
fn text_is_read_with_blanks_escapes_and_comments() {
    text(
        "# HELP go_gc A \\\"summary\\\" \\n of \\\\ things\n\
         # TYPE go_gc summary\n\
         go_gc{quantile=\"0\"} 4.9351e-05\n\
         go_gc { quantile=\"0.25\" , a = \"x\\\"y\\\\z\\n\" , } \t7.4e-05   123 \n\
         # a comment\n#another\n\n\
         go_gc_sum +Inf\n\
         go_gc_count NaN\n\
         no_type{le=\"1\"} -1.5e+3",
        "help go_gc \"A \\\\\\\"summary\\\\\\\" \\n of \\\\ things\"\n\
         type go_gc summary\n\
         go_gc{quantile=\"0.0\"} 0.000049351\n\
         go_gc{a=\"x\\\"y\\\\z\\n\", quantile=\"0.25\"} 0.000074 @123\n\
         go_gc_sum +Inf\n\
         go_gc_count NaN\n\
         no_type{le=\"1\"} -1500\n",
    );
}

#[test]
fn text_names_may_be_quoted() {
    text(
        "# TYPE \"http.status\" counter\n{\"http.status\",q=\"0.9\",\"a.b\"=\"c\"} 8\n{\"only\"} 1\n",
        "type http.status counter\nhttp.status{a.b=\"c\", q=\"0.9\"} 8\nonly 1\n",
    );
}

#[test]
fn text_values_may_span_lines() {
    text("a{b=\"x\ny\"} 1\nc 2\n", "a{b=\"x\\ny\"} 1\nc 2\n");
}

#[test]
fn faults_of_text_name_line_and_reason() {
    for (page, reason) in [
        ("a 1\nb\n", "line 2: expected a value behind the series, at \"b\""),
        (
            "a{b='c'} 1\n",
            "line 1: expected a label value in double quotes, at \"a{b='c'} 1\"",
        ),
        (
            "x 1\n\n{a=\"b\"} 2\n",
            "line 3: the metric has no name: write it before the braces, or quoted within them, at \"{a=\\\"b\\\"} 2\"",
        ),
        (
            "a 1 1.5\n",
            "line 1: expected a timestamp in whole milliseconds or the end of the line behind the value, at \"a 1 1.5\"",
        ),
        ("a 0x10\n", "line 1: \"0x10\" is not a number, at \"a 0x10\""),
        ("a 1e400\n", "line 1: \"1e400\" is not a number, at \"a 1e400\""),
        (
            "# TYPE a thing\n",
            "line 1: unknown metric type \"thing\", at \"# TYPE a thing\"",
        ),
        (
            "a 1 99999999999999999999\n",
            "line 1: the timestamp is beyond 64 bits of milliseconds, at \"a 1 99999999999999999999\"",
        ),
    ] {
        let read = read(page.as_bytes(), ExpositionFormat::Text, NativeHistograms::Ignored);
        assert_eq!(
            read.lines().last(),
            Some(format!("error: {reason}").as_str()),
            "{page}"
        );
    }
}

#[test]
fn a_page_that_is_not_utf8_names_the_line() {
    let read = read(
        b"a 1\nb{c=\"\xff\"} 2\n",
        ExpositionFormat::Text,
        NativeHistograms::Ignored,
    );
    assert_eq!(
        read,
        "error: line 2: the page is not valid UTF-8, at \"b{c=\\\"\u{fffd}\\\"} 2\"\n"
    );
}

#[test]
fn open_metrics_yields_units_exemplars_and_starts() {
    open_metrics(
        "# TYPE req_seconds histogram\n# UNIT req_seconds seconds\n# HELP req_seconds It \\\"takes\\\"\n\
         req_seconds_bucket{a=\"1\",le=\"1\"} 5 # {id=\"x\"} 0.7 1.5\n\
         req_seconds_bucket{a=\"1\",le=\"+Inf\"} 6 10.25 # {} 2\n\
         req_seconds_sum{a=\"1\"} 9\nreq_seconds_count{a=\"1\"} 6\nreq_seconds_created{a=\"1\"} 100.5\n\
         req_seconds_bucket{a=\"2\",le=\"+Inf\"} 1\n\
         # TYPE n counter\nn_total 7\nn_created 50\n\
         # TYPE s stateset\ns{s=\"on\"} 1\n# TYPE i info\ni_info{v=\"1\"} 1\n# EOF\n",
        "type req_seconds histogram\nunit req_seconds seconds\nhelp req_seconds \"It \\\"takes\\\"\"\n\
         req_seconds_bucket{a=\"1\", le=\"1.0\"} 5 since 100500 # {id=\"x\"} 0.7 Some(1500)\n\
         req_seconds_bucket{a=\"1\", le=\"+Inf\"} 6 @10250 since 100500 # {} 2 None\n\
         req_seconds_sum{a=\"1\"} 9 since 100500\nreq_seconds_count{a=\"1\"} 6 since 100500\n\
         req_seconds_created{a=\"1\"} 100.5\n\
         req_seconds_bucket{a=\"2\", le=\"+Inf\"} 1\n\
         type n counter\nn_total 7 since 50000\nn_created 50\n\
         type s stateset\ns{s=\"on\"} 1\ntype i info\ni_info{v=\"1\"} 1\n",
    );
}

#[test]
fn open_metrics_ends_with_eof() {
    open_metrics(
        "a 1\n",
        "a 1\nerror: line 2: the page does not end with # EOF: it was cut, or the exporter does not speak \
         OpenMetrics, at \"\"\n",
    );
    open_metrics("a 1\n# EOF", "a 1\n");
    open_metrics(
        "# EOF\n\n",
        "error: line 1: there is more behind # EOF, at \"# EOF\"\n",
    );
}

#[test]
fn formats_are_told_by_their_media_type() {
    use ExpositionFormat::{OpenMetrics, Protobuf, Text};
    let of = ExpositionFormat::from_content_type;
    assert_eq!(
        of(Some("text/plain; version=0.0.4; charset=utf-8"), None),
        Ok(Text)
    );
    assert_eq!(
        of(
            Some("Application/OpenMetrics-Text;version=1.0.0;escaping=allow-utf-8"),
            None
        ),
        Ok(OpenMetrics)
    );
    assert_eq!(
        of(
            Some("application/vnd.google.protobuf; proto=x; encoding=delimited"),
            None
        ),
        Ok(Protobuf)
    );
    assert_eq!(of(Some("text/html"), Some(Text)), Ok(Text));
    assert_eq!(of(None, None), Err(FormatError::Missing));
    assert!(matches!(
        of(Some("text/html"), None),
        Err(FormatError::Unsupported { .. })
    ));
    assert!(matches!(
        of(Some("application/openmetrics-text; version=2.0.0"), None),
        Err(FormatError::Unsupported { .. })
    ));
}

#[test]
fn bounds_are_written_as_open_metrics_does() {
    for (value, expected) in [
        (1.0, "1.0"),
        (0.0, "0.0"),
        (-1.0, "-1.0"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (100_000.0, "100000.0"),
        (1_000_000.0, "1e+06"),
        (1_234_567.0, "1.234567e+06"),
        (0.995, "0.995"),
        (1e100, "1e+100"),
        (f64::INFINITY, "+Inf"),
    ] {
        assert_eq!(format_bound(value), expected);
    }
}

#[test]
fn numbers_are_those_of_the_formats() {
    for (text, value) in [
        ("1", 1.0),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("inf", f64::INFINITY),
        ("-INF", f64::NEG_INFINITY),
        ("123456789012345", 123_456_789_012_345.0),
    ] {
        assert_eq!(parse_float(text), Some(value), "{text}");
    }
    assert_eq!(parse_float("nan").map(f64::to_bits), Some(0x7ff8_0000_0000_0001));
    for text in ["", "+", "1_0", "0x1p2", "+nan", "1e999", "one", " 1", "1f"] {
        assert_eq!(parse_float(text), None, "{text}");
    }
}

const TEXT_PAGE: &str =
    "# HELP a b\\n\n# TYPE a histogram\na_bucket{x=\"\\\"y\",le=\"1\"} 1 5\n{\"q.r\",s=\"t\"} NaN\n";
const OPEN_METRICS_PAGE: &str = "# TYPE a_s counter\n# UNIT a_s s\na_s_total{b=\"c\"} 1 2.5 # {d=\"e\"} 3 4\na_s_created{b=\"c\"} 9\n# EOF\n";

proptest! {
    /// Nothing panics, and entries never come without end: each takes at least a byte of the page.
    #[test]
    fn mutated_pages_end(cut in 0_usize..200, at in 0_usize..200, bytes in proptest::collection::vec(any::<u8>(), 0..6)) {
        for (page, format) in [
            (TEXT_PAGE.as_bytes().to_vec(), ExpositionFormat::Text),
            (OPEN_METRICS_PAGE.as_bytes().to_vec(), ExpositionFormat::OpenMetrics),
            (protobuf::page(), ExpositionFormat::Protobuf),
        ] {
            let mut page = page;
            let at = at.min(page.len());
            let end = (at + cut % 8).min(page.len());
            page.splice(at..end, bytes.iter().copied());
            let read = read(&page, format, NativeHistograms::WithClassic);
            prop_assert!(read.lines().count() <= 40 * (page.len() + 1));
        }
    }

    #[test]
    fn any_bytes_are_survived(page in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [ExpositionFormat::Text, ExpositionFormat::OpenMetrics, ExpositionFormat::Protobuf] {
            read(&page, format, NativeHistograms::WithClassic);
        }
    }

    /// What the sink writes reads back as it was said.
    #[test]
    fn written_labels_read_back(value in "\\PC{0,20}", number in any::<f64>()) {
        let mut sink = crate::TextSink::default();
        let family = model::Family::gauge("m", "h");
        model::Sink::sample(&mut sink, &family, &[("l", &value)], number);
        let page = sink.finish();
        let mut parser = ExpositionParser::new(page.as_bytes(), ExpositionFormat::Text, NativeHistograms::Ignored).unwrap();
        let mut found = None;
        while let Some(entry) = parser.next_entry().unwrap() {
            if let Entry::Sample(sample) = entry {
                let mut builder = LabelsBuilder::default();
                sample.labels(&mut builder).unwrap();
                found = Some((builder.build().unwrap(), sample.value.clone()));
            }
        }
        let (labels, read) = found.unwrap();
        prop_assert_eq!(labels.get("l").unwrap_or(""), value.as_str());
        let SampleValue::Float(read) = read else { unreachable!("text has numbers only") };
        prop_assert!(read == number || read.is_nan() && number.is_nan());
    }
}
