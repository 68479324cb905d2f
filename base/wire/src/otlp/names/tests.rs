use super::*;

const ESCAPED: TranslationStrategy = TranslationStrategy::UnderscoreEscapingWithSuffixes;
const ESCAPED_BARE: TranslationStrategy = TranslationStrategy::UnderscoreEscapingWithoutSuffixes;
const KEPT: TranslationStrategy = TranslationStrategy::NoUtf8EscapingWithSuffixes;
const KEPT_BARE: TranslationStrategy = TranslationStrategy::NoTranslation;

fn name(strategy: TranslationStrategy, (name, unit): (&str, &str), kind: NameKind) -> String {
    metric_name(name, unit, (kind, strategy)).unwrap_or_else(|error| error.to_string())
}

#[test]
fn appends_units_and_kinds() {
    let check = |metric: (&str, &str), kind: NameKind, expected: &str| {
        assert_eq!(name(ESCAPED, metric, kind), expected, "{metric:?} {kind:?}");
    };
    check(
        ("system.io", "foo/bar"),
        NameKind::Counter,
        "system_io_foo_per_bar_total",
    );
    check(
        ("system.filesystem.usage", "By"),
        NameKind::Gauge,
        "system_filesystem_usage_bytes",
    );
    check(
        ("system.network.dropped", "{packets}"),
        NameKind::Counter,
        "system_network_dropped_total",
    );
    check(
        ("system.network.dropped", "1"),
        NameKind::Counter,
        "system_network_dropped_total",
    );
    check(("cpu.utilization", "1"), NameKind::Gauge, "cpu_utilization_ratio");
    check(("cpu.ratio.of", "1"), NameKind::Gauge, "cpu_of_ratio");
    check(
        ("redis.used_memory_seconds", "s"),
        NameKind::Other,
        "redis_used_memory_seconds",
    );
    check(("speed", "m/s"), NameKind::Gauge, "speed_meters_per_second");
    check(("rate", "1/s"), NameKind::Other, "rate_per_second");
    check(("x_total_requests", ""), NameKind::Counter, "x_requests_total");
    check(("2xx.count", ""), NameKind::Other, "_2xx_count");
    check(("a::b  c__d", "μs^2"), NameKind::Other, "a::b_c_d_s_2");
    check(("温度", "Cel"), NameKind::Gauge, "celsius");
    check(
        ("温度", ""),
        NameKind::Gauge,
        "name \"温度\" leaves no valid name after translation",
    );
    check(
        ("", ""),
        NameKind::Gauge,
        "name \"\" leaves no valid name after translation",
    );
}

#[test]
fn every_strategy_has_its_way() {
    let metric = ("http.server.duration", "ms");
    assert_eq!(
        name(ESCAPED, metric, NameKind::Other),
        "http_server_duration_milliseconds"
    );
    assert_eq!(
        name(ESCAPED_BARE, metric, NameKind::Counter),
        "http_server_duration"
    );
    assert_eq!(
        name(KEPT, metric, NameKind::Other),
        "http.server.duration_milliseconds"
    );
    assert_eq!(name(KEPT_BARE, metric, NameKind::Counter), "http.server.duration");
    assert_eq!(name(KEPT, ("a.total", "By"), NameKind::Counter), "a_bytes_total");
    assert_eq!(name(KEPT, ("a.ratio", "1"), NameKind::Gauge), "a_ratio");
    assert_eq!(name(KEPT, ("v", "m/s"), NameKind::Gauge), "v_meters_per_second");
    assert_eq!(name(ESCAPED_BARE, ("9a.b__c", ""), NameKind::Other), "_9a_b__c");
}

#[test]
fn units_of_metadata() {
    for (unit, expected) in [
        ("By", "bytes"),
        ("m/s", "meters_per_second"),
        ("{request}", ""),
        ("1", ""),
        ("a b", "a_b"),
    ] {
        assert_eq!(unit_name(unit), expected, "{unit:?}");
    }
}

#[test]
fn labels() {
    let settings = OtlpSettings::default();
    let strict = OtlpSettings {
        keep_multiple_underscores: false,
        prefix_underscore: false,
        ..OtlpSettings::default()
    };
    let kept = OtlpSettings {
        translation: KEPT_BARE,
        ..OtlpSettings::default()
    };
    let check = |settings: &OtlpSettings, label: &str, expected: &str| {
        let found = label_name(label, settings).unwrap_or_else(|error| error.to_string());
        assert_eq!(found, expected, "{label:?}");
    };
    check(&settings, "http.status-code", "http_status_code");
    check(&settings, "2xx", "key_2xx");
    check(&settings, "_hidden", "key_hidden");
    check(&settings, "__reserved__", "__reserved__");
    check(&settings, "a..b", "a__b");
    check(&strict, "a..b", "a_b");
    check(&strict, "_hidden", "_hidden");
    check(&strict, "__a..b__", "__a_b__");
    check(&kept, "http.status-code", "http.status-code");
    check(&kept, "__", "name \"__\" leaves no valid name after translation");
    check(&settings, "ä", "key_");
    check(&strict, "ä", "name \"ä\" leaves no valid name after translation");
    check(&settings, "", "name \"\" leaves no valid name after translation");
}
