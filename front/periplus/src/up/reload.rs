//! The configuration file: read at the start, and again on SIGHUP and by order.
//!
//! A reload checks the whole file, certificates of receivers included, before anything changes. Then scraping takes
//! it over, forwarding, the store (how late samples may be, how many exemplars are kept) and the server (OTLP, tenants).
//! What only a restart brings into force is named.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use model::with_causes;
use scrape::{Config, ScrapeHandle};
use server::Adjuster;
use store::{Store, StoreConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use wire::DeltaHandling;

use super::forwarding::{Forwarding, Receivers};
use super::settings::Settings;
use crate::report::Failure;
use crate::screen::{self, Paint};

/// The file, checked as a whole.
pub(super) struct File {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What it says of scraping.
    pub(super) scraping: Config,
    /// What it says of the rest.
    pub(super) settings: Settings,
}

/// Reads the file and says what it asks for in vain.
///
/// # Errors
/// It is wrong.
pub(super) fn load(path: &Path) -> Result<File, Failure> {
    let wrong = |mistakes: Vec<String>| {
        Failure::message(format!("cannot be configured by {}", path.display()))
            .detail(mistakes)
            .hint("docs/configuration.md lists the keys; nothing was started")
    };
    let scraping = Config::load(path).map_err(|error| wrong(error.mistakes))?;
    let settings = check(&scraping, path).map_err(wrong)?;
    warn(&scraping.warnings);
    warn(&settings.warnings);
    Ok(File {
        path: path.to_owned(),
        scraping,
        settings,
    })
}

/// Checks what scraping does not read of the file, and whether receivers can be reached as it says.
fn check(config: &Config, path: &Path) -> Result<Settings, Vec<String>> {
    let settings = Settings::read(config.text.reveal(), path)?;
    let receivers = settings.receivers.iter();
    let failed = receivers.filter_map(|receiver| forward::check_client(receiver).err());
    let failed: Vec<String> = failed.map(|error| with_causes(&error)).collect();
    if failed.is_empty() {
        Ok(settings)
    } else {
        Err(failed)
    }
}

/// Reads the file again. Cloning copies pointers.
#[derive(Clone)]
pub(super) struct Reloader {
    scraping: ScrapeHandle,
    forwarding: Arc<Forwarding>,
    store: Arc<Store>,
    /// Set when there is a server, before anybody can order a reload.
    server: Arc<OnceLock<Adjuster>>,
    path: PathBuf,
    /// What was in force at the start.
    first: Arc<Settings>,
    /// What a flag says of OTLP deltas.
    delta: Option<DeltaHandling>,
}

impl Reloader {
    /// Takes what a reload changes, and what it is held against.
    pub(super) fn new(
        scraping: ScrapeHandle,
        (forwarding, store): (Arc<Forwarding>, Arc<Store>),
        (path, first): (PathBuf, Settings),
        delta: Option<DeltaHandling>,
    ) -> Self {
        Self {
            scraping,
            forwarding,
            store,
            server: Arc::default(),
            path,
            first: Arc::new(first),
            delta,
        }
    }

    /// Takes the server whose settings a reload changes.
    pub(super) fn complete(&self, server: Adjuster) {
        // There is one server, and it is told once.
        let _known = self.server.set(server);
    }

    /// Reads the file again and takes it over. Returns warnings, among them what waits for a restart.
    ///
    /// # Errors
    /// The file is wrong, or what it asks for cannot be had.
    pub(super) async fn reload(&self) -> Result<Vec<String>, String> {
        let path = self.path.clone();
        let taken = self.scraping.reload_if(move |config| {
            let settings = check(config, &path)?;
            Ok((settings, config.external_labels.clone()))
        });
        let (mut warnings, (settings, external_labels)) = taken.await.map_err(|error| with_causes(&error))?;
        warnings.extend(settings.warnings.iter().cloned());
        let waiting = self.first.waiting(&settings).into_iter();
        warnings.extend(waiting.map(|key| format!("{key} has changed and waits for a restart")));
        self.adjust(&settings);
        let receivers = Receivers {
            configs: settings.receivers,
            external_labels,
        };
        let forwarding = Arc::clone(&self.forwarding);
        let applied = spawn_blocking(move || forwarding.apply(receivers)).await;
        let applied = applied.unwrap_or_else(|_| Err(vec!["forwarding failed inside".to_owned()]));
        if let Err(failed) = applied {
            let failed = failed.join("; ");
            self.scraping.note_failed_reload(failed.clone());
            return Err(failed);
        }
        Ok(warnings)
    }
}

impl Reloader {
    /// Brings into force what cannot fail.
    fn adjust(&self, settings: &Settings) {
        let mut config = StoreConfig::new("");
        settings.apply_to_store(&mut config);
        self.store.set_out_of_order_window(config.out_of_order_window);
        self.store.set_max_exemplars(config.max_exemplars);
        if let Some(server) = self.server.get() {
            server.adjust(settings.otlp(self.delta), settings.tenancy.clone());
        }
    }
}

/// Catches SIGHUP from now on.
///
/// # Errors
/// The kernel refuses the handler.
pub(super) fn hangups() -> Result<Signal, Failure> {
    signal(SignalKind::hangup())
        .context("failed to catch SIGHUP")
        .map_err(Failure::new)
}

/// Reloads on each SIGHUP.
pub(super) async fn attend(
    mut hangups: Signal,
    reloader: Reloader,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    while stop.run_until_cancelled(hangups.recv()).await.is_some() {
        match reloader.reload().await {
            Ok(warnings) => {
                tracing::info!("the configuration was read again and is in force");
                warn(&warnings);
            }
            Err(error) => {
                tracing::error!(%error, "the configuration was not taken over as a whole");
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
