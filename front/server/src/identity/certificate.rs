//! The certificate a server shows: the operator's, or a self-signed one made at the first start.
//!
//! A self-signed certificate is trusted by its fingerprint, which the server announces; it therefore carries no
//! useful end of validity and is kept until the operator removes it. The operator's may be replaced while the server
//! runs, as it ends within weeks where somebody issues it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use super::secret_file;
use super::token::hex;
use crate::config::TlsFiles;

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read as PEM.
    #[error("failed to read {what} from {path}")]
    Read {
        /// Certificate or key.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A self-signed certificate cannot be made.
    #[error("failed to make a self-signed certificate")]
    Make(#[source] rcgen::Error),
    /// A self-signed certificate cannot be kept.
    #[error("failed to write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Certificate and key cannot be served with.
    #[error("cannot serve with certificate {path}")]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// What TLS says.
        #[source]
        source: rustls::Error,
    },
}

/// The certificate shown to those who connect.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsFiles,
    shown: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read()))
    }
}

impl Certificate {
    /// Returns the SHA-256 fingerprint of the server's certificate, as browsers and `openssl` show it.
    pub(crate) fn fingerprint(&self) -> String {
        let shown = self.shown.read();
        let Some(first) = shown.cert.first() else {
            return String::new();
        };
        let digits = hex(&Sha256::digest(first)).to_uppercase();
        let pairs: Vec<&str> = digits
            .as_bytes()
            .chunks(2)
            .filter_map(|p| std::str::from_utf8(p).ok())
            .collect();
        pairs.join(":")
    }

    /// Reads the files again and shows what they hold now to those who connect from here on; tells whether that is
    /// another certificate than before.
    ///
    /// # Errors
    /// The files cannot be read or do not belong together; the certificate that is shown stays.
    pub(crate) fn renew(&self) -> Result<bool, CertificateError> {
        let now = read(&self.files)?;
        if self.shown.read().cert == now.cert {
            return Ok(false);
        }
        *self.shown.write() = Arc::new(now);
        Ok(true)
    }

    /// Prepares to serve with the certificate: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, CertificateError> {
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|source| CertificateError::Unusable {
                path: self.files.cert.clone(),
                source,
            })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// The folder of identity files.
pub(super) fn identity_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("identity")
}

/// Reads the operator's certificate.
pub(crate) fn load(files: &TlsFiles) -> Result<Certificate, CertificateError> {
    Ok(Certificate {
        files: files.clone(),
        shown: RwLock::new(Arc::new(read(files)?)),
    })
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, CertificateError> {
    let error = |what, path: &Path| {
        let path = path.to_owned();
        move |source| CertificateError::Read { what, path, source }
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(error("certificate", &files.cert))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(error("key", &files.key))?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|source| {
        CertificateError::Unusable {
            path: files.cert.clone(),
            source,
        }
    })
}

/// Reads the self-signed certificate, or makes it for `names` if certificate or key are missing.
pub(crate) fn load_or_create(data_dir: &Path, names: Vec<String>) -> Result<Certificate, CertificateError> {
    let dir = identity_dir(data_dir);
    let files = TlsFiles {
        cert: dir.join("certificate.pem"),
        key: dir.join("key.pem"),
    };
    if !(files.cert.exists() && files.key.exists()) {
        create(&files, names)?;
    }
    load(&files)
}

fn create(files: &TlsFiles, names: Vec<String>) -> Result<(), CertificateError> {
    let made = rcgen::generate_simple_self_signed(names).map_err(CertificateError::Make)?;
    // The key first: a certificate without key is made again, a key without certificate too.
    let parts = [
        (&files.key, made.signing_key.serialize_pem()),
        (&files.cert, made.cert.pem()),
    ];
    for (path, pem) in parts {
        secret_file::write(path, pem.as_bytes()).map_err(|source| CertificateError::Write {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}
