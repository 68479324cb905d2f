//! Scraping by the configuration file, as this process runs it.

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use model::{Clock, Ingest};
use scrape::{Config, ScrapeHandle, Scraper, ScraperOptions, Sources};
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
    /// Makes searches for targets in Kubernetes.
    pub(super) sources: Arc<dyn Sources>,
}

/// Scraping that is about to run.
pub(super) struct Scraping {
    scraper: Scraper,
    hangups: Option<Signal>,
    /// For whoever asks.
    pub(super) handle: ScrapeHandle,
}

impl Scraping {
    /// Prepares scraping. With a file, SIGHUP is caught from now on.
    ///
    /// # Errors
    /// The kernel refuses the handler.
    pub(super) fn new(config: Config, path: Option<&Path>, outside: Outside) -> Result<Self, Failure> {
        let hangups = path.map(|_| reload::hangups()).transpose()?;
        let (scraper, handle) = Scraper::new(
            config,
            ScraperOptions {
                path: path.map(Path::to_owned),
                ingest: outside.ingest,
                clock: outside.clock,
                host_name: outside.host_name,
                readers: available_parallelism().map_or(1, usize::from),
                sources: Some(outside.sources),
            },
        );
        Ok(Self {
            scraper,
            hangups,
            handle,
        })
    }

    /// Prepares scraping without a file, of what others ask for.
    ///
    /// # Errors
    /// None: an empty configuration has no mistakes.
    pub(super) fn unconfigured(outside: Outside) -> Result<Self, Failure> {
        let config = Config::parse("", Path::new("/")).map_err(Failure::new)?;
        Self::new(config, None, outside)
    }

    /// Starts it among the tasks of the process, and reloads with it.
    pub(super) fn start(
        self,
        reloader: Option<Reloader>,
        tasks: &mut service::Tasks,
        stop: &CancellationToken,
    ) {
        tasks.start("scraping", self.scraper.run(stop.clone()));
        if let (Some(hangups), Some(reloader)) = (self.hangups, reloader) {
            tasks.start("reloads", reload::attend(hangups, reloader, stop.clone()));
        }
    }
}
