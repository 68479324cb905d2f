//! Whether a server is believed.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};

/// Who is believed to be who they say.
#[derive(Debug)]
pub(crate) enum Trust {
    /// Everybody: `insecure_skip_verify`.
    Anyone,
    /// Who has a certificate of these.
    Authorities(Arc<dyn ServerCertVerifier>),
    /// The system knows no authorities, for this reason; what needs none works.
    Nobody(String),
}

/// Checks certificates as configured, for another name than that of the URL if there is one. The server has to prove in
/// any case that the certificate is its own.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) trust: Trust,
    pub(crate) name: Option<ServerName<'static>>,
    pub(crate) provider: Arc<CryptoProvider>,
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
        match &self.trust {
            Trust::Anyone => Ok(ServerCertVerified::assertion()),
            Trust::Authorities(inner) => {
                let name = self.name.as_ref().unwrap_or(name);
                inner.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
            Trust::Nobody(reason) => Err(rustls::Error::General(format!(
                "the system has no certificate authorities ({reason}); set ca_file in tls_config"
            ))),
        }
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
