//! TLS of a client: rustls with ring.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::config::{HttpConfig, SecretSource, TlsConfig};

/// Builds the configuration of TLS.
///
/// # Errors
/// A certificate or key cannot be read; the text names it.
pub(super) fn client_config(config: &HttpConfig) -> Result<ClientConfig, String> {
    let tls = &config.tls;
    let provider = Arc::new(ring::default_provider());
    let versions: &[_] = match (tls.only_tls12, tls.only_tls13) {
        (true, _) => &[&TLS12],
        (false, true) => &[&TLS13],
        (false, false) => &[&TLS13, &TLS12],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| error.to_string())?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier(tls, provider)?);
    let mut client = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate, "certificate")?, private_key(key)?)
            .map_err(|error| format!("certificate and key of tls_config: {error}"))?,
        _ => builder.with_no_client_auth(),
    };
    client.alpn_protocols = if config.http2 {
        vec![b"h2".to_vec(), b"http/1.1".to_vec()]
    } else {
        vec![b"http/1.1".to_vec()]
    };
    Ok(client)
}

fn verifier(tls: &TlsConfig, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    if tls.insecure_skip_verify {
        return Ok(Arc::new(AnyCertificate(provider)));
    }
    let inner: Arc<dyn ServerCertVerifier> = match &tls.authorities {
        None => match rustls_platform_verifier::Verifier::new(Arc::clone(&provider)) {
            Ok(verifier) => Arc::new(verifier),
            // A machine without authorities can still scrape what needs none.
            Err(error) => Arc::new(NoAuthorities {
                reason: error.to_string(),
                provider: Arc::clone(&provider),
            }),
        },
        Some(source) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(source, "ca")? {
                roots
                    .add(certificate)
                    .map_err(|error| format!("ca of tls_config: {error}"))?;
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| format!("ca of tls_config: {error}"))?
        }
    };
    let Some(name) = &tls.server_name else {
        return Ok(inner);
    };
    let name = ServerName::try_from(name.clone())
        .map_err(|_| format!("server_name {name:?} of tls_config is not the name of a server"))?;
    Ok(Arc::new(OtherName { name, inner }))
}

fn pem(source: &SecretSource, what: &str) -> Result<String, String> {
    let text = source
        .load()
        .map_err(|error| format!("{what} of tls_config: {error}"))?;
    Ok(text.reveal().to_owned())
}

fn certificates(source: &SecretSource, what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = pem(source, what)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let found = found.map_err(|error| format!("{what} of tls_config is not PEM: {error}"))?;
    if found.is_empty() {
        return Err(format!("{what} of tls_config holds no certificate"));
    }
    Ok(found)
}

fn private_key(source: &SecretSource) -> Result<PrivateKeyDer<'static>, String> {
    let text = pem(source, "key")?;
    // The text of the error could quote the key.
    PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| "key of tls_config holds no private key in PEM".to_owned())
}

/// Takes any certificate: `insecure_skip_verify`.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

/// Looks for another name in the certificate than that of the URL: `server_name`.
#[derive(Debug)]
struct OtherName {
    name: ServerName<'static>,
    inner: Arc<dyn ServerCertVerifier>,
}

/// Refuses, as the system has no authorities.
#[derive(Debug)]
struct NoAuthorities {
    reason: String,
    provider: Arc<CryptoProvider>,
}

/// Checks signatures with what the provider can do.
macro_rules! signatures_of {
    ($provider:tt) => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls12_signature(
                message,
                certificate,
                signed,
                &self.$provider.signature_verification_algorithms,
            )
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls13_signature(
                message,
                certificate,
                signed,
                &self.$provider.signature_verification_algorithms,
            )
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.$provider
                .signature_verification_algorithms
                .supported_schemes()
        }
    };
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    signatures_of!(0);
}

impl ServerCertVerifier for NoAuthorities {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Err(rustls::Error::General(format!(
            "the system has no certificate authorities ({}); set ca_file in tls_config",
            self.reason
        )))
    }

    signatures_of!(provider);
}

impl ServerCertVerifier for OtherName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.inner
            .verify_server_cert(certificate, intermediates, &self.name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
