//! What a client signs to be granted a token: a JSON Web Token (RFC 7519, RFC 7523 section 2.1).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tls::{Secret, SecretSource};

/// The grant's name.
pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// For how long an assertion is good, as in Prometheus.
const LIFETIME: Duration = Duration::from_secs(600);

/// How an assertion is signed: RSA with PKCS #1 v1.5 (RFC 7518, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// With SHA-256.
    Rs256,
    /// With SHA-384.
    Rs384,
    /// With SHA-512.
    Rs512,
}

/// What is asserted, and who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The RSA key, as PEM.
    pub key: SecretSource,
    /// Tells the server which key it is.
    pub key_id: Option<String>,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Who vouches; the client if there is none.
    pub issuer: Option<String>,
    /// For whom; the URL of tokens if there is none.
    pub audience: Option<String>,
    /// What is claimed beside; a claim of the same name as one of ours stands for it.
    pub claims: BTreeMap<String, Value>,
}

impl Algorithm {
    /// Reads a name; none is RS256.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name.is_empty() {
            return Some(Self::Rs256);
        }
        let all = [Self::Rs256, Self::Rs384, Self::Rs512];
        all.into_iter().find(|one| one.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    fn scheme(self) -> SignatureScheme {
        match self {
            Self::Rs256 => SignatureScheme::RSA_PKCS1_SHA256,
            Self::Rs384 => SignatureScheme::RSA_PKCS1_SHA384,
            Self::Rs512 => SignatureScheme::RSA_PKCS1_SHA512,
        }
    }
}

/// Who asks, where, and for what.
pub(crate) struct Subject<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) token_url: &'a str,
    /// Parted by spaces; may be empty.
    pub(crate) scope: &'a str,
}

impl Assertion {
    /// Signs.
    ///
    /// # Errors
    /// The key is none that signs so; a sentence says why.
    pub(crate) fn sign(&self, subject: &Subject<'_>, key: &Secret) -> Result<String, &'static str> {
        let mut header = json!({"alg": self.algorithm.name(), "typ": "JWT"});
        if let Some(id) = &self.key_id {
            header["kid"] = json!(id);
        }
        let provider = default_provider();
        let mut id = [0; 16];
        let random = provider.secure_random.fill(&mut id);
        random.map_err(|_| "the system has no random numbers")?;
        let now = now();
        let mut claims = json!({
            "iss": self.issuer.as_deref().unwrap_or(subject.client_id),
            "sub": subject.client_id,
            "jti": format!("{:032x}", u128::from_be_bytes(id)),
            "aud": self.audience.as_deref().unwrap_or(subject.token_url),
            "iat": now.as_secs(),
            "exp": (now + LIFETIME).as_secs(),
        });
        if !subject.scope.is_empty() {
            claims["scope"] = json!(subject.scope);
        }
        for (name, value) in &self.claims {
            claims[name] = value.clone();
        }
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", encoded(&header), encoded(&claims));
        let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes())
            .map_err(|_| "it is no private key in PEM without a passphrase")?;
        let signer = provider
            .key_provider
            .load_private_key(key)
            .ok()
            .and_then(|key| key.choose_scheme(&[self.algorithm.scheme()]))
            .ok_or("it is no RSA key of 2048 to 8192 bits")?;
        let signature = signer.sign(token.as_bytes());
        let signature = signature.map_err(|_| "signing failed")?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

/// Returns the time since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the server holds what is claimed against its own wall clock"
)]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
