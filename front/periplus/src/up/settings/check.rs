//! From the sections as they are written to the settings of the parts. All mistakes are named at once.

use std::collections::BTreeSet;

use hyper::header::HeaderName;
use server::{Tenancy, TenantLimits};
use wire::{DeltaHandling, OtlpSettings, Promotion, TranslationStrategy};

use super::raw::{RawLimits, RawOtlp, RawOwnOtlp, RawPeriplus, RawStorage, RawTenants};
use super::{QuerySettings, StoreSettings, WriteSettings};

/// Returns how OTLP points become samples.
pub(super) fn otlp(raw: &RawOtlp, own: &RawOwnOtlp, mistakes: &mut Vec<String>) -> OtlpSettings {
    let promoted = attributes(
        "promote_resource_attributes",
        &raw.promote_resource_attributes,
        mistakes,
    );
    let ignored = attributes(
        "ignore_resource_attributes",
        &raw.ignore_resource_attributes,
        mistakes,
    );
    let all = raw.promote_all_resource_attributes;
    if all && !promoted.is_empty() {
        mistakes.push(
            "otlp: promote_all_resource_attributes and promote_resource_attributes are both given; choose one"
                .to_owned(),
        );
    }
    if !all && !ignored.is_empty() {
        mistakes
            .push("otlp: ignore_resource_attributes needs promote_all_resource_attributes: true".to_owned());
    }
    let default = OtlpSettings::default();
    let translation = raw
        .translation_strategy
        .as_deref()
        .filter(|word| !word.is_empty());
    let delta = match own.delta.as_deref() {
        None | Some("refuse") => DeltaHandling::Refuse,
        Some("store") => DeltaHandling::Store,
        Some("accumulate") => DeltaHandling::Accumulate,
        Some(other) => {
            mistakes.push(format!(
                "periplus.otlp: delta {other:?} is not one of refuse, store and accumulate"
            ));
            DeltaHandling::Refuse
        }
    };
    OtlpSettings {
        translation: translation.map_or(default.translation, |word| {
            TranslationStrategy::from_word(word).unwrap_or_else(|| {
                mistakes.push(format!(
                    "otlp: translation_strategy {word:?} is not one of UnderscoreEscapingWithSuffixes, \
                     UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes and NoTranslation"
                ));
                default.translation
            })
        }),
        promotion: if all {
            Promotion::AllBut(ignored)
        } else {
            Promotion::Only(promoted)
        },
        keep_identifying_attributes: raw.keep_identifying_resource_attributes,
        explicit_histograms_as_native: raw.convert_histograms_to_nhcb,
        promote_scope: raw.promote_scope_metadata,
        delta,
        type_and_unit_labels: own.type_and_unit_labels,
        prefix_underscore: raw
            .label_name_underscore_sanitization
            .unwrap_or(default.prefix_underscore),
        keep_multiple_underscores: raw
            .label_name_preserve_multiple_underscores
            .unwrap_or(default.keep_multiple_underscores),
        lookback: default.lookback,
    }
}

fn attributes(key: &str, names: &[String], mistakes: &mut Vec<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in names {
        let name = name.trim();
        if name.is_empty() {
            mistakes.push(format!("otlp: {key} holds an empty name"));
        } else if !found.insert(name.to_owned()) {
            mistakes.push(format!("otlp: {key} names {name:?} twice"));
        }
    }
    found
}

/// Returns who the tenants are.
pub(super) fn tenancy(raw: &RawTenants, mistakes: &mut Vec<String>) -> Tenancy {
    let default = Tenancy::default();
    let header = raw.header.clone().filter(|name| !name.is_empty());
    match &header {
        Some(name) if HeaderName::from_bytes(name.as_bytes()).is_err() => {
            mistakes.push(format!(
                "periplus.tenants: header {name:?} is no name of a header"
            ));
        }
        None if !raw.overrides.is_empty() => mistakes.push(
            "periplus.tenants: overrides need header, the name of the header that says who the tenant is"
                .to_owned(),
        ),
        _ => {}
    }
    let overrides = raw.overrides.iter();
    Tenancy {
        header,
        limits: limits(&raw.limits, &RawLimits::default()),
        overrides: overrides
            .map(|(tenant, own)| (tenant.clone(), limits(own, &raw.limits)))
            .collect(),
        max_tenants: raw.max_tenants.unwrap_or(default.max_tenants),
    }
}

/// Returns the limits of a tenant: its own, else those of all. 0 is no bound.
fn limits(own: &RawLimits, all: &RawLimits) -> TenantLimits {
    fn pick<T: Copy + PartialEq + Default>(own: Option<T>, all: Option<T>) -> Option<T> {
        own.or(all).filter(|bound| *bound != T::default())
    }
    TenantLimits {
        max_series: pick(own.max_series, all.max_series),
        new_series_per_minute: pick(own.new_series_per_minute, all.new_series_per_minute),
        samples_per_second: pick(own.samples_per_second, all.samples_per_second),
        max_labels: pick(own.max_labels, all.max_labels),
        max_label_name_bytes: pick(own.max_label_name_bytes, all.max_label_name_bytes),
        max_label_value_bytes: pick(own.max_label_value_bytes, all.max_label_value_bytes),
        max_request_bytes: pick(own.max_request_bytes, all.max_request_bytes),
        max_query_samples: pick(own.max_query_samples, all.max_query_samples),
        max_concurrent_queries: pick(own.max_concurrent_queries, all.max_concurrent_queries),
    }
}

/// Returns the settings of the store.
pub(super) fn store(storage: &RawStorage, own: &RawPeriplus, mistakes: &mut Vec<String>) -> StoreSettings {
    let (tsdb, own) = (&storage.tsdb, &own.store);
    if tsdb.retention.percentage.is_some_and(|share| share != 0.0) {
        mistakes.push(
            "storage.tsdb.retention: percentage is not supported: use size, or --retention-size".to_owned(),
        );
    }
    for (key, bound) in [
        ("max_series", own.max_series),
        ("max_labels", own.max_labels),
        ("max_label_name_bytes", own.max_label_name_bytes),
        ("max_label_value_bytes", own.max_label_value_bytes),
        ("max_query_series", own.max_query_series),
    ] {
        if bound == Some(0) {
            mistakes.push(format!(
                "periplus.store: {key} must be at least 1; leave it out for the default"
            ));
        }
    }
    let bytes = |size: super::raw::Size| usize::try_from(size.0).unwrap_or(usize::MAX);
    let retention = &tsdb.retention;
    StoreSettings {
        retention: retention.time.map(|span| span.0).filter(|time| !time.is_zero()),
        retention_bytes: retention.size.map(|size| size.0).filter(|size| *size != 0),
        out_of_order_window: tsdb.out_of_order_time_window.map(|span| span.0),
        max_exemplars: storage
            .exemplars
            .max_exemplars
            // Prometheus takes what is below zero for zero.
            .map(|n| usize::try_from(n).unwrap_or(0)),
        max_series: own.max_series,
        max_new_series_per_minute: own.max_new_series_per_minute.filter(|n| *n != 0),
        max_samples_per_second: own.max_samples_per_second.filter(|n| *n != 0),
        max_labels: own.max_labels,
        max_label_name_bytes: own.max_label_name_bytes,
        max_label_value_bytes: own.max_label_value_bytes,
        max_query_series: own.max_query_series,
        max_future: own.max_future.map(|span| span.0),
        fsync_interval: own.fsync_interval.map(|span| span.0),
        scrub_interval: own
            .scrub_interval
            .map(|span| Some(span.0).filter(|time| !time.is_zero())),
        log_queue_bytes: own.log_queue_size.map(bytes),
        page_cache_bytes: own.page_cache_size.map(bytes),
    }
}

/// Returns the bounds of queries.
pub(super) fn queries(own: &RawPeriplus, mistakes: &mut Vec<String>) -> QuerySettings {
    let raw = &own.queries;
    for (key, is_nothing) in [
        ("timeout", raw.timeout.is_some_and(|span| span.0.is_zero())),
        ("lookback", raw.lookback.is_some_and(|span| span.0.is_zero())),
        ("max_concurrent", raw.max_concurrent == Some(0)),
        ("max_samples", raw.max_samples == Some(0)),
        ("max_points", raw.max_points == Some(0)),
    ] {
        if is_nothing {
            mistakes.push(format!(
                "periplus.queries: {key} must be more than 0; leave it out for the default"
            ));
        }
    }
    QuerySettings {
        timeout: raw.timeout.map(|span| span.0),
        max_concurrent: raw.max_concurrent,
        max_samples: raw.max_samples,
        max_points: raw.max_points,
        lookback: raw.lookback.map(|span| span.0),
    }
}

/// Returns the bounds of requests that write.
pub(super) fn writes(own: &RawPeriplus, mistakes: &mut Vec<String>) -> WriteSettings {
    let raw = &own.writes;
    let mut bytes = |key: &str, size: Option<super::raw::Size>| {
        if size.is_some_and(|size| size.0 == 0) {
            mistakes.push(format!(
                "periplus.writes: {key} must be more than 0; leave it out for the default"
            ));
        }
        size.map(|size| usize::try_from(size.0).unwrap_or(usize::MAX))
    };
    WriteSettings {
        max_request_bytes: bytes("max_request_size", raw.max_request_size),
        max_in_flight_bytes: bytes("max_in_flight_size", raw.max_in_flight_size),
    }
}
