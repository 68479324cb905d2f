//! The configuration file, as Prometheus writes it: `global`, `scrape_configs`, `scrape_config_files`.
//!
//! The other sections of the file belong to others, who read them with [`read_section`] from [`Config::text`].
//!
//! A file becomes [`Config`] in one step that reports every mistake. Unknown keys are mistakes, named with their
//! place and the key that was probably meant; keys of Prometheus that Periplus does not act on yet are taken and
//! named in [`Config::warnings`]. Secrets live in [`tls::Secret`] and are never printed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Labels, NameScheme, RelabelRule};
use tls::Secret;

mod check;
mod duration;
mod http;
mod job;
mod kubernetes;
mod load;
mod mask;
mod raw;
mod size;
mod text;

pub use duration::{format_duration, parse_duration};
pub use http::{Authorization, BasicAuth, HttpConfig, Proxy};
pub use job::{DiscoveryConfig, DnsKind, HistogramOptions, Job, Limits, Protocol, StaticGroup};
pub use kubernetes::{KubernetesApi, KubernetesConfig, KubernetesRole, KubernetesSelector};
pub use size::parse_size;
pub use text::read as read_section;

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the configuration {path} has {n} mistake{plural}: {list}", path = path.display(), n = mistakes.len(), plural = if mistakes.len() == 1 { "" } else { "s" }, list = mistakes.join("; "))]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, each with its place; at least one.
    pub mistakes: Vec<String>,
}

/// A configuration that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Labels for what leaves this process; they are not added to what is stored.
    pub external_labels: Labels,
    /// What `scrape_interval` says for all jobs.
    pub scrape_interval: Duration,
    /// The jobs, those of `scrape_config_files` too.
    pub jobs: Vec<Arc<Job>>,
    /// The file as it was written, for those who read its other sections.
    pub text: Secret,
    /// What was taken and is not acted on.
    pub warnings: Vec<String>,
    /// The configuration as YAML, defaults filled in, secrets replaced by `<secret>`.
    pub printed: String,
    /// Files that were read, to be watched.
    pub files: Vec<PathBuf>,
    /// What jobs that are not in the file take their defaults from.
    global: raw::RawGlobal,
}

impl Config {
    /// Reads and checks a file and the files it names.
    ///
    /// # Errors
    /// A file cannot be read, or there are mistakes in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        load::load(path)
    }

    /// Checks a configuration given as text; relative paths are seen from `folder`.
    ///
    /// # Errors
    /// There are mistakes in it.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        load::parse(text, &folder.join("configuration"))
    }

    /// Makes a job that is not in the file, with the defaults of the file's `global`.
    ///
    /// # Errors
    /// There are mistakes in it, or it has another name than it says.
    pub fn make_job(&self, offered: &OfferedJob) -> Result<Arc<Job>, ConfigError> {
        load::offered(offered, &self.global)
    }
}

/// A job that somebody other than the file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedJob {
    /// Its `job_name`.
    pub name: String,
    /// One of `scrape_configs` as YAML or JSON; may hold secrets. Paths are absolute.
    pub text: Secret,
    /// Why its targets cannot be scraped, as when a password may not be read. They are found and shown with this, and
    /// nothing is asked of them.
    pub hindrance: Option<String>,
}

/// Rules of a job together with what they look like.
pub(crate) type Rules = Vec<RelabelRule>;

/// Which names a job takes, and how it asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// What is allowed.
    pub scheme: NameScheme,
    /// The word of the `escaping` parameter that is sent to the target.
    pub escaping: &'static str,
}

#[cfg(test)]
mod tests;
