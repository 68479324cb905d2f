//! Disks that fail at every call, and files that are bent at many places.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// No byte more is written.
    Full,
    /// A part of the bytes is written.
    Short,
    /// The call fails and has done nothing.
    Error,
}

/// Fails the call of a number, and, if so told, all after it.
struct FailingDisk {
    calls: Arc<AtomicUsize>,
    at: usize,
    lasting: bool,
    fault: Fault,
}

#[derive(Clone)]
struct Trigger {
    calls: Arc<AtomicUsize>,
    at: usize,
    lasting: bool,
    fault: Fault,
}

impl Trigger {
    fn hit(&self) -> bool {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        call == self.at || (self.lasting && call > self.at)
    }

    fn check(&self) -> io::Result<()> {
        if self.hit() { Err(self.error()) } else { Ok(()) }
    }

    fn error(&self) -> io::Error {
        match self.fault {
            Fault::Full | Fault::Short => io::Error::from(io::ErrorKind::StorageFull),
            Fault::Error => io::Error::other("input/output error"),
        }
    }
}

impl FailingDisk {
    fn trigger(&self) -> Trigger {
        Trigger {
            calls: Arc::clone(&self.calls),
            at: self.at,
            lasting: self.lasting,
            fault: self.fault,
        }
    }
}

struct FailingFile(Box<dyn DiskFile>, Trigger);

impl DiskFile for FailingFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.1.hit() {
            return self.0.write_all(bytes);
        }
        if self.1.fault == Fault::Short {
            self.0.write_all(&bytes[..bytes.len() * 2 / 3])?;
        }
        Err(self.1.error())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.1.check()?;
        self.0.sync()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.1.check()?;
        self.0.truncate(len)
    }
}

impl Disk for FailingDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.trigger().check()?;
        Ok(Box::new(FailingFile(Unsynced.create(path)?, self.trigger())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.trigger().check()?;
        Unsynced.rename(from, to)
    }

    fn cut(&self, path: &Path, len: u64) -> io::Result<()> {
        self.trigger().check()?;
        Unsynced.cut(path, len)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.trigger().check()?;
        Unsynced.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.trigger().check()?;
        Unsynced.sync_dir(path)
    }
}

fn faulty_config(dir: &Path) -> StoreConfig {
    StoreConfig {
        snapshot_after_bytes: Some(0),
        out_of_order_window: Duration::from_secs(6 * 3600),
        ..config(dir)
    }
}

/// Samples by series, as sent.
#[derive(Default)]
struct Sent {
    acknowledged: Content,
    all: Content,
}

/// What a life of a store takes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    /// What comes is new, or hours late.
    Steady,
    /// History, and beside it one series of now: the log is cut short with a snapshot's help.
    History,
}

/// Sends a sample of each of five series, and one of one series three hours earlier.
fn send(store: &Store, step: i64, sent: &mut Sent) {
    send_in(Life::Steady, store, step, sent);
}

fn send_in(life: Life, store: &Store, step: i64, sent: &mut Sent) {
    let t = 900 * HOUR + step * 15 * MINUTE;
    let mut rows: Vec<_> = (0..5)
        .map(|id| (id, t, (step as f64 * f64::from(id)).to_bits()))
        .collect();
    rows.push((1, t - 3 * HOUR + 1, 7));
    if life == Life::History {
        rows.push((9, 999 * HOUR + step * 1000, 8));
    }
    let batch = batch(&rows);
    let add = |content: &mut Content| {
        for (id, t, bits) in &rows {
            content.entry(labels(*id)).or_default().insert(*t, *bits);
        }
    };
    let Ok(ingested) = store.ingest(&batch) else {
        return;
    };
    assert_eq!(ingested.n_rejected, 0, "{:?}", ingested.rejected);
    add(&mut sent.all);
    if store.wait_durable(ingested.position).is_ok() {
        add(&mut sent.acknowledged);
    }
}

fn is_within(part: &Content, whole: &Content) -> bool {
    part.iter().all(|(series, samples)| {
        let known = whole.get(series);
        samples
            .iter()
            .all(|(t, bits)| known.and_then(|known| known.get(t)) == Some(bits))
    })
}

/// Runs a life of a store over a disk that fails; returns whether the failing call was reached.
fn survives(at: usize, (life, lasting): (Life, bool), fault: Fault) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let disk = || -> Arc<dyn Disk> {
        Arc::new(FailingDisk {
            calls: Arc::clone(&calls),
            at,
            lasting,
            fault,
        })
    };
    let clock = || Arc::new(TestClock(AtomicI64::new(1000 * HOUR)));
    let mut sent = Sent::default();
    let crashed = tempfile::tempdir().unwrap();
    if let Ok(store) = open::open(faulty_config(dir.path()), clock(), disk()) {
        for step in 0..24 {
            send_in(life, &store, step, &mut sent);
            if step % 8 == 7 {
                store.maintain(1000 * HOUR);
            }
            if !lasting {
                // The log goes on with another segment.
                until(|| store.inner.wal.admit().is_ok());
            }
        }
        assert!(
            is_within(&sent.all, &content(&store, TimeRange::ALL)),
            "reads go on: {at} {fault:?}"
        );
        copy_dir(dir.path(), crashed.path());
        drop(store);
    }
    // What opens over the failing disk may fail to; over a sound one, both the folder that was closed and the one
    // that was not hold what was acknowledged.
    drop(open::open(faulty_config(dir.path()), clock(), disk()));
    for folder in [dir.path(), crashed.path()] {
        let store = open_with(faulty_config(folder), unsynced());
        let found = content(&store, TimeRange::ALL);
        assert!(
            is_within(&sent.acknowledged, &found),
            "lost after call {at}, {fault:?}, lasting {lasting}, {life:?}"
        );
        assert!(
            is_within(&found, &sent.all),
            "invented after call {at}, {fault:?}, lasting {lasting}, {life:?}"
        );
        assert_eq!(
            store.status().quarantined,
            Vec::<PathBuf>::new(),
            "{at} {fault:?}"
        );
        let mut more = Sent::default();
        send(&store, 40, &mut more);
        assert_eq!(more.acknowledged.len(), 5, "goes on after call {at}, {fault:?}");
    }
    calls.load(Ordering::SeqCst) > at
}

fn survives_every_call(fault: Fault, lasting: bool) {
    for life in [Life::Steady, Life::History] {
        let mut at = 0;
        while survives(at, (life, lasting), fault) {
            at += 1;
        }
        assert!(at > 60, "the disk was called {at} times");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_any_call_fails_once() {
    survives_every_call(Fault::Error, false);
}

#[test]
fn nothing_acknowledged_is_lost_when_any_write_is_short() {
    survives_every_call(Fault::Short, false);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_disk_is_full_from_any_call_on() {
    survives_every_call(Fault::Full, true);
}

/// A folder with parts, a snapshot, and log behind it; and what it holds.
fn full_folder(dir: &Path) -> Content {
    let store = open_with(faulty_config(dir), unsynced());
    let mut sent = Sent::default();
    for step in 0..24 {
        send(&store, step, &mut sent);
        if step % 8 == 7 {
            store.maintain(1000 * HOUR);
        }
    }
    let mut described = Batch::default();
    described.describe("a", Metadata::default());
    store.ingest(&described).unwrap();
    store.inner.metadata.save(&Unsynced, dir).unwrap();
    for step in 24..27 {
        send(&store, step, &mut sent);
    }
    let copy = tempfile::tempdir().unwrap();
    copy_dir(dir, copy.path());
    drop(store);
    std::fs::remove_dir_all(dir).unwrap();
    std::fs::create_dir_all(dir).unwrap();
    copy_dir(copy.path(), dir);
    assert!(dir.join("SNAPSHOT").exists());
    sent.acknowledged
}

/// Opens a copy of a folder of which one file is bent; returns what it holds, and what it names as damaged.
fn open_bent(
    dir: &Path,
    file: &Path,
    bend: impl FnOnce(&mut Vec<u8>),
) -> Result<(Content, bool), StoreError> {
    let copy = tempfile::tempdir().unwrap();
    copy_dir(dir, copy.path());
    let mut bytes = std::fs::read(dir.join(file)).unwrap();
    bend(&mut bytes);
    std::fs::write(copy.path().join(file), bytes).unwrap();
    let clock = Arc::new(TestClock(AtomicI64::new(1000 * HOUR)));
    let store = open::open(faulty_config(copy.path()), clock, unsynced())?;
    let name = file.file_name().unwrap();
    let named = store
        .status()
        .quarantined
        .iter()
        .any(|path| path.file_name() == Some(name));
    Ok((content(&store, TimeRange::ALL), named))
}

/// A folder with a part, a snapshot, and epochs that hold no more time than they last.
fn steady_folder(dir: &Path) -> Content {
    let living = tempfile::tempdir().unwrap();
    let store = open_with(faulty_config(living.path()), unsynced());
    let mut expected = Content::new();
    for slice in 0..10 {
        for (series, samples) in fill(&store, slice * 100..slice * 100 + 100) {
            expected.entry(series).or_default().extend(samples);
        }
        store.inner.wal.rotate(Millis::MIN, || {});
        if slice % 3 == 2 {
            store.maintain(1000 * HOUR);
        }
    }
    assert_eq!(store.parts().len(), 1);
    assert!(!store.inner.manifest.lock().needs_snapshot());
    copy_dir(living.path(), dir);
    expected
}

#[test]
fn a_bent_snapshot_is_put_aside_and_the_log_alone_serves() {
    let dir = tempfile::tempdir().unwrap();
    let all = steady_folder(dir.path());
    let file = Path::new("SNAPSHOT");
    let len = std::fs::read(dir.path().join(file)).unwrap().len();
    let places = (0..16).chain((16..len).step_by(31)).chain(len - 30..len);
    for at in places {
        let (found, named) = open_bent(dir.path(), file, |bytes| bytes[at] ^= 0x40).unwrap();
        assert!(named, "flip at {at}");
        assert_eq!(found, all, "flip at {at}");
    }
    for cut in (0..len).step_by(len / 40) {
        let (found, named) = open_bent(dir.path(), file, |bytes| bytes.truncate(cut)).unwrap();
        assert!(named, "cut at {cut}");
        assert_eq!(found, all, "cut at {cut}");
    }
    let (found, named) = open_bent(dir.path(), file, |_| {}).unwrap();
    assert_eq!((found, named), (all, false));
}

#[test]
fn a_bent_manifest_or_table_of_metadata_costs_no_sample() {
    let dir = tempfile::tempdir().unwrap();
    let all = full_folder(dir.path());
    for name in ["MANIFEST", "METADATA"] {
        let file = Path::new(name);
        let len = std::fs::read(dir.path().join(file)).unwrap().len();
        for at in 0..len {
            // Flips of the version make it older, newer, or none.
            let flips = if at < 16 { vec![1, 2, 4, 0x80] } else { vec![4] };
            for flip in flips {
                let (found, named) = open_bent(dir.path(), file, |bytes| bytes[at] ^= flip).unwrap();
                assert!(named, "{name}, flip of {flip} at {at}");
                assert_eq!(found, all, "{name}, flip of {flip} at {at}");
            }
        }
        for cut in [0, 7, 15, 20, len - 1] {
            let (found, named) = open_bent(dir.path(), file, |bytes| bytes.truncate(cut)).unwrap();
            assert!(named, "{name}, cut at {cut}");
            assert_eq!(found, all, "{name}, cut at {cut}");
        }
    }
}

/// Makes a file claim a version, with a checksum that confirms it.
fn claim(bytes: &mut [u8], version: u32) {
    bytes[8..12].copy_from_slice(&version.to_le_bytes());
    let check = xxh3(&bytes[..12]) as u32;
    bytes[12..16].copy_from_slice(&check.to_le_bytes());
}

#[test]
fn a_folder_of_a_newer_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    full_folder(dir.path());
    for name in ["MANIFEST", "METADATA"] {
        let refused = open_bent(dir.path(), Path::new(name), |bytes| claim(bytes, 99)).unwrap_err();
        assert!(
            matches!(refused, StoreError::NewerFormat { found: 99, .. }),
            "{name}: {refused}"
        );
    }
}

#[test]
fn a_part_with_a_bent_header_is_put_aside_and_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let all = full_folder(dir.path());
    let store = open_with(faulty_config(dir.path()), unsynced());
    let part = store.parts().swap_remove(0);
    drop(store);
    let file = Path::new("parts").join(part.path.file_name().unwrap());
    for at in 0..16 {
        for flip in [1, 2, 4, 0x80] {
            let (found, named) = open_bent(dir.path(), &file, |bytes| bytes[at] ^= flip).unwrap();
            assert!(named, "flip of {flip} at {at}");
            assert!(is_within(&found, &all) && found != all, "flip of {flip} at {at}");
        }
    }
    // The folder says that nothing in it is newer.
    let (found, named) = open_bent(dir.path(), &file, |bytes| claim(bytes, 99)).unwrap();
    assert!(named && is_within(&found, &all));
}

#[test]
fn a_list_of_parts_made_anew_leaves_out_what_was_merged() {
    let dir = tempfile::tempdir().unwrap();
    let config = |dir: &Path| StoreConfig {
        compacted_range: Duration::from_secs(4 * 3600),
        ..faulty_config(dir)
    };
    let store = open_with(config(dir.path()), unsynced());
    let mut sent = Sent::default();
    let before = tempfile::tempdir().unwrap();
    for step in 0..40 {
        send(&store, step, &mut sent);
        if step % 8 == 7 {
            copy_dir(dir.path(), before.path());
            store.maintain(1000 * HOUR);
        }
    }
    let deleted = [vec![Matcher::equal("id", "2")]];
    store.delete_series(&deleted, TimeRange::ALL).unwrap();
    store.clean_tombstones().unwrap();
    store.maintain(1000 * HOUR);
    let expected = content(&store, TimeRange::ALL);
    let listed = store.parts().len();
    drop(store);
    // Remains of parts that were merged since, and of which something was deleted since.
    let mut n_remains = 0;
    for entry in std::fs::read_dir(before.path().join("parts")).unwrap() {
        let entry = entry.unwrap();
        let target = dir.path().join("parts").join(entry.file_name());
        if !target.exists() {
            std::fs::copy(entry.path(), target).unwrap();
            n_remains += 1;
        }
    }
    assert!(n_remains > 0);
    std::fs::write(dir.path().join("MANIFEST"), b"PERIMANI junk").unwrap();
    for round in 0..2 {
        let store = open_with(config(dir.path()), unsynced());
        assert_eq!(content(&store, TimeRange::ALL), expected, "round {round}");
        assert_eq!(store.parts().len(), listed);
        let files = std::fs::read_dir(dir.path().join("parts")).unwrap().count();
        assert_eq!(files, listed, "remains are gone");
        assert_eq!(
            store.status().quarantined,
            [dir.path().join("quarantine/MANIFEST")]
        );
    }
}

#[test]
fn bent_segments_never_invent_samples_and_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let all = full_folder(dir.path());
    let mut lossless = BTreeMap::new();
    let mut segments: Vec<_> = std::fs::read_dir(dir.path().join("wal"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    segments.sort();
    for path in &segments {
        let file = Path::new("wal").join(path.file_name().unwrap());
        let len = std::fs::read(path).unwrap().len();
        for at in (0..len).step_by(29) {
            let (found, named) = open_bent(dir.path(), &file, |bytes| bytes[at] ^= 0x10).unwrap();
            assert!(is_within(&found, &all), "{} at {at}", file.display());
            assert!(named || found == all, "{} at {at}", file.display());
            *lossless.entry(found == all).or_insert(0) += 1;
        }
    }
    assert!(
        lossless[&true] > 0,
        "what the snapshot holds is not needed: {lossless:?}"
    );
    assert!(lossless[&false] > 0, "what came behind it is: {lossless:?}");
}
