//! Forwarding by `remote_write` of the configuration file, as this process runs it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use forward::{Forwarder, ForwarderOptions, RemoteWriteConfig, parse_remote_write};
use model::{Clock, Labels, Query as _, Sink};
use parking_lot::Mutex;
use store::Store;
use tokio::runtime::Handle;

use crate::report::Failure;

/// Where checkpoints lie in the data folder.
const FOLDER: &str = "forward";
/// Log kept for receivers that are behind, beyond what the store needs itself.
const HOLD_BYTES: u64 = 4 << 30;
/// How long a stop waits for receivers; the log keeps what they have not taken.
const PATIENCE: Duration = Duration::from_secs(3);

/// Receivers, and what every series gets on its way to them.
pub(super) struct Receivers {
    configs: Vec<RemoteWriteConfig>,
    external_labels: Labels,
}

/// The forwarders of this process.
#[derive(Default)]
pub(super) struct Forwarding {
    forwarders: Mutex<Vec<Forwarder>>,
}

/// Reads what stands under `remote_write`.
///
/// # Errors
/// It is wrong.
pub(super) fn check(config: &scrape::Config) -> Result<Receivers, Failure> {
    let configs = match &config.remote_write {
        // JSON is YAML.
        Some(receivers) if !receivers.is_null() => {
            parse_remote_write(&receivers.to_string()).map_err(|errors| {
                Failure::message("cannot forward to the receivers under remote_write")
                    .detail(errors.iter().map(ToString::to_string))
                    .hint("nothing was started")
            })?
        }
        _ => Vec::new(),
    };
    Ok(Receivers {
        configs,
        external_labels: config.external_labels.clone(),
    })
}

impl Forwarding {
    /// Starts forwarding to all receivers, within the runtime.
    ///
    /// # Errors
    /// A checkpoint or a certificate cannot be read.
    pub(super) fn start(
        receivers: Receivers,
        data: &Path,
        (store, clock): (&Arc<Store>, &Arc<dyn Clock>),
    ) -> Result<Self, Failure> {
        let forwarding = Self::default();
        if receivers.configs.is_empty() {
            return Ok(forwarding);
        }
        let folder = data.join(FOLDER);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("failed to create {}", folder.display()))
            .map_err(Failure::new)?;
        for config in receivers.configs {
            let families = Arc::clone(store);
            let options = ForwarderOptions {
                external_labels: receivers.external_labels.clone(),
                folder: folder.clone(),
                hold_bytes: HOLD_BYTES,
                patience: PATIENCE,
                runtime: Handle::current(),
                clock: Arc::clone(clock),
                families: Arc::new(move || families.metadata(None)),
            };
            let started = Forwarder::start(config, store, options);
            forwarding.forwarders.lock().push(started.map_err(Failure::new)?);
        }
        Ok(forwarding)
    }

    /// Says where each forwarder stands.
    pub(super) fn report(&self, out: &mut dyn Sink) {
        for forwarder in self.forwarders.lock().iter() {
            forwarder.status().report(out);
        }
    }

    /// Stops all at once. Blocks.
    pub(super) fn stop(&self) {
        let forwarders = std::mem::take(&mut *self.forwarders.lock());
        for forwarder in &forwarders {
            forwarder.ask_to_stop();
        }
        for forwarder in forwarders {
            forwarder.stop();
        }
    }
}
