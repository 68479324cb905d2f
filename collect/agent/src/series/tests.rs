use model::{Labels, LabelsBuilder, STALE_BITS};

use super::*;

fn collection(names: &[&str]) -> Batch {
    let mut batch = Batch::default();
    for name in names {
        let mut labels = LabelsBuilder::default();
        labels.add("__name__", name);
        let series = batch.add_series(&mut labels).unwrap();
        batch.push(&series, 0, 1.0);
    }
    batch
}

/// Merges collections one after another and shows what comes out of the last: names, `†` behind an ended one.
fn merged(collections: &[&[&str]]) -> Vec<String> {
    let mut series = SeriesSet::default();
    let mut out = Batch::default();
    for names in collections {
        out.clear();
        series.merge(&collection(names), 7, &mut out);
    }
    let mut shown: Vec<String> = out
        .rows()
        .iter()
        .map(|row| {
            assert_eq!(row.timestamp, 7);
            let end = if row.value.to_bits() == STALE_BITS {
                "†"
            } else {
                ""
            };
            format!("{}{end}", out.labels(row).get("__name__").unwrap())
        })
        .collect();
    shown.sort();
    shown
}

#[test]
fn series_that_are_gone_end_once() {
    assert_eq!(merged(&[&["a", "b", "c"]]), ["a", "b", "c"]);
    assert_eq!(merged(&[&["a", "b", "c"], &["b"]]), ["a†", "b", "c†"]);
    assert_eq!(merged(&[&["a", "b", "c"], &["b"], &["b"]]), ["b"]);
    assert_eq!(merged(&[&["a"], &[], &["a"]]), ["a"]);
    // One goes while another comes: the number of series says nothing.
    assert_eq!(merged(&[&["a", "b"], &["b", "c"]]), ["a†", "b", "c"]);
}

#[test]
fn a_series_that_comes_again_is_left_out() {
    let mut series = SeriesSet::default();
    let mut out = Batch::default();
    assert_eq!(series.merge(&collection(&["a", "b", "a", "a"]), 1, &mut out), 2);
    assert_eq!(out.rows().len(), 2);
}

#[test]
fn all_end_at_once() {
    let mut series = SeriesSet::default();
    let mut out = Batch::default();
    series.merge(&collection(&["a", "b"]), 1, &mut out);
    out.clear();
    series.end_all(9, &mut out);
    assert_eq!(out.rows().len(), 2);
    assert!(
        out.rows()
            .iter()
            .all(|row| model::is_stale(row.value) && row.timestamp == 9)
    );
    out.clear();
    series.end_all(10, &mut out);
    assert!(out.rows().is_empty());
}

#[test]
fn many_series_are_told_apart() {
    let names: Vec<String> = (0..5000).map(|i| format!("m{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut series = SeriesSet::default();
    let mut out = Batch::default();
    assert_eq!(series.merge(&collection(&names), 1, &mut out), 5000);
    out.clear();
    let (kept, gone) = names.split_at(2500);
    series.merge(&collection(kept), 2, &mut out);
    let ended: Vec<Labels> = out
        .rows()
        .iter()
        .filter(|row| model::is_stale(row.value))
        .map(|row| out.labels(row).to_labels())
        .collect();
    assert_eq!(ended.len(), gone.len());
    assert!(ended.iter().all(|labels| gone.contains(&labels.metric_name())));
}
