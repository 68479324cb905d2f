//! `dns_sd_configs`: records of names, asked for again and again.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio_util::sync::CancellationToken;

use super::{Discovery, GroupSink, Search, TargetGroup};
use crate::config::DnsKind;
use crate::target::ADDRESS;

const NAME: &str = "__meta_dns_name";
const SRV_TARGET: &str = "__meta_dns_srv_record_target";
const SRV_PORT: &str = "__meta_dns_srv_record_port";
const MX_TARGET: &str = "__meta_dns_mx_record_target";
const NS_TARGET: &str = "__meta_dns_ns_record_target";

/// Records of names.
pub(super) struct Dns {
    pub(super) names: Vec<String>,
    pub(super) kind: DnsKind,
    pub(super) port: u16,
    pub(super) refresh: Duration,
    /// Makes the resolver for each look; [`of_machine`] but in tests.
    pub(super) resolver: Box<dyn Fn() -> Result<TokioResolver, NetError> + Send + Sync>,
}

/// Makes a resolver that asks the servers of this machine.
pub(super) fn of_machine() -> Result<TokioResolver, NetError> {
    TokioResolver::builder_tokio()?.build()
}

impl Dns {
    async fn run(self, out: GroupSink, stop: CancellationToken) {
        let mut known: Vec<Option<TargetGroup>> = vec![None; self.names.len()];
        loop {
            let Some(found) = stop.run_until_cancelled(self.ask_all()).await else {
                return;
            };
            let mut changed = false;
            for (known, found) in known.iter_mut().zip(found) {
                if let Some(found) = found.filter(|found| known.as_ref() != Some(found)) {
                    *known = Some(found);
                    changed = true;
                }
            }
            if changed {
                out.replace(known.iter().flatten().cloned().collect()).await;
            }
            if stop
                .run_until_cancelled(tokio::time::sleep(self.refresh))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    /// Asks for all names; `None` for those whose servers do not answer.
    async fn ask_all(&self) -> Vec<Option<TargetGroup>> {
        // Built afresh, as the machine's list of servers may have changed.
        let resolver = match (self.resolver)() {
            Ok(resolver) => resolver,
            Err(error) => {
                tracing::warn!(%error, "failed to read the configuration of the resolver");
                return vec![None; self.names.len()];
            }
        };
        let mut groups = Vec::with_capacity(self.names.len());
        for name in &self.names {
            groups.push(self.ask(&resolver, name).await);
        }
        groups
    }

    async fn ask(&self, resolver: &TokioResolver, name: &str) -> Option<TargetGroup> {
        let kind = match self.kind {
            DnsKind::A => RecordType::A,
            DnsKind::Aaaa => RecordType::AAAA,
            DnsKind::Srv => RecordType::SRV,
            DnsKind::Mx => RecordType::MX,
            DnsKind::Ns => RecordType::NS,
        };
        let mut group = TargetGroup {
            source: name.to_owned(),
            ..TargetGroup::default()
        };
        match resolver.lookup(name, kind).await {
            Ok(lookup) => {
                let targets = lookup
                    .answers()
                    .iter()
                    .filter_map(|record| self.target(name, &record.data));
                group.targets = targets.collect();
                Some(group)
            }
            // The name is known to have no records: it has no targets.
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => Some(group),
            Err(error) => {
                tracing::warn!(name, %error, "failed to look up targets; those found before stay");
                None
            }
        }
    }

    fn target(&self, name: &str, data: &RData) -> Option<Vec<(String, String)>> {
        let mut labels = vec![(NAME.to_owned(), name.to_owned())];
        let mut add = |label: &str, value: String| labels.push((label.to_owned(), value));
        let host = |name: String| name.trim_end_matches('.').to_owned();
        let (host, port) = match data {
            RData::A(address) => (address.0.to_string(), self.port),
            RData::AAAA(address) => (format!("[{}]", address.0), self.port),
            RData::SRV(record) => {
                add(SRV_TARGET, record.target.to_utf8());
                add(SRV_PORT, record.port.to_string());
                (host(record.target.to_utf8()), record.port)
            }
            RData::MX(record) => {
                add(MX_TARGET, record.exchange.to_utf8());
                (host(record.exchange.to_utf8()), self.port)
            }
            RData::NS(record) => {
                add(NS_TARGET, record.0.to_utf8());
                (host(record.0.to_utf8()), self.port)
            }
            // An alias on the way to the answer.
            _ => return None,
        };
        add(ADDRESS, format!("{host}:{port}"));
        Some(labels)
    }
}

impl Discovery for Dns {
    fn search(self: Box<Self>, out: GroupSink, stop: CancellationToken) -> Search {
        Box::pin(self.run(out, stop))
    }
}

#[cfg(test)]
mod tests;
