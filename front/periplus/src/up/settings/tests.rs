use std::path::Path;
use std::time::Duration;

use expect_test::{Expect, expect};
use server::ServerConfig;
use store::StoreConfig;
use wire::{DeltaHandling, Promotion, TranslationStrategy};

use super::Settings;

fn read(text: &str) -> Result<Settings, Vec<String>> {
    Settings::read(text, Path::new("/etc/periplus/periplus.yml"))
}

fn check_mistakes(text: &str, expected: &Expect) {
    expected.assert_eq(&format!("{}\n", read(text).unwrap_err().join("\n")));
}

fn apply(settings: &Settings) -> (StoreConfig, ServerConfig) {
    let mut store = StoreConfig::new("/data/store");
    let mut server = ServerConfig::new("127.0.0.1:0".parse().unwrap(), "/data");
    settings.apply_to_store(&mut store);
    settings.apply_to_server(&mut server, None);
    (store, server)
}

#[test]
fn an_empty_file_changes_nothing() {
    let (store, server) = apply(&read("scrape_configs: []\n").unwrap());
    let (plain_store, plain_server) = (
        StoreConfig::new("/data/store"),
        ServerConfig::new("127.0.0.1:0".parse().unwrap(), "/data"),
    );
    assert_eq!(format!("{store:?}"), format!("{plain_store:?}"));
    assert_eq!(format!("{server:?}"), format!("{plain_server:?}"));
}

#[test]
fn what_prometheus_writes_is_understood() {
    let settings = read(
        "global: {scrape_interval: 15s}\n\
         otlp:\n  promote_resource_attributes: [service.name, ' k8s.pod.name ']\n\
         \x20 translation_strategy: NoUTF8EscapingWithSuffixes\n\
         \x20 keep_identifying_resource_attributes: true\n  convert_histograms_to_nhcb: true\n\
         \x20 promote_scope_metadata: true\n\
         storage:\n  tsdb: {out_of_order_time_window: 30m, retention: {time: 30d, size: 100GB}, chunk_encoding: {}}\n\
         \x20 exemplars: {max_exemplars: -1}\n",
    )
    .unwrap();
    let (store, server) = apply(&settings);
    let otlp = &server.otlp;
    assert_eq!(otlp.translation, TranslationStrategy::NoUtf8EscapingWithSuffixes);
    let names = ["k8s.pod.name", "service.name"].map(str::to_owned);
    assert_eq!(otlp.promotion, Promotion::Only(names.into()));
    assert!(otlp.keep_identifying_attributes && otlp.explicit_histograms_as_native && otlp.promote_scope);
    assert_eq!(store.out_of_order_window, Duration::from_secs(1_800));
    assert_eq!(store.max_exemplars, 0);
    assert_eq!(
        (settings.retention(), settings.retention_bytes()),
        (Some(Duration::from_secs(30 * 86_400)), Some(100 << 30))
    );
    assert_eq!(
        settings.warnings,
        ["storage.tsdb.chunk_encoding changes nothing here: the store has its own way"]
    );
}

#[test]
fn our_own_section_reaches_its_parts() {
    let (store, server) = apply(
        &read(
            "periplus:\n\
             \x20 tenants:\n    header: X-Scope-OrgID\n    max_tenants: 7\n\
             \x20   limits: {max_series: 1000, max_labels: 30}\n\
             \x20   overrides: {big: {max_series: 0, samples_per_second: 5}}\n\
             \x20 store: {max_series: 9, max_new_series_per_minute: 8, max_samples_per_second: 7, scrub_interval: 0s, page_cache_size: 16MiB}\n\
             \x20 queries: {timeout: 30s, max_concurrent: 3, lookback: 2m}\n\
             \x20 writes: {max_request_size: 1MB}\n\
             \x20 otlp: {delta: store, type_and_unit_labels: true}\n",
        )
        .unwrap(),
    );
    let tenancy = &server.tenancy;
    assert_eq!(
        (tenancy.header.as_deref(), tenancy.max_tenants),
        (Some("X-Scope-OrgID"), 7)
    );
    assert_eq!(
        (tenancy.limits.max_series, tenancy.limits.max_labels),
        (Some(1000), Some(30))
    );
    let big = &tenancy.overrides["big"];
    assert_eq!(
        (big.max_series, big.max_labels, big.samples_per_second),
        (None, Some(30), Some(5))
    );
    assert_eq!((store.max_series, store.max_new_series_per_minute), (9, Some(8)));
    assert_eq!(
        (store.max_samples_per_second, store.scrub_interval),
        (Some(7), None)
    );
    assert_eq!(store.page_cache_bytes, 16 << 20);
    assert_eq!(server.query.timeout, Duration::from_secs(30));
    assert_eq!((server.query.max_concurrent, server.otlp.lookback), (3, 120_000));
    assert_eq!(server.remote_write.max_body_bytes, 1 << 20);
    assert_eq!(server.otlp.delta, DeltaHandling::Store);
    assert!(server.otlp.type_and_unit_labels);
}

#[test]
fn unknown_keys_are_named_with_their_place() {
    check_mistakes(
        "periplus:\n  store:\n    max_serie: 5\n",
        &expect![[r#"
        /etc/periplus/periplus.yml:3:5: there is no key "max_serie" here; perhaps "max_series" is meant
    "#]],
    );
    check_mistakes(
        "storage: {tsdb: {out_of_order_window: 5m}}\n",
        &expect![[r#"
        /etc/periplus/periplus.yml:1:18: there is no key "out_of_order_window" here; perhaps "out_of_order_time_window" is meant
    "#]],
    );
    check_mistakes(
        "remote_write:\n- url: http://a/\n  enable_http: true\n",
        &expect![[r#"
            /etc/periplus/periplus.yml:3:3: there is no key "enable_http" here; perhaps "enable_http2" is meant
        "#]],
    );
    check_mistakes(
        "storage: {tsdb: {out_of_order_time_window: soon}}\n",
        &expect![[r#"
            /etc/periplus/periplus.yml:1:44: "soon" is not a duration such as 15s, 1h30m or 15d
        "#]],
    );
}

#[test]
fn all_mistakes_are_named_at_once() {
    check_mistakes(
        "otlp: {promote_resource_attributes: [a, a, ''], ignore_resource_attributes: [b], translation_strategy: x}\n\
         storage: {tsdb: {retention: {percentage: 80}}}\n\
         remote_write: [{url: 'nonsense'}]\n\
         periplus: {tenants: {overrides: {a: {}}}, store: {max_labels: 0}, queries: {timeout: 0s}, writes: {max_request_size: 0}, otlp: {delta: x}}\n",
        &expect![[r#"
            remote_write number 1: url: relative URL without a base
            otlp: promote_resource_attributes names "a" twice
            otlp: promote_resource_attributes holds an empty name
            otlp: ignore_resource_attributes needs promote_all_resource_attributes: true
            periplus.otlp: delta "x" is not one of refuse, store and accumulate
            otlp: translation_strategy "x" is not one of UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes and NoTranslation
            periplus.tenants: overrides need header, the name of the header that says who the tenant is
            storage.tsdb.retention: percentage is not supported: use size, or --retention-size
            periplus.store: max_labels must be at least 1; leave it out for the default
            periplus.queries: timeout must be more than 0; leave it out for the default
            periplus.writes: max_request_size must be more than 0; leave it out for the default
        "#]],
    );
}

#[test]
fn a_flag_decides_over_the_file_on_deltas() {
    let settings = read("periplus: {otlp: {delta: store}}\n").unwrap();
    assert_eq!(settings.otlp(None).delta, DeltaHandling::Store);
    let flag = Some(DeltaHandling::Accumulate);
    assert_eq!(settings.otlp(flag).delta, DeltaHandling::Accumulate);
    let settings = read("periplus: {otlp: {delta: accumulate}}\n").unwrap();
    assert_eq!(settings.otlp(None).delta, DeltaHandling::Accumulate);
}

#[test]
fn what_a_reload_brings_into_force_does_not_wait() {
    let old = read("storage: {exemplars: {max_exemplars: 5}}\n").unwrap();
    let new = "storage: {tsdb: {out_of_order_time_window: 1m, retention: {time: 1d}}}\notlp: {promote_scope_metadata: true}\n\
               periplus: {tenants: {header: x, limits: {max_series: 6}}, otlp: {delta: store}}\n";
    assert_eq!(old.waiting(&read(new).unwrap()), ["storage.tsdb.retention.time"]);
}

#[test]
fn what_waits_for_a_restart_is_named() {
    let old = read("storage: {tsdb: {out_of_order_time_window: 1m}}\nperiplus: {store: {max_series: 5}}\n")
        .unwrap();
    let same =
        read("periplus: {store: {max_series: 5}}\nstorage:\n  tsdb:\n    out_of_order_time_window: 1m\n")
            .unwrap();
    assert_eq!(old.waiting(&same), [""; 0]);
    let new =
        read("otlp: {promote_scope_metadata: true}\nperiplus: {store: {max_series: 6, max_labels: 7}}\n")
            .unwrap();
    assert_eq!(
        old.waiting(&new),
        ["periplus.store.max_series", "periplus.store.max_labels",]
    );
}

#[test]
fn what_a_cluster_does_not_scrape_is_told_by_name() {
    let cluster = |targets: &str| {
        format!("periplus: {{clusters: [{{name: eu, kubeconfig: k, targets: {{{targets}}}}}]}}\n")
    };
    let text = cluster("leave_out: [kubelet, probes], credentials_for: [monitoring]");
    let targets = &read(&text).unwrap().clusters[0].targets;
    assert_eq!(targets.leave_out, ["kubelet", "probes"]);
    assert_eq!(targets.credentials_for, ["monitoring"]);
    let mistakes = read(&cluster("leave_out: [probe], addresses: {probes: [a]}")).unwrap_err();
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes[0].contains("\"probe\"") && mistakes[0].contains("scrapeconfigs"));
    assert!(mistakes[1].contains("\"probes\"") && !mistakes[1].contains("scrapeconfigs"));
}
