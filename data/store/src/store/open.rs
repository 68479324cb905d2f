//! Opening a folder: lock, manifest, parts, log, in that order.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use hashbrown::HashSet;
use model::{Clock, Metadata, Millis, PackedLabels};
use parking_lot::{Condvar, Mutex, RwLock};

use super::{Counters, Inner, Store, shard_of};
use crate::config::StoreConfig;
use crate::disk::{Disk, lock_dir};
use crate::error::{StoreError, io_error};
use crate::head::{Shard, Terms, hash_labels};
use crate::part::{PageCache, Part};
use crate::store::manifest::{self, Loaded, Manifest};
use crate::store::metadata::MetadataTable;
use crate::tombstones::{self, Tombstones};
use crate::wal::{ReplayTarget, Wal, WalOptions, move_to, replay};

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
    let cache = Arc::new(PageCache::new(config.page_cache_bytes));
    let mut found = load_parts(&*disk, &dir, &quarantine, &cache)?;
    let metadata = MetadataTable::default();
    if !metadata.load(&dir)? {
        found
            .quarantined
            .push(move_to(&*disk, &dir.join("METADATA"), &quarantine)?);
    }
    let floor = found.manifest.floor;
    let n_shards = config.n_shards.clamp(1, 256);
    let mut head = Head {
        shards: (0..n_shards).map(|id| Shard::new(id as u32, floor)).collect(),
        floor,
        metadata: &metadata,
        terms: Terms {
            newest: Millis::MAX,
            window: Millis::MAX,
            series_left: usize::MAX,
            max_series: usize::MAX,
            epoch: 0,
        },
    };
    let replayed = replay(&*disk, (&log_dir, &quarantine), &mut head)?;
    let shards = head.shards;
    if replayed.n_samples > 0 || replayed.n_lost > 0 {
        tracing::info!(
            samples = replayed.n_samples,
            lost = replayed.n_lost,
            segments = replayed.segments.len(),
            "log replayed"
        );
    }
    found.quarantined.extend(replayed.quarantined);
    let wal = Wal::start(
        Arc::clone(&disk),
        WalOptions {
            dir: log_dir,
            fsync_interval: config.fsync_interval,
            queue_bytes: config.log_queue_bytes.max(1),
            segment_bytes: config.log_segment_bytes,
            segment_age: (config.head_range / SEGMENTS_PER_RANGE).max(Duration::from_secs(1)),
            next_position: replayed.last_position + 1,
            next_epoch: u32::try_from(replayed.last_epoch + 1).unwrap_or(1),
            next_sequence: replayed.last_sequence + 1,
            segments: replayed.segments,
        },
    )?;
    let n_series = shards.iter().map(Shard::n_series).sum();
    let inner = Inner {
        config,
        clock,
        disk,
        shards: shards.into_iter().map(Mutex::new).collect(),
        n_series: AtomicUsize::new(n_series),
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
    let (mut manifest, trusted) = match manifest::load(dir)? {
        Loaded::Valid(manifest) => (manifest, true),
        Loaded::Absent => (Manifest::default(), files.is_empty()),
        Loaded::Damaged => {
            quarantined.push(move_to(disk, &dir.join("MANIFEST"), quarantine)?);
            (Manifest::default(), false)
        }
    };
    if !trusted {
        manifest.parts = files.clone();
    }
    let listed: HashSet<u64> = manifest.parts.iter().copied().collect();
    for id in files.iter().filter(|id| !listed.contains(*id)) {
        let path = manifest::part_path(dir, *id);
        tracing::info!(path = %path.display(), "remove part of an unfinished flush or compaction");
        disk.remove(&path).map_err(io_error("remove", &path))?;
    }
    let mut parts = Vec::new();
    for id in &manifest.parts {
        let path = manifest::part_path(dir, *id);
        match Part::open(&path, Arc::clone(cache)) {
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
    manifest::save(disk, dir, &manifest)?;
    Ok(Found {
        tombstones,
        manifest,
        parts,
        quarantined,
    })
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

/// The head while the log is read back. A handle is the shard in the upper half, the series in the lower.
struct Head<'a> {
    shards: Vec<Shard>,
    floor: Millis,
    metadata: &'a MetadataTable,
    terms: Terms,
}

impl ReplayTarget for Head<'_> {
    fn series(&mut self, packed: &str) -> Option<u64> {
        let labels = PackedLabels::parse(packed).ok()?;
        let hash = hash_labels(packed);
        let at = shard_of(hash, self.shards.len());
        let id = self
            .shards
            .get_mut(at)?
            .ensure_series(labels, hash, &mut self.terms)
            .ok()?;
        Some((at as u64) << 32 | u64::from(id))
    }

    fn sample(&mut self, series: u64, t: Millis, bits: u64) {
        if let Some(shard) = self.shards.get_mut((series >> 32) as usize) {
            // The lower half is the series.
            shard.replay(series as u32, t, bits);
        }
    }

    fn metadata(&mut self, name: &str, metadata: Metadata) {
        self.metadata.insert(name, &metadata);
    }

    fn floor(&self) -> Millis {
        self.floor
    }
}
