//! Whom to trust: the system's authorities, a file, or one certificate by its fingerprint.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use sha2::{Digest, Sha256};

use super::ClientError;

/// Where distributions keep the authorities they trust, in one PEM file.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// SHA-256 of a certificate in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate.as_ref()).into())
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// Reads 64 hexadecimal digits, with or without colons between pairs and `sha256:` or `SHA256:` in front.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected the 64 hexadecimal digits of a SHA-256 fingerprint";
        let text = text.trim();
        let text = text
            .strip_prefix("sha256:")
            .or_else(|| text.strip_prefix("SHA256:"))
            .unwrap_or(text);
        let digits: Vec<u8> = text
            .chars()
            .filter(|&c| c != ':')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(expected)?;
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return Err(expected.to_owned());
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().fold(0, |sum, digit| sum << 4 | digit);
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (idx, byte) in self.0.iter().enumerate() {
            let colon = if idx > 0 { ":" } else { "" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// Makes the rules of an encrypted connection.
///
/// # Errors
/// No certificates can be loaded.
pub(super) fn config(
    ca_cert: Option<&Path>,
    fingerprint: Option<Fingerprint>,
) -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| ClientError::Certificates {
            path: "TLS".to_owned(),
            source: source.into(),
        })?;
    if let Some(wanted) = fingerprint {
        let pinned = Arc::new(Pinned { wanted, provider });
        return Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(pinned)
            .with_no_client_auth());
    }
    let roots = match ca_cert {
        Some(path) => load(path)?,
        None => load_system()?,
    };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn load(path: &Path) -> Result<RootCertStore, ClientError> {
    let failed = |source| ClientError::Certificates {
        path: path.display().to_string(),
        source,
    };
    let pem = std::fs::read(path).map_err(|source| failed(source.into()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let added = certificate
            .context("not a PEM file")
            .and_then(|certificate| Ok(roots.add(certificate)?));
        added.map_err(failed)?;
    }
    if roots.is_empty() {
        return Err(failed(anyhow::anyhow!("no certificate in the file")));
    }
    Ok(roots)
}

/// Loads the system's authorities. Single ones that are not understood are passed over, as elsewhere.
fn load_system() -> Result<RootCertStore, ClientError> {
    let chosen = std::env::var_os("SSL_CERT_FILE");
    let places = chosen
        .iter()
        .map(Path::new)
        .chain(SYSTEM_BUNDLES.iter().map(Path::new));
    let mut roots = RootCertStore::empty();
    for place in places {
        if let Ok(pem) = std::fs::read(place) {
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
            break;
        }
    }
    // Without authorities every server is unknown, and the handshake says so.
    Ok(roots)
}

/// Trusts exactly one certificate; its name and its dates do not matter, its key does.
#[derive(Debug)]
struct Pinned {
    wanted: Fingerprint,
    provider: Arc<CryptoProvider>,
}

/// The server showed another certificate than the one it is known by.
#[derive(Debug, thiserror::Error)]
#[error("the server's certificate has the fingerprint {found}, not the one that was asked for")]
struct WrongFingerprint {
    found: Fingerprint,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(end_entity);
        if found == self.wanted {
            return Ok(ServerCertVerified::assertion());
        }
        let wrong = OtherError(Arc::new(WrongFingerprint { found }));
        Err(Error::InvalidCertificate(CertificateError::Other(wrong)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Makes an error of a handshake that failed; one that we refused ourselves says why.
pub(super) fn handshake_error(server: String, source: io::Error) -> ClientError {
    if let Some(Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))) = rustls_error(&source)
        && let Some(WrongFingerprint { found }) = inner.downcast_ref()
    {
        return ClientError::WrongFingerprint {
            server,
            found: *found,
        };
    }
    ClientError::Handshake { server, source }
}

/// Says what to do about a handshake that failed.
pub(super) fn hint(source: &io::Error) -> String {
    match rustls_error(source) {
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "name the server as its certificate does, or trust it with --fingerprint SHA256",
        Some(Error::InvalidCertificate(_)) => {
            "the server's certificate is its own: trust it with --fingerprint SHA256 (printed by `periplus up`) or \
             --ca-cert FILE"
        }
        _ => "if the server listens on loopback only, its address begins with http://",
    }
    .to_owned()
}

fn rustls_error(source: &io::Error) -> Option<&Error> {
    source.get_ref()?.downcast_ref()
}
