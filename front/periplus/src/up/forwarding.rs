//! Forwarding by `remote_write` of the configuration file or by the command line of an agent, as this process runs it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use forward::{Forwarder, ForwarderOptions, RemoteWriteConfig};
use model::{Clock, Labels, Query as _, Sink, with_causes};
use parking_lot::Mutex;
use server::Report;
use store::Store;
use tokio::runtime::Handle;

/// Where checkpoints lie in the data folder.
const FOLDER: &str = "forward";
/// How long a stop waits for receivers; the log keeps what they have not taken.
const PATIENCE: Duration = Duration::from_secs(3);

/// Receivers, and what every series gets on its way to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Receivers {
    /// The receivers.
    pub(super) configs: Vec<RemoteWriteConfig>,
    /// Labels that series get if they do not have them.
    pub(super) external_labels: Labels,
}

/// The forwarders of this process.
pub(super) struct Forwarding {
    /// `None` once all was stopped for good.
    running: Mutex<Option<Vec<Running>>>,
    /// Held while receivers change.
    changing: Mutex<()>,
    folder: PathBuf,
    hold_bytes: u64,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
}

struct Running {
    config: RemoteWriteConfig,
    external_labels: Labels,
    forwarder: Forwarder,
}

impl Running {
    /// Tells whether it does what is wanted, so that it can run on.
    fn is_wanted(&self, wanted: &Receivers) -> bool {
        !self.forwarder.has_ended()
            && self.external_labels == wanted.external_labels
            && wanted.configs.contains(&self.config)
    }
}

impl Forwarding {
    /// Prepares forwarding from a store, within the runtime. Checkpoints lie in the data folder; so much log is kept for
    /// receivers that are behind, beyond what the store needs itself.
    pub(super) fn new(
        (data, hold_bytes): (&Path, u64),
        (store, clock): (&Arc<Store>, &Arc<dyn Clock>),
    ) -> Self {
        Self {
            running: Mutex::new(Some(Vec::new())),
            changing: Mutex::new(()),
            folder: data.join(FOLDER),
            hold_bytes,
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            runtime: Handle::current(),
        }
    }

    /// Forwards to these receivers and no others: those that are the same run on, those that changed begin again where
    /// they were, those that are gone end. Checkpoints stay, also for receivers that are gone. Blocks for as long as
    /// receivers take to end.
    ///
    /// # Errors
    /// Some receivers cannot be forwarded to; the others are.
    pub(super) fn apply(&self, wanted: Receivers) -> Result<(), Vec<String>> {
        let _changing = self.changing.lock();
        let (ending, names) = {
            let mut running = self.running.lock();
            let Some(running) = running.as_mut() else {
                return Ok(());
            };
            let all = std::mem::take(running);
            let (staying, ending): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.is_wanted(&wanted));
            let names: Vec<String> = staying.iter().map(|one| one.config.name.clone()).collect();
            *running = staying;
            (ending, names)
        };
        stop(ending);
        let mut failed = Vec::new();
        for config in wanted.configs {
            if names.contains(&config.name) {
                continue;
            }
            match self.start(config, &wanted.external_labels) {
                Ok(started) => {
                    if let Some(running) = self.running.lock().as_mut() {
                        running.push(started);
                    }
                }
                Err(why) => failed.push(why),
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }

    fn start(&self, config: RemoteWriteConfig, external_labels: &Labels) -> Result<Running, String> {
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| format!("failed to create {}: {error}", self.folder.display()))?;
        let families = Arc::clone(&self.store);
        let options = ForwarderOptions {
            external_labels: external_labels.clone(),
            folder: self.folder.clone(),
            hold_bytes: self.hold_bytes,
            patience: PATIENCE,
            runtime: self.runtime.clone(),
            clock: Arc::clone(&self.clock),
            families: Arc::new(move || families.metadata(None)),
        };
        let started = Forwarder::start(config.clone(), &self.store, options);
        let forwarder = started.map_err(|error| with_causes(&error))?;
        Ok(Running {
            config,
            external_labels: external_labels.clone(),
            forwarder,
        })
    }

    /// Stops all at once, for good. Blocks.
    pub(super) fn stop(&self) {
        let running = self.running.lock().take();
        stop(running.unwrap_or_default());
    }
}

impl Report for Forwarding {
    fn report(&self, out: &mut dyn Sink) {
        for running in self.running.lock().iter().flatten() {
            running.forwarder.status().report(out);
        }
    }
}

fn stop(ending: Vec<Running>) {
    for one in &ending {
        one.forwarder.ask_to_stop();
    }
    for one in ending {
        one.forwarder.stop();
    }
}
