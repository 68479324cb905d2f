//! Certificates and tokens that are replaced on disk while the server runs.
//!
//! Who issues them puts others in their place before they end, as the kubelet does with what a pod mounts. Files are
//! read and compared, as their times say little behind links that are switched.

use std::error::Error;
use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::identity::certificate::Certificate;

/// Looks at the files again and again until `stop`.
pub(super) async fn keep_renewed(
    app: &Arc<App>,
    certificate: Option<Arc<Certificate>>,
    stop: &CancellationToken,
) {
    // On the loopback nothing is asked for and often nothing is shown.
    if certificate.is_none() && !app.identity.needs_token() {
        return;
    }
    let mut ticks = interval(app.config.renewal);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = [String::new(), String::new()];
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let (app, shown) = (Arc::clone(app), certificate.clone());
        let looked = spawn_blocking(move || {
            let certificate = shown.map_or(Ok(false), |shown| shown.renew());
            [words(certificate), words(app.identity.renew())]
        });
        let Ok(outcomes) = looked.await else { continue };
        for ((what, outcome), told) in ["certificate", "token"].into_iter().zip(outcomes).zip(&mut told) {
            tell(what, outcome, told);
        }
    }
}

fn words<E: Error>(outcome: Result<bool, E>) -> Result<bool, String> {
    outcome.map_err(|error| match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

/// Logs what came out, a failure once as long as it stays the same.
fn tell(what: &str, outcome: Result<bool, String>, told: &mut String) {
    match outcome {
        Ok(changed) => {
            if changed {
                tracing::info!("took over another {what}");
            }
            told.clear();
        }
        Err(error) if error == *told => {}
        Err(error) => {
            tracing::warn!(
                error,
                "cannot take over the {what}; the one before stays in force"
            );
            *told = error;
        }
    }
}
