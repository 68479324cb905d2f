use super::*;

#[test]
fn groups_families_and_escapes() {
    let mut sink = TextSink::default();
    let cpu = Family::counter("cpu_seconds_total", "Time, by \"mode\"\nand \\.");
    let load = Family::gauge("load1", "");
    sink.sample(&cpu, &[("cpu", "0"), ("mode", "idle")], 1.5);
    sink.sample(&load, &[], f64::NAN);
    sink.sample(&cpu, &[("cpu", ""), ("mode", "a\"b\\c\nd")], 1e-9);
    sink.sample(&load, &[("empty", "")], f64::INFINITY);
    let expected = r#"# HELP cpu_seconds_total Time, by "mode"\nand \\.
# TYPE cpu_seconds_total counter
cpu_seconds_total{cpu="0",mode="idle"} 1.5
cpu_seconds_total{mode="a\"b\\c\nd"} 1e-09
# TYPE load1 gauge
load1 NaN
load1 +Inf
"#;
    assert_eq!(sink.finish(), expected);
}

#[test]
fn puts_a_histogram_under_one_name() {
    let mut sink = TextSink::default();
    let part = |name| Family {
        name,
        metric_type: MetricType::Histogram,
        help: "How long.",
    };
    sink.sample(&part("wait_seconds_bucket"), &[("le", "0.1")], 1.0);
    sink.sample(&part("wait_seconds_bucket"), &[("le", "+Inf")], 2.0);
    sink.sample(&part("wait_seconds_sum"), &[], 0.25);
    sink.sample(&part("wait_seconds_count"), &[], 2.0);
    let expected = "# HELP wait_seconds How long.\n# TYPE wait_seconds histogram\n\
        wait_seconds_bucket{le=\"0.1\"} 1\nwait_seconds_bucket{le=\"+Inf\"} 2\n\
        wait_seconds_sum 0.25\nwait_seconds_count 2\n";
    assert_eq!(sink.finish(), expected);
}

#[test]
fn maps_every_kind_to_a_word_of_the_format() {
    for (kind, word) in [
        (MetricType::Unknown, "untyped"),
        (MetricType::GaugeHistogram, "untyped"),
        (MetricType::Info, "gauge"),
        (MetricType::StateSet, "gauge"),
        (MetricType::Summary, "summary"),
    ] {
        let mut sink = TextSink::default();
        let family = Family {
            name: "x",
            metric_type: kind,
            help: "",
        };
        sink.sample(&family, &[], 1.0);
        assert_eq!(sink.finish(), format!("# TYPE x {word}\nx 1\n"));
    }
}
