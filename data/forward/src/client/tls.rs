//! TLS to a receiver: rustls with ring.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{ClientError, read};
use crate::config::{RemoteWriteConfig, TlsSettings};

/// Builds the configuration of TLS; files are read now.
///
/// # Errors
/// A certificate or key cannot be read or used.
pub(super) fn client_config(config: &RemoteWriteConfig) -> Result<ClientConfig, ClientError> {
    let tls = &config.tls;
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| unusable("the versions of TLS", source))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(tls, provider)?);
    let mut client = match (&tls.cert_file, &tls.key_file) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|source| unusable("our certificate (cert_file, key_file)", source))?,
        _ => builder.with_no_client_auth(),
    };
    client.alpn_protocols = vec![b"http/1.1".to_vec()];
    if config.http2 {
        client.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Ok(client)
}

fn unusable(what: &'static str, source: rustls::Error) -> ClientError {
    ClientError::Tls { what, source }
}

fn verifier(
    tls: &TlsSettings,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, ClientError> {
    let inner: Option<Arc<dyn ServerCertVerifier>> = if tls.insecure_skip_verify {
        None
    } else if let Some(path) = &tls.ca_file {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path)? {
            roots
                .add(certificate)
                .map_err(|source| unusable("the trusted certificates (ca_file)", source))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| {
                unusable(
                    "the trusted certificates (ca_file)",
                    rustls::Error::General(error.to_string()),
                )
            })?;
        Some(verifier)
    } else {
        match rustls_platform_verifier::Verifier::new(Arc::clone(&provider)) {
            Ok(verifier) => Some(Arc::new(verifier)),
            // Without TLS none are needed; with it each request says what is missing.
            Err(error) => Some(Arc::new(NoAuthorities(error.to_string()))),
        }
    };
    let name = tls
        .server_name
        .as_ref()
        .and_then(|name| ServerName::try_from(name.clone()).ok());
    Ok(Arc::new(Checked {
        inner,
        name,
        provider,
    }))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let pem = read(path)?;
    let malformed = || ClientError::Pem {
        path: path.to_owned(),
        what: "certificate",
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|_| malformed())?;
    if found.is_empty() {
        return Err(malformed());
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ClientError> {
    // The error of the library could quote the key.
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| ClientError::Pem {
        path: path.to_owned(),
        what: "private key",
    })
}

/// Checks certificates as configured: any at all without `inner`, else by it, under another name if one is given.
#[derive(Debug)]
struct Checked {
    inner: Option<Arc<dyn ServerCertVerifier>>,
    name: Option<ServerName<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Checked {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = &self.inner else {
            return Ok(ServerCertVerified::assertion());
        };
        let name = self.name.as_ref().unwrap_or(name);
        inner.verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The system trusts nobody; the reason.
#[derive(Debug)]
struct NoAuthorities(String);

impl ServerCertVerifier for NoAuthorities {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Err(self.refusal())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(self.refusal())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(self.refusal())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Vec::new()
    }
}

impl NoAuthorities {
    fn refusal(&self) -> rustls::Error {
        rustls::Error::General(format!(
            "the system has no certificate authorities ({}); set ca_file in tls_config",
            self.0
        ))
    }
}
