use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use model::{
    Batch, Clock, Ingest, Labels, MatchOp, Matcher, Millis, NamesRequest, Query, SampleBuffer, Selection,
    TimeRange,
};

use super::*;
use crate::disk::tests::unsynced;
use crate::disk::{Disk, DiskFile, OsDisk};
use crate::part::{PartInfo, PartWriter};
use crate::store::manifest::part_path;
use crate::store::open;
use crate::{Store, StoreConfig, StoreStatus};

mod full;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const START: Millis = 36 * 24 * HOUR;

/// A disk that keeps what is written in memory until it is synced, and fails at a chosen call.
struct FaultyDisk {
    state: Arc<FaultState>,
}

#[derive(Default)]
struct FaultState {
    calls: AtomicU64,
    fail_at: AtomicU64,
    /// Everything after the failure fails too, as after the end of the process.
    dies: AtomicBool,
    no_space: AtomicBool,
}

impl FaultState {
    fn arm(&self, fail_at: u64, dies: bool) {
        self.dies.store(dies, Ordering::SeqCst);
        self.calls.store(0, Ordering::SeqCst);
        self.fail_at.store(fail_at, Ordering::SeqCst);
    }

    fn disarm(&self) {
        self.arm(u64::MAX, false);
    }

    fn step(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let fail_at = self.fail_at.load(Ordering::SeqCst);
        if call == fail_at || (call > fail_at && self.dies.load(Ordering::SeqCst)) {
            return Err(io::Error::other("injected fault"));
        }
        Ok(())
    }

    fn failed(&self) -> bool {
        self.calls.load(Ordering::SeqCst) > self.fail_at.load(Ordering::SeqCst)
    }
}

impl FaultyDisk {
    fn healthy() -> Self {
        let state = Arc::new(FaultState::default());
        state.disarm();
        Self { state }
    }
}

struct FaultyFile {
    file: Box<dyn DiskFile>,
    waiting: Vec<u8>,
    state: Arc<FaultState>,
}

impl DiskFile for FaultyFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.state.step()?;
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.state.step()?;
        // The machine that runs the test does not lose its power.
        self.file.write_all(&std::mem::take(&mut self.waiting))
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.state.step()?;
        self.file.truncate(len)
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.state.step()?;
        Ok(Box::new(FaultyFile {
            file: OsDisk.create(path)?,
            waiting: Vec::new(),
            state: Arc::clone(&self.state),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.state.step()?;
        OsDisk.rename(from, to)
    }

    fn cut(&self, path: &Path, len: u64) -> io::Result<()> {
        self.state.step()?;
        std::fs::OpenOptions::new().write(true).open(path)?.set_len(len)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state.step()?;
        OsDisk.remove(path)
    }

    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        self.state.step()
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.state.step()?;
        OsDisk.create_dir(path)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.state.step()?;
        OsDisk.link(from, to)
    }

    fn available(&self, path: &Path) -> io::Result<u64> {
        if self.state.no_space.load(Ordering::SeqCst) {
            return Ok(1 << 20);
        }
        OsDisk.available(path)
    }
}

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }
}

fn open_with(dir: &Path, disk: Arc<dyn Disk>) -> Store {
    let config = StoreConfig {
        upkeep_interval: None,
        fsync_interval: Duration::from_millis(1),
        n_shards: 2,
        out_of_order_window: Duration::from_secs(6 * 3600),
        scrub_interval: Some(Duration::from_secs(3600)),
        ..StoreConfig::new(dir)
    };
    open::open(config, Arc::new(TestClock(AtomicI64::new(1000 * HOUR))), disk).unwrap()
}

fn labels(id: u32) -> Labels {
    let name = if id.is_multiple_of(2) { "even" } else { "odd" };
    Labels::from_pairs([("__name__", name), ("id", &id.to_string()), ("job", "test")]).unwrap()
}

type Content = BTreeMap<Labels, BTreeMap<Millis, u64>>;

fn content(store: &Store) -> Content {
    let set = store
        .select(&Selection {
            matchers: vec![Matcher::equal("job", "test")],
            range: TimeRange::ALL,
        })
        .unwrap();
    let (mut content, mut buffer) = (Content::new(), SampleBuffer::default());
    for idx in 0..set.len() {
        set.read(idx, &mut buffer).unwrap();
        assert!(
            buffer.timestamps.windows(2).all(|w| w[0] < w[1]),
            "each time once, ascending"
        );
        let bits = buffer.values.iter().map(|v| v.to_bits());
        let samples: BTreeMap<Millis, u64> = buffer.timestamps.iter().copied().zip(bits).collect();
        if !samples.is_empty() {
            content.insert(set.labels(idx), samples);
        }
    }
    content
}

fn names(store: &Store, label: &str) -> Vec<String> {
    let request = NamesRequest {
        matcher_sets: Vec::new(),
        range: TimeRange::ALL,
        limit: usize::MAX,
    };
    store.label_values(label, &request).unwrap()
}

/// Fills a store minute by minute; returns what it must hold.
fn fill(store: &Store, minutes: std::ops::Range<i64>, upkeep: bool) -> Content {
    let mut expected = Content::new();
    for minute in minutes {
        let t = START + minute * MINUTE;
        let mut batch = Batch::default();
        for id in 0..4 {
            let value = (minute * i64::from(id + 1)) as f64;
            let series = batch.add_packed(labels(id).as_packed()).unwrap();
            batch.push(&series, t, value);
            expected.entry(labels(id)).or_default().insert(t, value.to_bits());
        }
        let position = store.ingest(&batch).unwrap().position;
        if minute % 60 == 59 {
            store.wait_durable(position).unwrap();
            if upkeep {
                store.maintain(t);
            }
        }
    }
    expected
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Without what deletes; `range` is what is deleted of series with an even id.
fn without(content: &Content, range: TimeRange) -> Content {
    let kept = content.iter().map(|(labels, samples)| {
        let hit = |t: &Millis| labels.metric_name() == "even" && range.contains(*t);
        let left = samples.iter().filter(|(t, _)| !hit(t)).map(|(t, v)| (*t, *v));
        (labels.clone(), left.collect::<BTreeMap<_, _>>())
    });
    kept.filter(|(_, samples)| !samples.is_empty()).collect()
}

const DELETED: TimeRange = TimeRange {
    start: START + 100 * MINUTE,
    end: START + 200 * MINUTE,
};

fn delete(store: &Store) -> Result<u64, StoreError> {
    store.delete_series(&[vec![Matcher::equal("__name__", "even")]], DELETED)
}

/// Does something at the failure of every call in turn, first as an error that passes, then as the end of the
/// process; `check` looks at the store, or at what is left of it, and is told whether the doing went well.
fn fails_at_every_call(
    hours: i64,
    prepare: impl Fn(&Store),
    act: impl Fn(&Store) -> bool,
    check: impl Fn(&Store, &Content, bool),
) {
    let golden = tempfile::tempdir().unwrap();
    let store = open_with(golden.path(), unsynced());
    let expected = fill(&store, 0..hours * 60, false);
    prepare(&store);
    drop(store);
    let mut n_faults = 0;
    for dies in [false, true] {
        for fail_at in 0.. {
            let dir = tempfile::tempdir().unwrap();
            copy_dir(golden.path(), dir.path());
            let state = Arc::new(FaultState::default());
            state.disarm();
            let disk = FaultyDisk {
                state: Arc::clone(&state),
            };
            let store = open_with(dir.path(), Arc::new(disk));
            state.arm(fail_at, dies);
            let done = act(&store);
            let failed = state.failed();
            check(&store, &expected, done);
            let left = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), left.path());
            let again = open_with(left.path(), Arc::new(FaultyDisk::healthy()));
            assert_eq!(
                again.status().quarantined,
                Vec::<PathBuf>::new(),
                "call {fail_at}, dies: {dies}"
            );
            check(&again, &expected, done);
            drop(again);
            state.disarm();
            if failed && !dies {
                act(&store);
                check(&store, &expected, true);
            }
            drop(store);
            n_faults += usize::from(failed);
            if !failed {
                break;
            }
        }
    }
    assert!(n_faults > 8, "{n_faults} faults");
}

fn healthy(status: &StoreStatus) -> bool {
    status.degraded.is_empty()
}

#[test]
fn a_flush_may_fail_at_any_call() {
    let act = |store: &Store| {
        store.maintain(1000 * HOUR);
        healthy(&store.status())
    };
    fails_at_every_call(
        6,
        |_| {},
        act,
        |store, expected, done| {
            assert_eq!(&content(store), expected);
            assert!(!done || !store.parts().is_empty());
        },
    );
}

#[test]
fn a_flush_of_backfill_may_fail_at_any_call() {
    // Samples of times that parts hold, in an epoch of the log that nothing else keeps.
    let more = RefCell::new(Content::new());
    let prepare = |store: &Store| {
        store.maintain(1000 * HOUR);
        let mut expected = more.borrow_mut();
        for minute in 0..40 {
            let t = START + (100 + minute) * MINUTE + 1;
            let mut batch = Batch::default();
            for id in 0..4 {
                let series = batch.add_packed(labels(id).as_packed()).unwrap();
                batch.push(&series, t, minute as f64);
                let samples = expected.entry(labels(id)).or_default();
                samples.insert(t, (minute as f64).to_bits());
            }
            assert_eq!(store.ingest(&batch).unwrap().n_rejected, 0);
        }
        for minutes in [6 * 60..9 * 60, 9 * 60..11 * 60] {
            for (labels, samples) in fill(store, minutes, false) {
                expected.entry(labels).or_default().extend(samples);
            }
            if expected[&labels(0)].len() < 4 * 60 {
                flush::flush(&store.inner).unwrap();
            }
        }
        assert_eq!(store.inner.n_backfill.load(Ordering::Relaxed), 160);
    };
    let act = |store: &Store| {
        store.maintain(1000 * HOUR);
        healthy(&store.status())
    };
    fails_at_every_call(6, prepare, act, |store, expected, done| {
        let mut expected = expected.clone();
        for (labels, samples) in more.borrow().iter() {
            expected.entry(labels.clone()).or_default().extend(samples);
        }
        assert_eq!(content(store), expected);
        assert!(!done || store.inner.n_backfill.load(Ordering::Relaxed) == 0);
    });
}

#[test]
fn a_compaction_may_fail_at_any_call() {
    // The day is over, its parts are there, and nothing has merged them yet.
    let prepare = |store: &Store| {
        flush::flush(&store.inner).unwrap();
        assert!(store.parts().len() > 10);
    };
    let act = |store: &Store| {
        store.maintain(1000 * HOUR);
        healthy(&store.status())
    };
    fails_at_every_call(28, prepare, act, |store, expected, done| {
        assert_eq!(&content(store), expected);
        if done {
            assert_eq!(store.parts()[0].level, 1);
            assert_eq!(store.parts()[0].sources.len(), 12);
        }
    });
}

#[test]
fn a_deletion_may_fail_at_any_call() {
    let prepare = |store: &Store| store.maintain(1000 * HOUR);
    let act = |store: &Store| delete(store).is_ok();
    fails_at_every_call(6, prepare, act, |store, expected, done| {
        let (found, deleted) = (content(store), without(expected, DELETED));
        if done {
            assert_eq!(found, deleted, "what was acknowledged is gone");
        } else {
            assert!(found == deleted || &found == expected, "all of it or nothing");
        }
    });
}

#[test]
fn cleaning_up_may_fail_at_any_call() {
    let prepare = |store: &Store| {
        store.maintain(1000 * HOUR);
        delete(store).unwrap();
    };
    let act = |store: &Store| store.clean_tombstones().is_ok();
    fails_at_every_call(6, prepare, act, |store, expected, done| {
        let deleted = without(expected, DELETED);
        assert_eq!(content(store), deleted);
        if done {
            let samples: u64 = store.parts().iter().map(|part| part.samples).sum();
            let kept = 2 * 240 + 2 * (240 - 101);
            assert!(samples <= kept, "{samples} samples in parts, more than {kept}");
        }
    });
}

#[test]
fn a_snapshot_may_fail_at_any_call() {
    let prepare = |store: &Store| store.maintain(1000 * HOUR);
    let act = |store: &Store| store.snapshot(false).is_ok();
    fails_at_every_call(6, prepare, act, |store, expected, done| {
        assert_eq!(&content(store), expected);
        let folder = store.inner.config.dir.join("snapshots");
        let mut n_whole = 0;
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            assert!(!done || path.extension().is_none(), "{}", path.display());
            if path.extension().is_none() {
                let copy = tempfile::tempdir().unwrap();
                copy_dir(&path, copy.path());
                assert_eq!(&content(&open_with(copy.path(), unsynced())), expected);
                n_whole += 1;
            }
        }
        assert!(!done || n_whole > 0);
    });
}

fn part(dir: &Path, (id, floor): (u64, Millis), rows: &[(u32, std::ops::Range<i64>, f64)]) {
    let info = PartInfo {
        floor,
        ..PartInfo::new(id, 0)
    };
    let path = part_path(dir, id);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = PartWriter::create(unsynced(), &path, info).unwrap();
    let mut rows: Vec<_> = rows.to_vec();
    rows.sort_by(|a, b| crate::part::order(labels(a.0).packed(), labels(b.0).packed()));
    for (id, minutes, value) in rows {
        let mut samples = SampleBuffer::default();
        minutes.for_each(|minute| samples.push(START + minute * MINUTE, value));
        writer.add_series(labels(id).as_packed(), &samples).unwrap();
    }
    writer.finish().unwrap().unwrap();
}

#[test]
fn where_parts_overlap_the_older_one_counts() {
    let dir = tempfile::tempdir().unwrap();
    let floor = START + 48 * HOUR;
    part(dir.path(), (1, floor), &[(1, 100..400, 1.0), (2, 0..50, 1.0)]);
    part(dir.path(), (2, floor), &[(1, 0..1000, 2.0), (3, 0..10, 2.0)]);
    part(
        dir.path(),
        (3, floor),
        &[(1, 500..600, 3.0), (1, 990..1200, 3.0)][1..],
    );
    part(
        dir.path(),
        (4, floor),
        &[(1, 2000..2200, 4.0), (3, 2000..2200, 4.0)],
    );
    let store = open_with(dir.path(), unsynced());
    let mut expected = Content::new();
    for (id, minutes, value) in [
        (1u32, 100..400, 1.0f64),
        (2, 0..50, 1.0),
        (1, 0..1000, 2.0),
        (3, 0..10, 2.0),
        (1, 990..1200, 3.0),
        (1, 2000..2200, 4.0),
        (3, 2000..2200, 4.0),
    ] {
        for minute in minutes {
            let series = expected.entry(labels(id)).or_default();
            series.entry(START + minute * MINUTE).or_insert(value.to_bits());
        }
    }
    assert_eq!(content(&store), expected);
    store.maintain(1000 * HOUR);
    assert_eq!(store.status().degraded, Vec::<String>::new());
    assert_eq!(content(&store), expected);
    let parts = store.parts();
    assert_eq!(parts.len(), 2, "a day each: {parts:?}");
    assert_eq!(parts[0].sources.len(), 3);
    drop(store);
    assert_eq!(content(&open_with(dir.path(), unsynced())), expected);
}

#[test]
fn chunks_that_stand_alone_are_copied() {
    let dir = tempfile::tempdir().unwrap();
    let floor = START + 48 * HOUR;
    part(dir.path(), (1, floor), &[(1, 0..200, 1.5), (2, 0..20, 1.0)]);
    part(dir.path(), (2, floor), &[(1, 200..400, 2.5), (2, 200..220, 1.0)]);
    let store = open_with(dir.path(), unsynced());
    let before = content(&store);
    store.maintain(1000 * HOUR);
    assert_eq!(content(&store), before);
    let parts = store.parts();
    assert_eq!(parts.len(), 1);
    // Written anew, four hundred samples were one chunk; the small ones of the other series are joined.
    assert_eq!(parts[0].chunks, 3);
}

#[test]
fn a_merge_needs_room_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let floor = START + 48 * HOUR;
    part(dir.path(), (1, floor), &[(1, 0..200, 1.5)]);
    part(dir.path(), (2, floor), &[(1, 200..400, 2.5)]);
    let state = Arc::new(FaultState::default());
    state.disarm();
    state.no_space.store(true, Ordering::SeqCst);
    let disk = FaultyDisk {
        state: Arc::clone(&state),
    };
    let store = open_with(dir.path(), Arc::new(disk));
    store.maintain(1000 * HOUR);
    let degraded = store.status().degraded;
    assert!(
        degraded.len() == 1
            && degraded[0].starts_with("compaction: ")
            && degraded[0].contains("1048576 bytes left"),
        "{degraded:?}"
    );
    assert_eq!(store.parts().len(), 2);
    state.no_space.store(false, Ordering::SeqCst);
    store.maintain(1000 * HOUR);
    assert!(healthy(&store.status()));
    assert_eq!(store.parts().len(), 1);
}

#[test]
fn a_store_that_closes_gives_a_merge_up() {
    let dir = tempfile::tempdir().unwrap();
    let floor = START + 48 * HOUR;
    part(dir.path(), (1, floor), &[(1, 0..200, 1.5)]);
    part(dir.path(), (2, floor), &[(1, 200..400, 2.5)]);
    let store = open_with(dir.path(), unsynced());
    store.close();
    let parts = Arc::clone(&store.inner.parts.read());
    compact::rewrite(&store.inner, &parts).unwrap();
    assert_eq!(store.parts().len(), 2);
    let files = std::fs::read_dir(dir.path().join("parts")).unwrap().count();
    assert_eq!(files, 2, "nothing is left behind");
}

#[test]
fn what_comes_after_a_deletion_is_not_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_with(dir.path(), unsynced());
    let mut expected = fill(&store, 0..28 * 60, true);
    let everything = [vec![Matcher::equal("id", "2")], vec![Matcher::equal("id", "3")]];
    assert_eq!(store.delete_series(&everything, TimeRange::ALL).unwrap(), 2);
    expected.remove(&labels(2));
    expected.remove(&labels(3));
    assert_eq!(content(&store), expected);
    assert_eq!(names(&store, "id"), ["0", "1"], "names go with the series");
    for (labels, samples) in fill(&store, 28 * 60..29 * 60, false) {
        expected.entry(labels).or_default().extend(samples);
    }
    for step in 0..4 {
        assert_eq!(content(&store), expected, "step {step}");
        assert_eq!(names(&store, "id"), ["0", "1", "2", "3"]);
        match step {
            0 => {
                drop(store);
                store = open_with(dir.path(), unsynced());
            }
            1 => store.clean_tombstones().unwrap(),
            _ => store.maintain(1000 * HOUR),
        }
    }
    // Flushed and merged, nothing of the deletion is left.
    for (labels, samples) in fill(&store, 29 * 60..40 * 60, true) {
        expected.entry(labels).or_default().extend(samples);
    }
    assert_eq!(content(&store), expected);
    assert_eq!(store.status().tombstones, 0);
}

#[test]
fn a_part_of_which_much_is_deleted_is_rewritten_by_upkeep() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(dir.path(), unsynced());
    let expected = fill(&store, 0..28 * 60, true);
    assert_eq!(delete(&store).unwrap(), 2);
    let before: u64 = store.parts().iter().map(|part| part.samples).sum();
    store.maintain(1000 * HOUR);
    assert_eq!(content(&store), without(&expected, DELETED));
    let after: u64 = store.parts().iter().map(|part| part.samples).sum();
    assert!(after < before - 200, "{before} samples before, {after} after");
}

#[test]
fn too_many_deletions_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(dir.path(), unsynced());
    fill(&store, 0..3, false);
    let sets = vec![vec![Matcher::equal("id", "1")]; 1025];
    let refused = store.delete_series(&sets, TimeRange::ALL).unwrap_err();
    assert!(
        matches!(refused, StoreError::TooManyTombstones { limit: 1024 }),
        "{refused}"
    );
    assert_eq!(content(&store).len(), 4);
}

#[test]
fn damaged_tombstones_are_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(dir.path(), unsynced());
    let expected = fill(&store, 0..10, false);
    let pattern = Matcher::new("id", MatchOp::Regex, "[12]").unwrap();
    store.delete_series(&[vec![pattern]], TimeRange::ALL).unwrap();
    assert_eq!(content(&store).len(), 2);
    drop(store);
    let store = open_with(dir.path(), unsynced());
    assert_eq!(content(&store).len(), 2);
    drop(store);
    let file = dir.path().join("TOMBSTONES");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let store = open_with(dir.path(), unsynced());
    assert_eq!(
        store.status().quarantined,
        [dir.path().join("quarantine/TOMBSTONES")]
    );
    assert_eq!(content(&store), expected);
}

#[test]
fn scrubbing_finds_damage_that_nobody_reads() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(dir.path(), unsynced());
    fill(&store, 0..28 * 60, true);
    let run = |quarters: i64| (0..=quarters).for_each(|q| store.maintain(1000 * HOUR + q * 15 * MINUTE));
    run(6);
    let status = store.status().scrub;
    assert!(status.passes > 0 && status.completed.is_some(), "{status:?}");
    assert_eq!(status.damaged_parts, 0);
    let part = store.parts().swap_remove(1).path;
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[40] ^= 4;
    std::fs::write(&part, bytes).unwrap();
    run(12);
    let status = store.status();
    assert_eq!(status.scrub.damaged_parts, 1);
    let named = dir.path().join("quarantine").join(part.file_name().unwrap());
    assert_eq!(status.quarantined, [named]);
    assert_eq!(content(&store).len(), 4, "the rest serves");
}

#[test]
fn scrubbing_keeps_to_its_pace() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(dir.path(), unsynced());
    fill(&store, 0..28 * 60, true);
    let total: u64 = store.parts().iter().map(|part| part.bytes).sum();
    // What is begun is read to its end: a page or a footer, none larger than half of these parts.
    let page = total / 2;
    store.maintain(1000 * HOUR);
    let progress = || {
        let scrub = store.status().scrub;
        assert_eq!(scrub.total_bytes, total);
        scrub.passes * total + scrub.verified_bytes
    };
    let before = progress();
    for minutes in 1..=60 {
        store.maintain(1000 * HOUR + minutes * MINUTE);
        let worth = total * minutes.unsigned_abs() / 60;
        let done = progress() - before;
        assert!(
            done <= worth + page && worth <= done + page,
            "{done} bytes in {minutes} minutes"
        );
    }
}
