//! Where a server is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use hyper::Uri;
use rustls::pki_types::ServerName;

use super::ClientError;

/// Port of a Periplus server that is not told another.
const DEFAULT_PORT: u16 = 8420;

/// The address of a server: `http://host:port/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    tls: bool,
    host: String,
    port: u16,
    prefix: String,
}

impl Address {
    /// Tells whether the connection is encrypted.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }

    /// Returns the host without the brackets of IPv6.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Tells whether the server is on this machine for certain.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the path before `/api`, empty or with a leading `/`.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns `host:port`, the value of the `Host` header.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Returns the name that the server's certificate must carry.
    ///
    /// # Errors
    /// The host is neither a DNS name nor an address.
    pub(super) fn tls_name(&self) -> Result<ServerName<'static>, ClientError> {
        ServerName::try_from(self.host().to_owned()).map_err(|source| ClientError::Handshake {
            server: self.to_string(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidInput, source),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl FromStr for Address {
    type Err = String;

    /// Reads an address. Without a scheme it is `http`; without a port, 8420 where the scheme is missing too, else
    /// the scheme's own.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected an address such as http://127.0.0.1:8420 or https://node7.example:8420";
        let has_scheme = text.contains("://");
        let full = if has_scheme {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let uri: Uri = full.parse().map_err(|_| expected)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(expected.to_owned()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(expected)?;
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
            || uri.query().is_some()
        {
            return Err(format!("{expected}, without user, password or query"));
        }
        let default_port = match (has_scheme, tls) {
            (false, _) => DEFAULT_PORT,
            (true, false) => 80,
            (true, true) => 443,
        };
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(default_port),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}
