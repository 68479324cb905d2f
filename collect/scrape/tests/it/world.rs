//! A running scraper whose samples are kept in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::{Batch, Clock, Ingest, IngestError, Ingested, Millis, is_stale};
use parking_lot::Mutex;
use scrape::{ActiveTarget, Config, ScrapeHandle, Scraper, ScraperOptions, TargetHealth};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A condition that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(30);

/// The clock of the machine.
struct Wall;

impl Clock for Wall {
    fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_millis()).unwrap()
    }
}

/// Keeps every sample by the text of its labels.
#[derive(Default)]
pub(crate) struct Kept(Mutex<BTreeMap<String, Vec<(Millis, f64)>>>);

impl Ingest for Kept {
    fn ingest(&self, batch: &Batch) -> Result<Ingested, IngestError> {
        let mut kept = self.0.lock();
        for row in batch.rows() {
            let labels = batch.labels(row).to_labels().to_string();
            kept.entry(labels).or_default().push((row.timestamp, row.value));
        }
        Ok(Ingested {
            samples: batch.rows().len(),
            ..Ingested::default()
        })
    }
}

/// A scraper and what it has found.
pub(crate) struct World {
    pub(crate) kept: Arc<Kept>,
    pub(crate) handle: ScrapeHandle,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    /// Starts scraping by a text.
    pub(crate) fn start(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, text)
    }

    /// Starts scraping by a text whose relative paths begin in `folder`.
    pub(crate) fn start_in(folder: tempfile::TempDir, text: &str) -> Self {
        let path = folder.path().join("scrape.yml");
        std::fs::write(&path, text).unwrap();
        let config = Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let kept = Arc::new(Kept::default());
        let (scraper, handle) = Scraper::new(
            config,
            ScraperOptions {
                path: Some(path),
                ingest: Arc::clone(&kept) as _,
                clock: Arc::new(Wall),
                host_name: "here".to_owned(),
                readers: 2,
                sources: None,
            },
        );
        let stop = CancellationToken::new();
        let running = scraper.run(stop.clone());
        let task = tokio::spawn(async move { running.await.unwrap() });
        Self {
            kept,
            handle,
            stop,
            task: Some(task),
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    /// Returns the samples of a series, by the text of its labels.
    pub(crate) fn samples(&self, labels: &str) -> Vec<(Millis, f64)> {
        self.kept.0.lock().get(labels).cloned().unwrap_or_default()
    }

    /// Returns the targets that are scraped.
    pub(crate) fn targets(&self) -> Vec<ActiveTarget> {
        self.handle
            .status()
            .pools
            .into_iter()
            .flat_map(|pool| pool.active)
            .collect()
    }

    /// Waits until the only target was scraped, and returns it.
    pub(crate) async fn scraped(&self) -> ActiveTarget {
        self.wait("a scrape", || {
            let target = self.targets().pop()?;
            (target.health != TargetHealth::Unknown).then_some(target)
        })
        .await
    }

    pub(crate) async fn wait<T>(&self, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
        let end = tokio::time::Instant::now() + DEADLINE;
        loop {
            if let Some(value) = condition() {
                return value;
            }
            assert!(
                tokio::time::Instant::now() < end,
                "waited in vain for {what}: {:#?}",
                self.handle.status()
            );
            tokio::task::yield_now().await;
            // Between two looks; nothing depends on how long it is.
            _ = tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await;
        }
    }

    /// Stops scraping, and returns how many of the series that were kept have ended.
    pub(crate) async fn stop(&mut self) -> (usize, usize) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            task.await.unwrap();
        }
        let kept = self.kept.0.lock();
        let ended = kept
            .values()
            .filter(|samples| samples.last().is_some_and(|(_, value)| is_stale(*value)));
        (ended.count(), kept.len())
    }
}

pub(crate) fn write(path: &Path, text: &str) {
    // Written beside and renamed, as editors and Kubernetes do.
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, path).unwrap();
}
