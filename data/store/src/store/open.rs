//! Opening a folder: lock, manifest, parts, log, in that order.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize};
use std::time::Duration;

use hashbrown::HashSet;
use model::{Clock, Exemplar, Labels, Millis};
use parking_lot::{Condvar, Mutex, RwLock};

use super::exemplars::ExemplarRing;
use super::limits::Limits;
use super::replay::{Deleted, Head, Side};
use super::snapshot::{self, Loaded, SnapshotFound, SnapshotState};
use super::{Counters, Inner, Store};
use crate::config::{StoreConfig, millis};
use crate::disk::{Disk, lock_dir};
use crate::error::{StoreError, io_error};
use crate::head::Shard;
use crate::part::{PageCache, Part, PartInfo};
use crate::store::manifest::{self, Manifest};
use crate::store::metadata::MetadataTable;
use crate::tombstones::{self, Tombstone, Tombstones};
use crate::wal::{Captured, Resume, Wal, WalOptions, logged_shards, move_to, replay};

/// Oldest age of a log segment as a fraction of the head's range.
const SEGMENTS_PER_RANGE: u32 = 4;

pub(crate) fn open(
    config: StoreConfig,
    clock: Arc<dyn Clock>,
    disk: Arc<dyn Disk>,
) -> Result<Store, StoreError> {
    let dir = config.dir.clone();
    let (log_dir, quarantine) = (dir.join("wal"), dir.join("quarantine"));
    for folder in [&dir, &log_dir, &quarantine, &dir.join("parts")] {
        fs::create_dir_all(folder).map_err(io_error("create", folder))?;
    }
    let lock = lock_dir(&dir)?;
    drop_unfinished_snapshots(&dir)?;
    let cache = Arc::new(PageCache::new(config.page_cache_bytes));
    let mut found = load_parts(&*disk, &dir, &quarantine, &cache)?;
    let metadata = MetadataTable::default();
    if !metadata.load(&dir)? {
        found
            .quarantined
            .push(move_to(&*disk, &dir.join("METADATA"), &quarantine)?);
    }
    let restored = load_head(&*disk, &config, &mut found)?;
    let n_shards = restored.n_shards;
    let mut exemplars = ExemplarRing::new(config.max_exemplars);
    for (series, exemplar) in &restored.exemplars {
        // They were taken once.
        let taken = exemplars.insert(series.as_packed(), exemplar, Millis::MAX);
        debug_assert!(taken.is_ok(), "a snapshot holds exemplars in order");
    }
    let mut side = Side {
        metadata: &metadata,
        exemplars: &mut exemplars,
    };
    let (mut snapshot, before) = (restored.snapshot, restored.last_captured);
    // Positions that deletions name are not given again.
    let before = found.tombstones.last_position().max(before);
    let end = restored.resume.end;
    let (replayed, heads) = replay(
        &*disk,
        (&log_dir, &quarantine),
        (restored.heads, restored.resume),
        &mut side,
    )?;
    snapshot.note_replayed(&replayed.segments, end);
    let floor = found.manifest.floor;
    let mut shards: Vec<Shard> = heads.into_iter().flat_map(|head| head.shards).collect();
    shards.iter_mut().for_each(|shard| shard.settle(floor));
    let newest = shards.iter().filter_map(Shard::span).map(|span| span.1).max();
    let carried = &mut found.manifest.carried;
    *carried = (*carried).min(newest.unwrap_or(Millis::MIN));
    if replayed.n_samples > 0 || replayed.n_lost > 0 {
        tracing::info!(
            samples = replayed.n_samples,
            lost = replayed.n_lost,
            segments = replayed.segments.len(),
            "log replayed"
        );
    }
    found.quarantined.extend(replayed.quarantined);
    if found.tombstones.place(replayed.last_position.max(before)) {
        tombstones::save(&*disk, &dir, &found.tombstones.list)?;
    }
    let wal = Wal::start(
        Arc::clone(&disk),
        WalOptions {
            dir: log_dir,
            fsync_interval: config.fsync_interval,
            queue_bytes: config.log_queue_bytes.max(1),
            segment_bytes: config.log_segment_bytes,
            segment_age: (config.head_range / SEGMENTS_PER_RANGE).max(Duration::from_secs(1)),
            n_shards: n_shards as u32,
            floor,
            next_position: replayed.last_position.max(before) + 1,
            next_epoch: u32::try_from(replayed.last_epoch.max(found.manifest.backfilled) + 1).unwrap_or(1),
            next_sequence: replayed.last_sequence + 1,
            segments: replayed.segments,
        },
    )?;
    let n_series = shards.iter().map(Shard::n_series).sum();
    let inner = Inner {
        limits: Limits::new(&config),
        out_of_order_window: AtomicI64::new(millis(config.out_of_order_window)),
        config,
        clock,
        disk,
        shards: shards.into_iter().map(Mutex::new).collect(),
        n_series: AtomicUsize::new(n_series),
        n_backfill: AtomicUsize::default(),
        backfill_bytes: AtomicUsize::default(),
        backfill_seen: Mutex::default(),
        exemplars: Mutex::new(exemplars),
        snapshot: Mutex::new(snapshot),
        wal,
        parts: RwLock::new(Arc::new(found.parts)),
        manifest: Mutex::new(found.manifest),
        metadata,
        cache,
        upkeep: Mutex::new(()),
        counters: Counters::default(),
        troubles: Mutex::default(),
        quarantined: Mutex::new(found.quarantined),
        tombstones: RwLock::new(Arc::new(found.tombstones)),
        scrub: Mutex::default(),
        stopping: AtomicBool::new(false),
        stop_gate: Mutex::new(()),
        stop_wake: Condvar::new(),
    };
    Store::start(Arc::new(inner), lock)
}

/// The head before the log is replayed.
struct RestoredHead {
    n_shards: usize,
    heads: Vec<Head>,
    resume: Resume,
    exemplars: Vec<(Labels, Exemplar)>,
    snapshot: SnapshotState,
    /// The last position of the log that a snapshot covers.
    last_captured: u64,
}

/// Reads the snapshot, or begins with an empty head.
fn load_head(disk: &dyn Disk, config: &StoreConfig, found: &mut Found) -> Result<RestoredHead, StoreError> {
    let dir = &config.dir;
    let parts = (found.manifest.floor, found.manifest.backfilled);
    let deleted: Arc<[Tombstone]> = found.tombstones.in_order_of_log().into();
    let empty = move |id: u32| Shard::new(id, parts.0);
    let mut loaded = load_snapshot(disk, dir, (found, &empty))?;
    // A head keeps its number of shards while the log alone does not say which series there are.
    let n_shards = match &loaded {
        Some(loaded) if found.manifest.needs_snapshot() => loaded.shards.len(),
        _ => config.n_shards.clamp(1, 256),
    };
    let mut restored = RestoredHead {
        n_shards,
        heads: Vec::new(),
        resume: Resume::default(),
        exemplars: Vec::new(),
        snapshot: SnapshotState::default(),
        last_captured: 0,
    };
    if let Some(loaded) = &mut loaded {
        restored.exemplars = std::mem::take(&mut loaded.exemplars);
        let captured = loaded.resume.tables.iter().map(|table| table.captured.last);
        restored.last_captured = captured.max().unwrap_or(0).max(loaded.resume.end.position);
    }
    let sequence = loaded.as_ref().map_or(0, |loaded| loaded.resume.end.sequence);
    let log_dir = dir.join("wal");
    // With another number of shards than before, the log says which series there are.
    let fits = logged_shards(&log_dir, sequence, n_shards)?;
    let shards = match loaded.filter(|loaded| fits && loaded.shards.len() == n_shards) {
        Some(loaded) => {
            let complete = loaded.resume.end.position;
            restored.snapshot = SnapshotState::loaded(loaded.bytes, (complete, restored.last_captured));
            restored.resume = loaded.resume;
            for segment in &mut restored.resume.segments {
                segment.path = log_dir.join(format!("{:020}.wal", segment.sequence));
            }
            let mut shards = loaded.shards;
            if parts.1 >= loaded.epoch {
                shards.iter_mut().for_each(Shard::forget_backfill);
            }
            shards
        }
        None => (0..n_shards).map(|id| empty(id as u32)).collect(),
    };
    let fits = fits || logged_shards(&log_dir, 0, n_shards)?;
    let covered = |at: usize| {
        let table = restored.resume.tables.get(at);
        table.map(|table| table.captured.clone()).unwrap_or_default()
    };
    restored.heads = if fits {
        let head = |(at, shard)| Head::new(vec![shard], n_shards, parts, Deleted::new(&deleted, covered(at)));
        shards.into_iter().enumerate().map(head).collect()
    } else {
        vec![Head::new(
            shards,
            n_shards,
            parts,
            Deleted::new(&deleted, Captured::default()),
        )]
    };
    Ok(restored)
}

/// Reads the snapshot. One that is damaged, or missing though samples may be in it alone, is named.
fn load_snapshot(
    disk: &dyn Disk,
    dir: &Path,
    (found, empty): (&mut Found, &(dyn Fn(u32) -> Shard + Sync)),
) -> Result<Option<Box<Loaded>>, StoreError> {
    let path = snapshot::path(dir);
    let carried = found.manifest.carried;
    let is_absent = match snapshot::load(dir, empty)? {
        SnapshotFound::Valid(loaded) => return Ok(Some(loaded)),
        SnapshotFound::Absent => true,
        SnapshotFound::Damaged => false,
    };
    let was_needed = found.manifest.needs_snapshot() && carried != Millis::MAX;
    if !is_absent {
        let moved = move_to(disk, &path, &dir.join("quarantine"))?;
        found.quarantined.push(moved);
    } else if was_needed {
        found.quarantined.push(path.clone());
    }
    if was_needed {
        tracing::error!(
            path = %path.display(), until = carried,
            "snapshot of the head is gone; of what came beside older samples, some up to this time may be lost"
        );
    }
    found.manifest.carried = Millis::MIN;
    if carried > Millis::MIN {
        manifest::save(disk, dir, &found.manifest)?;
    }
    Ok(None)
}

struct Found {
    manifest: Manifest,
    parts: Vec<Arc<Part>>,
    quarantined: Vec<PathBuf>,
    tombstones: Tombstones,
}

fn load_parts(
    disk: &dyn Disk,
    dir: &Path,
    quarantine: &Path,
    cache: &Arc<PageCache>,
) -> Result<Found, StoreError> {
    let files = list_parts(disk, dir)?;
    let mut quarantined = list_quarantine(quarantine)?;
    // What is in the snapshot alone is not known then.
    let unknown = Manifest {
        carried: Millis::MAX,
        ..Manifest::default()
    };
    let mut read = None;
    let (mut manifest, trusted) = match manifest::load(dir)? {
        manifest::Loaded::Valid(manifest, version) => {
            read = Some((manifest.clone(), version));
            (manifest, true)
        }
        manifest::Loaded::Absent if files.is_empty() => (Manifest::default(), true),
        manifest::Loaded::Absent => (unknown, false),
        manifest::Loaded::Damaged => {
            quarantined.push(move_to(disk, &dir.join("MANIFEST"), quarantine)?);
            (unknown, false)
        }
    };
    let listed = if trusted { &manifest.parts } else { &files };
    let mut parts = Vec::new();
    for id in listed {
        let path = manifest::part_path(dir, *id);
        match open_part(&path, trusted, cache) {
            Ok(part) => parts.push(Arc::new(part)),
            Err(StoreError::Corrupt { reason, .. }) => {
                tracing::error!(path = %path.display(), %reason, "part is damaged");
                quarantined.push(move_to(disk, &path, quarantine)?);
            }
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                tracing::error!(path = %path.display(), "part is missing");
                quarantined.push(path);
            }
            Err(error) => return Err(error),
        }
    }
    if !trusted {
        let known: Vec<&PartInfo> = parts.iter().map(|part| part.info()).collect();
        let left = manifest::survivors(&known);
        tracing::warn!(
            files = files.len(),
            parts = left.len(),
            "list of parts made anew from their files"
        );
        parts.retain(|part| left.contains(&part.info().id));
    }
    parts.sort_by_key(|part| (part.info().min_t, part.info().id));
    manifest.parts = parts.iter().map(|part| part.info().id).collect();
    for part in &parts {
        manifest.floor = manifest.floor.max(part.info().floor);
        manifest.next_part = manifest.next_part.max(part.info().id + 1);
    }
    manifest.next_part = manifest.next_part.max(files.iter().max().map_or(1, |id| id + 1));
    let tombstones = match tombstones::load(dir)? {
        tombstones::Loaded::Valid(tombstones) => tombstones,
        tombstones::Loaded::Damaged => {
            quarantined.push(move_to(disk, &tombstones::path(dir), quarantine)?);
            Tombstones::default()
        }
    };
    // Parts written from now on are not hit by earlier deletions.
    let hit = tombstones.list.iter().map(|tombstone| tombstone.before);
    manifest.next_part = manifest.next_part.max(hit.max().unwrap_or(0));
    manifest::confirm(disk, dir, (read, &manifest))?;
    let listed: HashSet<u64> = manifest.parts.iter().copied().collect();
    for path in files
        .iter()
        .filter(|id| !listed.contains(*id))
        .map(|id| manifest::part_path(dir, *id))
        .filter(|path| path.exists())
    {
        tracing::info!(path = %path.display(), "remove part of an unfinished flush or compaction");
        disk.remove(&path).map_err(io_error("remove", &path))?;
    }
    Ok(Found {
        tombstones,
        manifest,
        parts,
        quarantined,
    })
}

/// Removes what there is of copies during which the process ended.
fn drop_unfinished_snapshots(dir: &Path) -> Result<(), StoreError> {
    let folder = dir.join("snapshots");
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(io_error("list", &folder))?,
    };
    for entry in entries {
        let path = entry.map_err(io_error("list", &folder))?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            fs::remove_dir_all(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}

/// Opens a part. In a folder whose manifest can be read no file is newer than that allows.
fn open_part(path: &Path, trusted: bool, cache: &Arc<PageCache>) -> Result<Part, StoreError> {
    match Part::open(path, Arc::clone(cache)) {
        Err(StoreError::NewerFormat { path, found, .. }) if trusted => Err(StoreError::Corrupt {
            path,
            reason: format!("format {found} does not fit that of the folder"),
        }),
        other => other,
    }
}

/// Lists part numbers and removes temporary files.
fn list_parts(disk: &dyn Disk, dir: &Path) -> Result<Vec<u64>, StoreError> {
    let folder = dir.join("parts");
    let mut ids = Vec::new();
    for entry in fs::read_dir(&folder).map_err(io_error("list", &folder))? {
        let path = entry.map_err(io_error("list", &folder))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("part") => ids.extend(stem.and_then(|stem| stem.parse::<u64>().ok())),
            Some("tmp") => disk.remove(&path).map_err(io_error("remove", &path))?,
            _ => {}
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

fn list_quarantine(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error("list", folder))? {
        paths.push(entry.map_err(io_error("list", folder))?.path());
    }
    paths.sort();
    Ok(paths)
}
