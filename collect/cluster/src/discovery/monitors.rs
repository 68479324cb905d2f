//! ServiceMonitor, PodMonitor, Probe and ScrapeConfig of the Prometheus operator, as jobs for `scrape`.
//!
//! What these objects mean is what the operator's API reference says
//! (<https://prometheus-operator.dev/docs/api-reference/api/>), read with a Prometheus 3 that looks at endpoint slices;
//! nothing of the operator has to run. Promises:
//!
//! - Each object becomes jobs in the words of a scrape configuration; relabelling and discovery are the same as for the
//!   configuration file.
//! - A field that is not acted on, and a reference that leads nowhere, is named with its object; the rest of the object,
//!   and all others, work.
//! - Of secrets and config maps only the keys that these objects name are asked for, when they name them. They are held
//!   in the jobs and nowhere else, and never printed.

mod book;
mod cover;
mod fields;
mod http;
mod job;
mod keys;
mod pod;
mod probe;
mod rules;
mod scrape;
mod service;

use ::scrape::OfferedJob;

pub(crate) use self::book::{MAX_MONITORS, Monitor, MonitorBook};
pub use self::book::{MonitorKind, MonitorStatus};
pub(crate) use self::cover::{Overlap, STATE_METRICS, overlaps};
use self::fields::Fields;
pub(crate) use self::job::Caller;
use self::job::Desk;
pub(crate) use self::keys::{Keys, Reference, read};

/// What an object comes to.
pub(crate) struct Made {
    /// Its jobs.
    pub(crate) jobs: Vec<OfferedJob>,
    /// What of it is not acted on, and why.
    pub(crate) problems: Vec<String>,
}

/// Makes the jobs of an object. Keys of secrets that are not known yet are noted as wanted in `keys`.
pub(crate) fn make(monitor: &Monitor, caller: Caller<'_>, keys: &mut Keys) -> Made {
    let mut desk = Desk::new(monitor, caller, keys);
    let spec = Fields::new(monitor.spec.clone(), "spec");
    let jobs = match monitor.kind {
        MonitorKind::ServiceMonitor => service::jobs(&mut desk, spec),
        MonitorKind::PodMonitor => pod::jobs(&mut desk, spec),
        MonitorKind::Probe => probe::jobs(&mut desk, spec),
        MonitorKind::ScrapeConfig => scrape::jobs(&mut desk, spec),
    };
    Made {
        jobs,
        problems: desk.problems(),
    }
}

#[cfg(test)]
mod tests;
