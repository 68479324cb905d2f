//! What an operator may order over HTTP, if it is enabled.

use std::pin::Pin;

use model::with_causes;
use scrape::ScrapeHandle;
use server::Lifecycle;
use tokio_util::sync::CancellationToken;

/// Takes the orders.
pub(super) struct Orders {
    /// Reads the configuration anew; `None` if there is no file.
    pub(super) scraping: Option<ScrapeHandle>,
    /// Stops the process.
    pub(super) stop: CancellationToken,
}

impl Lifecycle for Orders {
    fn reload(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        let scraping = self.scraping.clone();
        Box::pin(async move {
            let Some(scraping) = scraping else {
                return Err("there is no configuration file: start with --config FILE".to_owned());
            };
            let reloaded = scraping.reload().await;
            reloaded.map(drop).map_err(|error| with_causes(&error))
        })
    }

    fn quit(&self) {
        self.stop.cancel();
    }
}
