//! Keeps the jobs that a cluster has without configuration in step with its credentials.

use std::time::Duration;

use scrape::{OfferProblem, ScrapeHandle};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::TargetOptions;
use super::builtin::BuiltIn;
use super::credentials::Credentials;
use crate::client::Access;

/// Certificates and tokens of a kubeconfig are rotated; files that it names are read for each connection anyhow.
const REFRESH: Duration = Duration::from_secs(60);

/// The jobs of one cluster.
pub struct ClusterTargets {
    /// What the cluster is called; the label `cluster` of its targets.
    pub name: String,
    /// Where it is.
    pub access: Access,
    /// Which jobs there are.
    pub options: TargetOptions,
}

impl ClusterTargets {
    /// Asks for the jobs, and again when the credentials have changed, until told to stop.
    pub async fn run(self, scraping: ScrapeHandle, stop: CancellationToken) {
        if !self.options.enabled {
            return;
        }
        let mut offered = None;
        let mut complaint = String::new();
        loop {
            let access = self.access.clone();
            let loaded = spawn_blocking(move || Credentials::load(&access)).await;
            match loaded.unwrap_or_else(|_| Err("reading the credentials panicked".to_owned())) {
                Ok(credentials) if offered.as_ref() != Some(&credentials) => {
                    if !self.offer(&credentials, &scraping).await {
                        return;
                    }
                    offered = Some(credentials);
                    complaint.clear();
                }
                Ok(_) => complaint.clear(),
                Err(error) if error != complaint => {
                    tracing::warn!(
                        cluster = self.name,
                        error,
                        "the cluster's own targets cannot be scraped"
                    );
                    complaint = error;
                }
                Err(_) => {}
            }
            if stop
                .run_until_cancelled(tokio::time::sleep(REFRESH))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    /// Asks for the jobs; returns whether scraping still runs.
    async fn offer(&self, credentials: &Credentials, scraping: &ScrapeHandle) -> bool {
        let jobs = BuiltIn {
            cluster: &self.name,
            credentials,
            options: &self.options,
        };
        let owner = format!("cluster {}", self.name);
        let Ok(problems) = scraping.offer(&owner, jobs.jobs()).await else {
            return false;
        };
        for OfferProblem { job, reason } in problems {
            tracing::warn!(
                cluster = self.name,
                job,
                reason,
                "a job of the cluster is not run"
            );
        }
        true
    }
}
