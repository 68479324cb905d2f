//! What an operator may order over HTTP, if it is enabled.

use std::pin::Pin;

use server::Lifecycle;
use tokio_util::sync::CancellationToken;

use super::reload::Reloader;

/// Takes the orders.
pub(super) struct Orders {
    /// Reads the configuration anew; `None` if there is no file.
    pub(super) reloader: Option<Reloader>,
    /// Stops the process.
    pub(super) stop: CancellationToken,
}

impl Lifecycle for Orders {
    fn reload(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        let reloader = self.reloader.clone();
        Box::pin(async move {
            let Some(reloader) = reloader else {
                return Err("there is no configuration file: start with --config FILE".to_owned());
            };
            let warnings = reloader.reload().await?;
            for warning in warnings {
                tracing::warn!("{warning}");
            }
            Ok(())
        })
    }

    fn quit(&self) {
        self.stop.cancel();
    }
}
