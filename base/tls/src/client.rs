//! The configuration of rustls.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};

use crate::verify::{Checked, Trust};
use crate::{SecretError, SecretSource, TlsConfig, Versions};

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {key} of tls_config")]
    Read {
        /// The key that names it.
        key: &'static str,
        /// Why not.
        #[source]
        source: SecretError,
    },
    /// A text is not what it should be. What it is, is not said: it may hold a key.
    #[error("{key} of tls_config{place} holds no {what} in PEM")]
    Pem {
        /// The key.
        key: &'static str,
        /// The file, if it is one.
        place: String,
        /// What it should hold.
        what: &'static str,
    },
    /// What was read cannot be used.
    #[error("cannot use {key} of tls_config")]
    Unusable {
        /// The keys.
        key: &'static str,
        /// What is wrong.
        #[source]
        source: rustls::Error,
    },
}

fn unusable(key: &'static str) -> impl Fn(rustls::Error) -> TlsError {
    move |source| TlsError::Unusable { key, source }
}

/// Builds what a client speaks with; certificates and keys are read now. `protocols` are offered to the server in that
/// order (`h2`, `http/1.1`).
///
/// # Errors
/// A certificate or key cannot be read or used. A system without authorities is no error: the first request that needs
/// them says so.
pub fn client_config(config: &TlsConfig, protocols: &[&str]) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let versions: &[_] = match config.versions {
        Versions::All => &[&TLS13, &TLS12],
        Versions::Only12 => &[&TLS12],
        Versions::Only13 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(unusable("min_version"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier(config, provider)?));
    let mut client = match (&config.certificate, &config.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate, "cert")?, private_key(key)?)
            .map_err(unusable("cert and key"))?,
        _ => builder.with_no_client_auth(),
    };
    client.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(client)
}

fn verifier(config: &TlsConfig, provider: Arc<CryptoProvider>) -> Result<Checked, TlsError> {
    let trust = if config.insecure_skip_verify {
        Trust::Anyone
    } else if let Some(source) = &config.authorities {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(source, "ca")? {
            roots.add(certificate).map_err(unusable("ca"))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| unusable("ca")(rustls::Error::General(error.to_string())))?;
        Trust::Authorities(verifier)
    } else {
        match rustls_platform_verifier::Verifier::new(Arc::clone(&provider)) {
            Ok(verifier) => Trust::Authorities(Arc::new(verifier)),
            Err(error) => Trust::Nobody(error.to_string()),
        }
    };
    let name = config.server_name.as_ref();
    Ok(Checked {
        trust,
        name: name.and_then(|name| ServerName::try_from(name.clone()).ok()),
        provider,
    })
}

fn read(source: &SecretSource, key: &'static str) -> Result<(crate::Secret, String), TlsError> {
    let place = match source {
        SecretSource::Inline(_) => String::new(),
        SecretSource::File(path) => format!(" ({})", path.display()),
    };
    let text = source.load().map_err(|source| TlsError::Read { key, source })?;
    Ok((text, place))
}

fn certificates(source: &SecretSource, key: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let (text, place) = read(source, key)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.reveal().as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::Pem {
            key,
            place,
            what: "certificate",
        }),
    }
}

fn private_key(source: &SecretSource) -> Result<PrivateKeyDer<'static>, TlsError> {
    let (text, place) = read(source, "key")?;
    // The error of the library could quote the key.
    PrivateKeyDer::from_pem_slice(text.reveal().as_bytes()).map_err(|_| TlsError::Pem {
        key: "key",
        place,
        what: "private key",
    })
}

#[cfg(test)]
mod tests;
