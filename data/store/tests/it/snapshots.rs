//! Copies of a store, and the list of its parts.

use super::*;

fn filled(dir: &Path) -> Store {
    let store = open(config(dir));
    let start = 36 * 24 * HOUR;
    for minute in 0..6 * 60 {
        let t = start + minute * MINUTE;
        let mut batch = one(&[("__name__", "up"), ("job", "a")], t, minute as f64);
        add(&mut batch, &[("__name__", "up"), ("job", "b")], t, 0.5);
        batch.describe("up", Metadata::default());
        store.ingest(&batch).unwrap();
    }
    store.maintain(start + 6 * HOUR);
    store
}

fn all(store: &Store) -> Vec<(Millis, f64)> {
    samples(store, Matcher::equal("__name__", "up"))
}

#[test]
fn a_snapshot_is_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    store
        .delete_series(&[vec![Matcher::equal("job", "b")]], TimeRange::ALL)
        .unwrap();
    let kept = all(&store);
    assert_eq!(kept.len(), 6 * 60);
    let whole = store.snapshot(false).unwrap();
    let parts_only = store.snapshot(true).unwrap();
    // 1,000 hours after the beginning of 1970.
    assert!(whole.starts_with("19700211T160000Z-"), "{whole}");
    assert_eq!(whole.len(), "20260102T150405Z-0123456789abcdef".len());
    assert_ne!(whole, parts_only);
    let later = one(&[("__name__", "up"), ("job", "c")], 999 * HOUR, 1.0);
    store.ingest(&later).unwrap();

    let copy = open(config(&dir.path().join("snapshots").join(whole)));
    assert_eq!(all(&copy), kept);
    assert_eq!(copy.metadata(Some("up")).len(), 1);
    assert_eq!(copy.status().quarantined, Vec::<std::path::PathBuf>::new());
    // It goes on as a store of its own.
    copy.ingest(&later).unwrap();
    assert_eq!(all(&copy).len(), kept.len() + 1);
    drop(copy);

    let copy = open(config(&dir.path().join("snapshots").join(parts_only)));
    let in_parts: u64 = copy.parts().iter().map(|part| part.samples).sum();
    assert_eq!(
        all(&copy).len() as u64 * 2,
        in_parts,
        "of two series one is deleted"
    );
    assert!(all(&copy).len() < kept.len());
    assert_eq!(all(&store).len(), kept.len() + 1);
}

#[test]
fn parts_say_where_they_come_from() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let parts = store.parts();
    assert!(!parts.is_empty());
    for part in &parts {
        assert_eq!(part.name.len(), 26);
        assert_eq!(part.sources, [part.name.as_str()]);
        assert_eq!(part.created, 1000 * HOUR);
        assert_eq!((part.series, part.level), (2, 0));
        let minutes = (part.range.end - part.range.start) / MINUTE + 1;
        assert_eq!(part.samples, 2 * minutes.unsigned_abs());
        assert!(0 < part.index_bytes && part.index_bytes < part.bytes);
    }
}
