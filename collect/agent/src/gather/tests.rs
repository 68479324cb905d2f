use model::MetricType;

use super::*;

const FAMILY: Family<'_> = Family::counter("disk_bytes_total", "Bytes.");

fn gather(cap: usize) -> Gather {
    let fixed = FixedLabels {
        target: vec![("job", "node".to_owned()), ("instance", "here".to_owned())],
        extra: vec![("zone".to_owned(), "a".to_owned())],
    };
    Gather::new(fixed, cap)
}

fn series(gather: &Gather) -> Vec<String> {
    let batch = gather.batch();
    batch
        .rows()
        .iter()
        .map(|row| batch.labels(row).to_labels().to_string())
        .collect()
}

#[test]
fn labels_of_the_target_are_added() {
    let mut gather = gather(10);
    gather.begin(0);
    gather.sample(&FAMILY, &[("device", "sda"), ("empty", "")], 1.0);
    gather.sample(
        &FAMILY,
        &[("zone", "own"), ("job", "theirs"), ("instance", "")],
        1.0,
    );
    gather.sample(&FAMILY, &[("zone", "")], 1.0);
    assert_eq!(
        series(&gather),
        [
            r#"disk_bytes_total{device="sda", instance="here", job="node", zone="a"}"#,
            r#"disk_bytes_total{exported_job="theirs", instance="here", job="node", zone="own"}"#,
            r#"disk_bytes_total{instance="here", job="node", zone="a"}"#,
        ]
    );
    assert_eq!(gather.dropped(), (0, None));
}

#[test]
fn a_family_is_described_once_an_epoch() {
    let mut gather = gather(10);
    let described = |gather: &mut Gather, epoch| {
        gather.begin(epoch);
        gather.sample(&FAMILY, &[("device", "a")], 1.0);
        gather.sample(&Family::gauge("up", "Up."), &[], 1.0);
        gather.sample(&FAMILY, &[("device", "b")], 1.0);
        gather.batch().metadata().to_vec()
    };
    let first = described(&mut gather, 0);
    assert_eq!(first.len(), 2);
    let metadata = Metadata {
        metric_type: MetricType::Counter,
        help: "Bytes.".to_owned(),
        unit: "bytes".to_owned(),
    };
    assert_eq!(first[0], ("disk_bytes_total".to_owned(), metadata));
    assert!(described(&mut gather, 0).is_empty());
    assert_eq!(described(&mut gather, 1), first);
}

#[test]
fn what_is_over_the_cap_or_no_label_set_is_dropped_and_counted() {
    let mut gather = gather(2);
    gather.begin(0);
    gather.sample(&FAMILY, &[("a", "1"), ("a", "2")], 1.0);
    gather.sample(&FAMILY, &[("", "1")], 1.0);
    assert_eq!(
        gather.dropped(),
        (
            2,
            Some(r#"disk_bytes_total: duplicate label name "a""#.to_owned())
        )
    );
    for device in ["a", "b", "c", "d"] {
        gather.sample(&FAMILY, &[("device", device)], 1.0);
    }
    assert_eq!(
        gather.dropped(),
        (4, Some("dropped 2 series over the cap of 2".to_owned()))
    );
    assert_eq!(series(&gather).len(), 2);
    gather.begin(0);
    assert_eq!(gather.dropped(), (0, None));
}

#[test]
fn units_are_suffixes() {
    for (name, expected) in [
        ("a_seconds", "seconds"),
        ("a_bytes_total", "bytes"),
        ("a_total", ""),
        ("bytes", "bytes"),
        ("", ""),
    ] {
        assert_eq!(unit(name), expected, "{name}");
    }
}
