//! Scraping by the configuration file, as this process runs it.

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use model::{Clock, Ingest};
use scrape::{Config, ScrapeHandle, Scraper, ScraperOptions};
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::reload::{self, Reloader};
use crate::report::Failure;

/// What scraping is started with.
pub(super) struct Outside {
    /// Where samples go.
    pub(super) ingest: Arc<dyn Ingest>,
    /// Where the present comes from.
    pub(super) clock: Arc<dyn Clock>,
    /// Name of this machine.
    pub(super) host_name: String,
}

/// Scraping that is about to run.
pub(super) struct Scraping {
    scraper: Scraper,
    hangups: Signal,
    /// For whoever asks.
    pub(super) handle: ScrapeHandle,
}

impl Scraping {
    /// Prepares scraping. From now on SIGHUP is caught.
    ///
    /// # Errors
    /// The kernel refuses the handler.
    pub(super) fn new(config: Config, path: &Path, outside: Outside) -> Result<Self, Failure> {
        let hangups = reload::hangups()?;
        let (scraper, handle) = Scraper::new(
            config,
            ScraperOptions {
                path: Some(path.to_owned()),
                ingest: outside.ingest,
                clock: outside.clock,
                host_name: outside.host_name,
                readers: available_parallelism().map_or(1, usize::from),
            },
        );
        Ok(Self {
            scraper,
            hangups,
            handle,
        })
    }

    /// Starts it among the tasks of the process, and reloads with it.
    pub(super) fn start(self, reloader: Reloader, tasks: &mut service::Tasks, stop: &CancellationToken) {
        tasks.start("scraping", self.scraper.run(stop.clone()));
        tasks.start("reloads", reload::attend(self.hangups, reloader, stop.clone()));
    }
}
