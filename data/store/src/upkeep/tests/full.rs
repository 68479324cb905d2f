//! A disk that is really full while parts are written.

use std::fs::File;
use std::io::Write as _;
use std::process::Command;

use testkit::{is_root, skip};

use super::*;

/// A small file system of its own, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]);
        assert!(command.arg(folder.path()).status().unwrap().success());
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it but for so many bytes.
    fn fill(&self, left: u64) {
        let path = self.path().join("ballast");
        let mut file = File::create(&path).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        let len = file.metadata().unwrap().len();
        file.set_len(len - left).unwrap();
    }

    fn relieve(&self) {
        std::fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// The disk of the operating system as one that promises room: others may take it before it is used.
struct Promising;

impl Disk for Promising {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        OsDisk.create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn cut(&self, path: &Path, len: u64) -> io::Result<()> {
        OsDisk.cut(path, len)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        OsDisk.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        OsDisk.sync_dir(path)
    }

    fn available(&self, _: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

/// Sends what no codec makes smaller: two hundred samples of each of sixty series from an hour on.
fn send_noise(store: &Store, hour: i64, seed: &mut u64) -> Content {
    let mut expected = Content::new();
    for minute in 0..200 {
        let t = START + hour * HOUR + minute * 30_000;
        let mut batch = Batch::default();
        for id in 0..60 {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            let value = f64::from_bits(*seed >> 2 | 1 << 60);
            let series = batch.add_packed(labels(id).as_packed()).unwrap();
            batch.push(&series, t, value);
            expected.entry(labels(id)).or_default().insert(t, value.to_bits());
        }
        let ingested = store.ingest(&batch).unwrap();
        assert_eq!(ingested.n_rejected, 0);
        store.wait_durable(ingested.position).unwrap();
    }
    expected
}

fn unfinished(store: &Store) -> usize {
    let files = std::fs::read_dir(store.inner.config.dir.join("parts")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "tmp"))
        .count()
}

/// Has upkeep fail for want of room until there is some; nothing is lost meanwhile, and nothing fills the disk further.
fn fails_until_there_is_room(name: &str, prepare: impl Fn(&Store, &mut Content), task: &str) {
    if !is_root() {
        skip(name, "needs root to mount a small disk");
        return;
    }
    let disk = SmallDisk::mount();
    let dir = disk.path().join("store");
    let store = open_with(&dir, Arc::new(Promising));
    let mut expected = Content::new();
    prepare(&store, &mut expected);
    disk.fill(32 << 10);
    let n_parts = store.parts().len();
    for _ in 0..3 {
        store.maintain(1000 * HOUR);
        let status = store.status();
        let says = |reason: &String| reason.starts_with(task) && reason.contains("No space left");
        assert!(status.degraded.iter().any(says), "{:?}", status.degraded);
        assert_eq!(unfinished(&store), 0);
        assert_eq!(store.parts().len(), n_parts);
        assert_eq!(content(&store), expected);
    }
    let left = tempfile::tempdir().unwrap();
    copy_dir(&dir, left.path());
    assert_eq!(
        content(&open_with(left.path(), unsynced())),
        expected,
        "after a crash"
    );
    disk.relieve();
    store.maintain(1000 * HOUR);
    assert_eq!(store.status().degraded, Vec::<String>::new());
    assert_ne!(store.parts().len(), n_parts);
    assert_eq!(content(&store), expected);
    drop(store);
    assert_eq!(content(&open_with(&dir, unsynced())), expected);
}

#[test]
fn root_a_flush_waits_until_a_full_disk_has_room() {
    let prepare = |store: &Store, expected: &mut Content| {
        let mut seed = 0x9E37_79B9_7F4A_7C15;
        for hour in [0, 6] {
            for (labels, samples) in send_noise(store, hour, &mut seed) {
                expected.entry(labels).or_default().extend(samples);
            }
        }
    };
    let name = "root_a_flush_waits_until_a_full_disk_has_room";
    fails_until_there_is_room(name, prepare, "flush");
}

#[test]
fn root_a_compaction_waits_until_a_full_disk_has_room() {
    let prepare = |store: &Store, expected: &mut Content| {
        let mut seed = 0x9E37_79B9_7F4A_7C15;
        for hour in [0, 3, 6, 30] {
            for (labels, samples) in send_noise(store, hour, &mut seed) {
                expected.entry(labels).or_default().extend(samples);
            }
        }
        flush::flush(&store.inner).unwrap();
        assert!(store.parts().len() > 2);
    };
    let name = "root_a_compaction_waits_until_a_full_disk_has_room";
    fails_until_there_is_room(name, prepare, "compaction");
}
