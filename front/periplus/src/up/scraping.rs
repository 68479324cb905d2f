//! Scraping by a configuration file, as this process runs it: the start, and reloads on SIGHUP.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::Context as _;
use model::{Clock, Ingest, with_causes};
use scrape::{Config, ScrapeHandle, Scraper, ScraperOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::report::Failure;
use crate::screen::{self, Paint};

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

/// Reads the configuration file and says what it asks for in vain.
///
/// # Errors
/// It is wrong.
pub(super) fn load(path: &Path) -> Result<Config, Failure> {
    let config = Config::load(path).map_err(|error| {
        Failure::message(format!("cannot scrape by {}", path.display()))
            .detail(error.mistakes)
            .hint("docs/scraping.md lists the keys; nothing was started")
    })?;
    warn(&config.warnings);
    Ok(config)
}

impl Scraping {
    /// Prepares scraping. From now on SIGHUP reloads.
    ///
    /// # Errors
    /// The kernel refuses the handler.
    pub(super) fn new(config: Config, path: &Path, outside: Outside) -> Result<Self, Failure> {
        let hangups = signal(SignalKind::hangup())
            .context("failed to catch SIGHUP")
            .map_err(Failure::new)?;
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

    /// Starts it among the tasks of the process.
    pub(super) fn start(self, tasks: &mut service::Tasks, stop: &CancellationToken) {
        tasks.start("scraping", self.scraper.run(stop.clone()));
        tasks.start("reloads", reload(self.hangups, self.handle, stop.clone()));
    }
}

async fn reload(
    mut hangups: Signal,
    handle: ScrapeHandle,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    while stop.run_until_cancelled(hangups.recv()).await.is_some() {
        match handle.reload().await {
            Ok(warnings) => {
                tracing::info!("the configuration was read again and is in force");
                warn(&warnings);
            }
            Err(error) => {
                let error = with_causes(&error);
                tracing::error!(%error, "the configuration was not taken over; the one before stays in force");
            }
        }
    }
    Ok(())
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        screen::say(&format!("{} {warning}", Paint::stderr().bold("warning:")));
    }
}
