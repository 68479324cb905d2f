use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use model::{Batch, Ingest, Labels, MatchOp, Matcher, Repeat, STALE_BITS, SampleBuffer, SeriesHandle};
use proptest::prelude::*;

use super::*;
use crate::disk::DiskFile;
use crate::disk::tests::{Unsynced, unsynced};

mod carried;
mod deletions;
mod faults;
mod mixed;
mod repeat;
mod torn;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }
}

/// A disk that fails on demand.
#[derive(Default)]
struct FaultyDisk {
    full: Arc<AtomicBool>,
    fsync_fails: Arc<AtomicBool>,
}

struct FaultyFile {
    file: Box<dyn DiskFile>,
    full: Arc<AtomicBool>,
    fsync_fails: Arc<AtomicBool>,
}

impl DiskFile for FaultyFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            // A full disk takes what still fits.
            self.file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.fsync_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        self.file.sync()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = Unsynced.create(path)?;
        let (full, fsync_fails) = (Arc::clone(&self.full), Arc::clone(&self.fsync_fails));
        Ok(Box::new(FaultyFile {
            file,
            full,
            fsync_fails,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Unsynced.rename(from, to)
    }

    fn cut(&self, path: &Path, len: u64) -> io::Result<()> {
        Unsynced.cut(path, len)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Unsynced.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        Unsynced.sync_dir(path)
    }
}

fn config(dir: &Path) -> StoreConfig {
    StoreConfig {
        upkeep_interval: None,
        fsync_interval: Duration::from_millis(1),
        n_shards: 2,
        ..StoreConfig::new(dir)
    }
}

fn open_with(config: StoreConfig, disk: Arc<dyn Disk>) -> Store {
    let clock = Arc::new(TestClock(AtomicI64::new(1000 * HOUR)));
    open::open(config, clock, disk).unwrap()
}

/// A store whose series are numbered one after another.
fn open_one_shard(dir: &Path) -> Store {
    let config = StoreConfig {
        n_shards: 1,
        ..config(dir)
    };
    open_with(config, unsynced())
}

fn labels(id: u32) -> Labels {
    Labels::from_pairs([
        ("__name__", ["a", "b", "c"][id as usize % 3]),
        ("id", &id.to_string()),
        ("job", "test"),
    ])
    .unwrap()
}

fn batch(rows: &[(u32, Millis, u64)]) -> Batch {
    let mut batch = Batch::default();
    for (id, t, bits) in rows {
        let series = batch.add_packed(labels(*id).as_packed()).unwrap();
        batch.push(&series, *t, f64::from_bits(*bits));
    }
    batch
}

type Content = BTreeMap<Labels, BTreeMap<Millis, u64>>;

fn content(store: &Store, range: TimeRange) -> Content {
    let matchers = vec![Matcher::new("__name__", MatchOp::Regex, ".+").unwrap()];
    let set = store.select(&Selection { matchers, range }).unwrap();
    let mut content = Content::new();
    let mut buffer = SampleBuffer::default();
    for idx in 0..set.len() {
        set.read(idx, &mut buffer).unwrap();
        assert!(buffer.timestamps.windows(2).all(|w| w[0] < w[1]), "times ascend");
        let samples: BTreeMap<Millis, u64> = buffer
            .timestamps
            .iter()
            .copied()
            .zip(buffer.values.iter().map(|v| v.to_bits()))
            .collect();
        if !samples.is_empty() {
            assert!(
                content.insert(set.labels(idx), samples).is_none(),
                "each label set occurs once"
            );
        }
    }
    content
}

#[derive(Clone, Debug)]
enum Step {
    /// A scrape at the current time plus a jitter, of series `0..n`.
    Scrape {
        n: u32,
        advance: Millis,
        values: u64,
    },
    /// The series of the latest scrape go on as they are.
    Again(Millis),
    /// Single samples, relative to the current time.
    Loose(Vec<(u32, Millis, u64)>),
    Maintain,
    Reopen,
    /// The process ends without closing.
    Crash,
    /// A series, from when to when relative to the current time.
    Delete(u32, Millis, Millis),
    Clean,
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        0u64..4,
        Just(STALE_BITS),
        Just((-0.0f64).to_bits()),
        any::<u64>(),
        Just(0.25f64.to_bits())
    ];
    prop_oneof![
        12 => (1u32..8, prop_oneof![Just(15_000i64), Just(15_003), Just(20 * MINUTE), 1i64..90_000], 0u64..6)
            .prop_map(|(n, advance, values)| Step::Scrape { n, advance, values }),
        6 => (1i64..90_000).prop_map(Step::Again),
        5 => proptest::collection::vec((0u32..10, prop_oneof![-12 * MINUTE..10_000, -HOUR * 9..0, -30_000i64..1], value), 1..8)
            .prop_map(Step::Loose),
        2 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
        2 => (0u32..9, prop_oneof![Just(Millis::MIN / 2), -9 * HOUR..0], prop_oneof![Just(0), -3 * HOUR..MINUTE])
            .prop_map(|(id, from, to)| Step::Delete(id, from, to)),
        1 => Just(Step::Clean),
    ]
}

/// How far out of order samples may come in the test below.
const WINDOW: Millis = 6 * HOUR;

/// What the store must hold, told by the rules in plain form.
#[derive(Default)]
struct Reference {
    series: BTreeMap<u32, BTreeMap<Millis, u64>>,
    last: BTreeMap<u32, Millis>,
    floor: Millis,
}

impl Reference {
    /// Leaves out samples of which only parts know that there is another one at their time: the store takes
    /// them, and shows the one in the part.
    fn is_told(&self, (id, t, bits): (u32, Millis, u64)) -> bool {
        let known = self.series.get(&id).and_then(|samples| samples.get(&t));
        t >= self.floor || known.is_none_or(|known| *known == bits)
    }

    /// Takes a batch; returns how many samples are to be taken.
    fn take(&mut self, rows: &[(u32, Millis, u64)]) -> usize {
        rows.iter().filter(|row| self.take_row(**row)).count()
    }

    /// A series without samples behind the floor may be sent its history.
    fn take_row(&mut self, (id, t, bits): (u32, Millis, u64)) -> bool {
        let last = self.last.get(&id).copied().filter(|last| *last >= self.floor);
        let known = self.series.get(&id).and_then(|s| s.get(&t)).copied();
        let in_window = last.is_none_or(|last| t >= last.saturating_sub(WINDOW));
        let taken = in_window && known.is_none_or(|known| known == bits);
        if taken {
            self.series.entry(id).or_default().insert(t, bits);
            let last = self.last.entry(id).or_insert(t);
            *last = t.max(*last);
        }
        taken
    }

    fn delete(&mut self, id: u32, range: TimeRange) {
        if let Some(samples) = self.series.get_mut(&id) {
            samples.retain(|t, _| !range.contains(*t));
        }
    }

    fn content(&self, range: TimeRange) -> Content {
        let clip = |samples: &BTreeMap<Millis, u64>| -> BTreeMap<Millis, u64> {
            samples
                .range(range.start..=range.end)
                .map(|(t, v)| (*t, *v))
                .collect()
        };
        let series = self
            .series
            .iter()
            .map(|(id, samples)| (labels(*id), clip(samples)));
        series.filter(|(_, samples)| !samples.is_empty()).collect()
    }
}

/// The latest scrape of the test below, by handles.
#[derive(Default)]
struct Named {
    rows: Vec<(u32, Millis, u64)>,
    handles: Vec<SeriesHandle>,
    /// The store may have let series go since.
    may_be_void: bool,
}

impl Named {
    /// Repeats the scrape; returns what the store has taken. What is left out has had another sample since `before`,
    /// or has gone.
    fn again(
        &mut self,
        store: &Store,
        (before, timestamp): (Millis, Millis),
        reference: &Reference,
    ) -> Vec<(u32, Millis, u64)> {
        let mut void = Vec::new();
        let repeat = Repeat {
            series: &self.handles,
            before,
            timestamp,
        };
        let ingested = store.repeat(repeat, &mut void).unwrap();
        let void: BTreeSet<usize> = void.into_iter().collect();
        let mut taken = Vec::new();
        for (at, row) in self.rows.iter_mut().enumerate() {
            if !void.contains(&at) {
                row.1 = timestamp;
                taken.push(*row);
                continue;
            }
            let is_latest = reference.last.get(&row.0) == Some(&before) && row.1 == before;
            assert!(self.may_be_void || !is_latest, "series {} goes on", row.0);
        }
        assert_eq!(ingested.samples, taken.len());
        taken
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn holds_what_a_plain_map_holds(
        steps in proptest::collection::vec(step(), 1..90),
        snapshots in any::<bool>(),
        n_shards in 1usize..4,
    ) {
        let mut dir = tempfile::tempdir().unwrap();
        let config = |dir: &Path| StoreConfig {
            compacted_range: Duration::from_secs(8 * 3600),
            out_of_order_window: Duration::from_millis(WINDOW as u64),
            snapshot_after_bytes: snapshots.then_some(0),
            n_shards,
            ..config(dir)
        };
        let mut store = open_with(config(dir.path()), unsynced());
        let mut reference = Reference { floor: Millis::MIN, ..Reference::default() };
        let mut now = 900 * HOUR;
        let mut named = Named::default();
        for step in steps {
            if matches!(step, Step::Maintain) {
                named.may_be_void = true;
            }
            match step {
                Step::Scrape { n, advance, values } => {
                    now += advance;
                    let rows: Vec<_> =
                        (0..n).map(|id| (id, now, ((u64::from(id) * values) as f64 / 4.0).to_bits())).collect();
                    let taken = reference.take(&rows);
                    let ingested = store.ingest_named(&batch(&rows), &mut named.handles).unwrap();
                    prop_assert_eq!(ingested.samples, taken);
                    prop_assert_eq!(named.handles.iter().filter(|handle| **handle != SeriesHandle::VOID).count(), taken);
                    (named.rows, named.may_be_void) = (rows, false);
                }
                Step::Again(advance) => {
                    let before = now;
                    now += advance;
                    let rows = named.again(&store, (before, now), &reference);
                    prop_assert_eq!(reference.take(&rows), rows.len());
                }
                Step::Loose(rows) => {
                    let mut rows: Vec<_> = rows.into_iter().map(|(id, dt, bits)| (id, now + dt, bits)).collect();
                    // Rows are taken shard by shard; only the order within a series matters.
                    rows.dedup();
                    rows.retain(|row| reference.is_told(*row));
                    let mut seen = BTreeSet::new();
                    rows.retain(|(id, t, _)| seen.insert((*id, *t)));
                    let taken = reference.take(&rows);
                    let ingested = store.ingest(&batch(&rows)).unwrap();
                    prop_assert_eq!(ingested.samples, taken, "{:?}", ingested.rejected);
                }
                Step::Maintain => {
                    // A set found before sees the same after.
                    let set = store.select(&Selection {
                        matchers: vec![Matcher::equal("job", "test")],
                        range: TimeRange::ALL,
                    }).unwrap();
                    store.maintain(now);
                    prop_assert_eq!(store.status().degraded, Vec::<String>::new());
                    let mut buffer = SampleBuffer::default();
                    let mut n = 0;
                    for idx in 0..set.len() {
                        set.read(idx, &mut buffer).unwrap();
                        n += buffer.len();
                    }
                    prop_assert_eq!(n, reference.series.values().map(BTreeMap::len).sum::<usize>());
                }
                Step::Delete(id, from, to) => {
                    let range = TimeRange { start: now + from, end: now + to };
                    let sets = [vec![Matcher::equal("id", &id.to_string())]];
                    store.delete_series(&sets, range).unwrap();
                    reference.delete(id, range);
                    prop_assert_eq!(content(&store, TimeRange::ALL), reference.content(TimeRange::ALL));
                }
                Step::Clean => store.clean_tombstones().unwrap(),
                Step::Reopen => {
                    named = Named::default();
                    drop(store);
                    store = open_with(config(dir.path()), unsynced());
                }
                Step::Crash => {
                    named = Named::default();
                    store.wait_durable(store.position()).unwrap();
                    let copy = tempfile::tempdir().unwrap();
                    copy_dir(dir.path(), copy.path());
                    drop(store);
                    dir = copy;
                    store = open_with(config(dir.path()), unsynced());
                }
            }
            reference.floor = store.inner.manifest.lock().floor;
        }
        let third = TimeRange { start: 901 * HOUR, end: 903 * HOUR };
        for range in [TimeRange::ALL, third] {
            prop_assert_eq!(content(&store, range), reference.content(range));
        }
        drop(store);
        let store = open_with(config(dir.path()), unsynced());
        prop_assert_eq!(content(&store, TimeRange::ALL), reference.content(TimeRange::ALL));
        prop_assert_eq!(store.status().quarantined, Vec::<PathBuf>::new());
    }
}

fn fill(store: &Store, range: std::ops::Range<u32>) -> Content {
    let mut expected = Content::new();
    for i in range {
        let t = 900 * HOUR + i64::from(i) * 15_000;
        let rows: Vec<_> = (0..5)
            .map(|id| (id, t, f64::from(i * (id + 1)).to_bits()))
            .collect();
        let position = store.ingest(&batch(&rows)).unwrap().position;
        store.wait_durable(position).unwrap();
        for (id, t, bits) in rows {
            expected.entry(labels(id)).or_default().insert(t, bits);
        }
    }
    expected
}

fn until(mut condition: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(
            std::time::Instant::now() < deadline,
            "condition does not come true"
        );
        std::thread::yield_now();
    }
}

fn survives_a_failing_disk(flag: impl Fn(&FaultyDisk) -> Arc<AtomicBool>, reason: &str) {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let store = open_with(config(dir.path()), Arc::clone(&disk) as Arc<dyn Disk>);
    let mut expected = fill(&store, 0..20);
    let flag = flag(&disk);
    flag.store(true, Ordering::SeqCst);
    // Taken into memory before the failure shows, and not acknowledged.
    let t = 900 * HOUR + 20 * 15_000;
    let bits = 7.0f64.to_bits();
    let position = store.ingest(&batch(&[(1, t, bits)])).unwrap().position;
    let refused = store.wait_durable(position).unwrap_err();
    assert!(refused.to_string().contains(reason), "{refused}");
    assert!(matches!(
        store.ingest(&batch(&[(1, t + 1, bits)])),
        Err(IngestError::Unavailable { .. })
    ));
    assert!(store.status().degraded[0].contains(reason));
    expected.entry(labels(1)).or_default().insert(t, bits);
    assert_eq!(content(&store, TimeRange::ALL), expected, "reads go on");
    flag.store(false, Ordering::SeqCst);
    until(|| store.status().durable_position >= position);
    until(|| store.status().degraded.is_empty());
    for (series, samples) in fill(&store, 21..30) {
        expected.entry(series).or_default().extend(samples);
    }
    // Not closed: the process ends here.
    let copy = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), copy.path());
    let again = open_with(config(copy.path()), unsynced());
    assert_eq!(content(&again, TimeRange::ALL), expected);
    assert_eq!(again.status().quarantined, Vec::<PathBuf>::new());
}

#[test]
fn a_full_disk_refuses_batches_and_recovers() {
    survives_a_failing_disk(|disk| Arc::clone(&disk.full), "storage");
}

#[test]
fn a_failed_fsync_refuses_batches_and_recovers() {
    survives_a_failing_disk(|disk| Arc::clone(&disk.fsync_fails), "input/output error");
}

#[test]
fn a_flush_that_fails_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let store = open_with(config(dir.path()), Arc::clone(&disk) as Arc<dyn Disk>);
    let expected = fill(&store, 0..800);
    disk.full.store(true, Ordering::SeqCst);
    store.maintain(1000 * HOUR);
    assert!(
        store
            .status()
            .degraded
            .iter()
            .any(|reason| reason.starts_with("flush"))
    );
    assert_eq!(content(&store, TimeRange::ALL), expected);
    disk.full.store(false, Ordering::SeqCst);
    store.maintain(1000 * HOUR);
    assert_eq!(store.status().degraded, Vec::<String>::new());
    assert_eq!(store.status().parts.len(), 1);
    assert_eq!(content(&store, TimeRange::ALL), expected);
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn only_file(dir: &Path, extension: &str) -> PathBuf {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
    paths.pop().unwrap()
}

#[test]
fn a_log_cut_at_any_byte_of_its_last_record_loses_only_that() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(config(dir.path()), unsynced());
    let before = fill(&store, 0..3);
    let segment = only_file(&dir.path().join("wal"), "wal");
    let start = std::fs::metadata(&segment).unwrap().len();
    fill(&store, 3..4);
    let end = std::fs::metadata(&segment).unwrap().len();
    assert!(end > start + 24);
    for len in start..end {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        let torn = std::fs::OpenOptions::new()
            .write(true)
            .open(copy.path().join("wal").join(segment.file_name().unwrap()))
            .unwrap();
        torn.set_len(len).unwrap();
        let again = open_with(config(copy.path()), unsynced());
        assert_eq!(content(&again, TimeRange::ALL), before, "cut at {len}");
        assert_eq!(again.status().quarantined, Vec::<PathBuf>::new());
        // The log goes on behind the cut.
        let mut expected = before.clone();
        for (series, samples) in fill(&again, 4..6) {
            expected.entry(series).or_default().extend(samples);
        }
        drop(again);
        let again = open_with(config(copy.path()), unsynced());
        assert_eq!(content(&again, TimeRange::ALL), expected, "cut at {len}");
    }
}

#[test]
fn a_flipped_bit_in_the_log_is_put_aside_and_never_invents_samples() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(config(dir.path()), unsynced());
    let all = fill(&store, 0..40);
    let segment = only_file(&dir.path().join("wal"), "wal");
    let sound = std::fs::read(&segment).unwrap();
    let first_frame = 40;
    let mut partial = 0;
    for at in (first_frame..sound.len()).step_by(13) {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        let name = segment.file_name().unwrap();
        std::fs::write(copy.path().join("wal").join(name), bytes).unwrap();
        for _ in 0..2 {
            let again = open_with(config(copy.path()), unsynced());
            assert_eq!(
                again.status().quarantined,
                [copy.path().join("quarantine").join(name)],
                "flip at {at}"
            );
            let found = content(&again, TimeRange::ALL);
            for (series, samples) in &found {
                assert!(
                    samples.iter().all(|(t, bits)| all[series].get(t) == Some(bits)),
                    "flip at {at}"
                );
            }
            partial += usize::from(!found.is_empty() && found != all);
        }
    }
    assert!(partial > 50, "most of the log survives a flip: {partial}");
}

#[test]
fn a_damaged_part_is_put_aside_and_the_rest_serves() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(config(dir.path()), unsynced());
    let all = fill(&store, 0..800);
    store.maintain(1000 * HOUR);
    let floor = store.inner.manifest.lock().floor;
    drop(store);
    let part = only_file(&dir.path().join("parts"), "part");
    let sound = std::fs::read(&part).unwrap();
    let rest: Content = all
        .iter()
        .map(|(series, samples)| {
            (
                series.clone(),
                samples.range(floor..).map(|(t, v)| (*t, *v)).collect(),
            )
        })
        .collect();
    for at in [
        17,
        sound.len() / 4,
        sound.len() / 2,
        sound.len() - 200,
        sound.len() - 10,
    ] {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        std::fs::write(copy.path().join("parts").join(part.file_name().unwrap()), bytes).unwrap();
        let store = open_with(config(copy.path()), unsynced());
        content(&store, TimeRange::ALL);
        let named = copy.path().join("quarantine").join(part.file_name().unwrap());
        assert_eq!(
            store.status().quarantined,
            std::slice::from_ref(&named),
            "flip at {at}"
        );
        assert!(named.exists());
        assert_eq!(content(&store, TimeRange::ALL), rest, "flip at {at}");
        drop(store);
        let store = open_with(config(copy.path()), unsynced());
        assert_eq!(content(&store, TimeRange::ALL), rest);
        assert_eq!(store.status().quarantined, [named]);
    }
}

#[test]
fn a_damaged_manifest_is_rebuilt_from_the_parts() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(config(dir.path()), unsynced());
    let all = fill(&store, 0..800);
    store.maintain(1000 * HOUR);
    drop(store);
    std::fs::write(dir.path().join("MANIFEST"), b"PERIMANI junk").unwrap();
    let store = open_with(config(dir.path()), unsynced());
    assert_eq!(content(&store, TimeRange::ALL), all);
    assert_eq!(
        store.status().quarantined,
        [dir.path().join("quarantine/MANIFEST")]
    );
}

#[test]
fn series_that_end_leave_the_head_and_its_index() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_one_shard(dir.path());
    for hour in 0..8 {
        let t = 900 * HOUR + hour * HOUR;
        let first = hour as u32 * 1000;
        let rows: Vec<_> = (first..first + 1000).map(|id| (id, t, 1)).collect();
        store.ingest(&batch(&rows)).unwrap();
        store.maintain(t);
    }
    let status = store.status();
    assert!(
        status.head_series <= 3000,
        "{} series in the head",
        status.head_series
    );
    let found = content(&store, TimeRange::ALL);
    assert_eq!(found.len(), 8000);
    assert!(status.wal_segments <= 4, "{} segments", status.wal_segments);
    let names: BTreeSet<String> = store
        .label_values(
            "id",
            &NamesRequest {
                matcher_sets: Vec::new(),
                range: TimeRange::ALL,
                limit: usize::MAX,
            },
        )
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(names.len(), 8000);
}
