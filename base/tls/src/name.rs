//! Asking for `server_name` in the handshake.
//!
//! A server with several certificates chooses by the name in the client's hello (SNI), and the client takes that from
//! the URL. So the URL gets the name, a resolver of our own finds the address of the host that was meant, and the
//! `Host` header says that host, as it would have: the three places where Go's client has three fields.
//!
//! Limits: a connection belongs to one host, so a client does, too; HTTP/2 has no place for a second name and is not
//! offered; a proxy would be told the wrong host, so with one the handshake names the host of the URL and only the
//! certificate is checked for `server_name`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::TlsConfig;

/// A host that is reached under another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    name: String,
    host: String,
    host_header: String,
}

impl Renamed {
    /// Tells whether requests to a URL have to be renamed, and to what.
    pub fn find(config: &TlsConfig, url: &Url) -> Option<Self> {
        let name = config.server_name.as_deref()?;
        // The hello has no place for addresses.
        if url.scheme() != "https" || name.parse::<IpAddr>().is_ok() {
            return None;
        }
        let host = match url.host()? {
            Host::Domain(host) if host.eq_ignore_ascii_case(name) => return None,
            Host::Domain(host) => host.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let shown = url.host_str()?;
        let host_header = url
            .port()
            .map_or(shown.to_owned(), |port| format!("{shown}:{port}"));
        Some(Self {
            name: name.to_owned(),
            host,
            host_header,
        })
    }

    /// Returns the host that is reached.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the value of the header `Host`.
    pub fn host_header(&self) -> &str {
        &self.host_header
    }

    /// Returns the URL under the other name.
    pub fn rename(&self, url: &Url) -> Url {
        let mut renamed = url.clone();
        // The name was checked and the scheme is https: nothing forbids another host.
        let _same = renamed.set_host(Some(&self.name));
        renamed
    }

    /// Returns what finds the host's address under the other name; for clients of this host only.
    pub fn resolver(&self) -> Arc<dyn Resolve> {
        Arc::new(Resolver(self.clone()))
    }
}

struct Resolver(Renamed);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        // A redirect may lead to a third host.
        let host = if name.as_str().eq_ignore_ascii_case(&self.0.name) {
            self.0.host.clone()
        } else {
            name.as_str().to_owned()
        };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
