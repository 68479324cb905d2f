use super::*;

#[test]
fn rows_share_a_series() {
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    let series = batch.add_series(labels.add("b", "2").add("a", "1")).unwrap();
    batch.push(&series, 1, 1.0);
    batch.push(&series, 2, 2.0);
    let [first, second] = batch.rows() else {
        panic!("two rows")
    };
    assert!(Batch::same_series(first, second));
    assert_eq!(
        batch.labels(first).iter().collect::<Vec<_>>(),
        [("a", "1"), ("b", "2")]
    );
}

#[test]
fn a_bad_label_set_leaves_the_batch_as_it_was() {
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    let error = batch.add_series(labels.add("a", "1").add("a", "2")).unwrap_err();
    assert_eq!(error, LabelError::Duplicate("a".into()));
    labels.clear();
    let series = batch.add_series(labels.add("a", "1")).unwrap();
    batch.push(&series, 1, 1.0);
    assert_eq!(batch.labels(&batch.rows()[0]).get("a"), Some("1"));
}

#[test]
fn appending_keeps_every_row_with_its_labels() {
    let mut labels = LabelsBuilder::default();
    let mut make = |value: &str| {
        let mut batch = Batch::default();
        labels.clear();
        let series = batch.add_series(labels.add("a", value)).unwrap();
        batch.push(&series, 1, 1.0);
        batch
    };
    let (mut all, mut more) = (make("first"), make("second"));
    all.append(&mut more).unwrap();
    let values: Vec<_> = all.rows().iter().map(|row| all.labels(row).get("a")).collect();
    assert_eq!(values, [Some("first"), Some("second")]);
    assert!(more.rows().is_empty());
}
