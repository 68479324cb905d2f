use axum::http::HeaderValue;
use model::{Batch, LabelsBuilder};

use super::*;

fn tenant(limits: TenantLimits) -> Arc<Tenant> {
    Tenants::new(Tenancy {
        limits,
        ..Tenancy::default()
    })
    .of(&HeaderMap::new())
}

fn batch(series: &[(&str, &str)], samples: i64) -> Batch {
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for (name, value) in series {
        labels.clear();
        labels.add("__name__", name);
        labels.add("label", value);
        let key = batch.add_series(&mut labels).unwrap();
        for t in 0..samples {
            batch.push(&key, t, t as f64);
        }
    }
    batch
}

#[test]
fn samples_over_the_rate_delay_what_comes_next() {
    let tenant = tenant(TenantLimits {
        samples_per_second: Some(10),
        ..TenantLimits::default()
    });
    assert_eq!(tenant.admit_write(None, 0), Ok(()));
    assert_eq!(
        tenant.check_batch(&mut batch(&[("a", "b")], 50), 0),
        Refusals::default()
    );
    // 20 were there, 30 are owed: three seconds.
    let refused = tenant.admit_write(None, 0).unwrap_err();
    assert_eq!(refused.retry_after_seconds, 3);
    assert_eq!(
        refused.to_string(),
        "tenant \"default\" is at its limit of 10 samples a second; \
         raise `samples_per_second` of periplus.tenants in the configuration file"
    );
    assert_eq!(
        tenant.admit_write(None, 2_900).unwrap_err().retry_after_seconds,
        1
    );
    assert_eq!(tenant.admit_write(None, 3_000), Ok(()));
}

#[test]
fn new_series_are_refused_and_old_ones_go_on() {
    let tenant = tenant(TenantLimits {
        max_series: Some(3),
        new_series_per_minute: Some(2),
        ..TenantLimits::default()
    });
    let mut first = batch(&[("a", "1"), ("a", "2"), ("a", "3")], 2);
    let refusals = tenant.check_batch(&mut first, 0);
    assert_eq!((refusals.samples, first.rows().len()), (2, 4));
    assert!(refusals.first.unwrap().contains("new_series_per_minute"));
    // Known series cost nothing; a minute later there is room for one more of the three.
    let mut second = batch(&[("a", "1"), ("a", "3"), ("a", "4")], 1);
    let refusals = tenant.check_batch(&mut second, 60_000);
    assert_eq!((refusals.samples, second.rows().len()), (1, 2));
    assert!(refusals.first.unwrap().contains("limit of 3 active series"));
    // Series that got no more samples make room after an hour.
    let mut third = batch(&[("a", "3")], 1);
    tenant.check_batch(&mut third, 40 * 60_000);
    let mut fourth = batch(&[("a", "5"), ("a", "6")], 1);
    assert_eq!(tenant.check_batch(&mut fourth, 75 * 60_000).samples, 0);
}

#[test]
fn label_sizes_are_bounded_and_the_rest_is_kept_whole() {
    let tenant = tenant(TenantLimits {
        max_label_value_bytes: Some(4),
        ..TenantLimits::default()
    });
    let mut mixed = batch(&[("a", "short"), ("b", "ok")], 1);
    let mut labels = LabelsBuilder::default();
    labels.add("__name__", "h");
    let key = mixed.add_series(&mut labels).unwrap();
    let histogram = model::Histogram {
        count: 3.0,
        ..model::Histogram::default()
    };
    mixed.push_histogram(&key, 5, histogram.clone());
    mixed.set_start(4);
    let refusals = tenant.check_batch(&mut mixed, 0);
    assert_eq!(refusals.samples, 1);
    assert_eq!(mixed.histograms(), [(1, histogram)]);
    assert_eq!(mixed.starts(), [(1, 4)]);
}

#[test]
fn tenants_are_told_apart_up_to_a_number() {
    let one = TenantLimits {
        max_request_bytes: Some(1),
        ..TenantLimits::default()
    };
    let tenants = Tenants::new(Tenancy {
        header: Some("x-scope-orgid".to_owned()),
        overrides: [("a".to_owned(), one)].into(),
        max_tenants: 2,
        ..Tenancy::default()
    });
    let of = |name: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("x-scope-orgid", HeaderValue::from_str(name).unwrap());
        tenants.of(&headers)
    };
    assert!(of("a").admit_write(Some(2), 0).is_err());
    assert!(of("b").admit_write(Some(2), 0).is_ok());
    assert!(Arc::ptr_eq(&of("a"), &of("a")));
    assert!(Arc::ptr_eq(&of("c"), &of("d")));
    assert_eq!(of("").name, "default");
}

#[test]
fn other_settings_keep_what_was_counted() {
    let limits = |max_series, header: &str| Tenancy {
        header: Some(header.to_owned()),
        limits: TenantLimits {
            max_series: Some(max_series),
            max_concurrent_queries: Some(2),
            ..TenantLimits::default()
        },
        ..Tenancy::default()
    };
    let tenants = Tenants::new(limits(2, "x-tenant"));
    let headers = HeaderMap::from_iter([("x-tenant".parse().unwrap(), HeaderValue::from_static("a"))]);
    let before = tenants.of(&headers);
    let refused = |tenant: &Tenant| {
        tenant
            .check_batch(&mut batch(&[("a", "1"), ("b", "1"), ("c", "1")], 1), 0)
            .samples
    };
    assert_eq!(refused(&before), 1);
    let query = Arc::clone(before.queries.as_ref().unwrap())
        .try_acquire_owned()
        .unwrap();

    tenants.adjust(limits(3, "x-tenant"));
    let after = tenants.of(&headers);
    assert_eq!(refused(&after), 0, "two of three were there");
    let count = |tenant: &Tenant| tenant.refused[Limit::Series as usize].load(Ordering::Relaxed);
    assert_eq!(count(&after), 1, "what was refused stays counted");
    assert_eq!(
        after.queries.as_ref().unwrap().available_permits(),
        1,
        "what runs still counts"
    );
    drop(query);

    tenants.adjust(limits(3, "x-other"));
    assert_eq!(tenants.of(&headers).name, DEFAULT);
}
