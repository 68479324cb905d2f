//! The token of a server: made once, shown once, kept as a hash.
//!
//! A token has 256 random bits, so a plain hash of it cannot be turned back and needs no salt.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::secret_file;

const PREFIX: &str = "pp_";
/// Characters that a token has at least which somebody else made; 128 random bits in hexadecimal.
const MIN_LEN: usize = 32;

/// Why identity cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file of the identity folder cannot be used.
    #[error("failed to {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file that holds the hash of the token holds something else.
    #[error("{path} does not hold the hash of a token; remove it to make a new token")]
    MalformedHash {
        /// The file.
        path: PathBuf,
    },
    /// The file that holds a token holds something else.
    #[error("{path} holds no token of at least {MIN_LEN} characters; make one with `openssl rand -hex 32`")]
    Weak {
        /// The file.
        path: PathBuf,
    },
    /// The kernel has no random bytes.
    #[error("failed to get random bytes from the kernel")]
    Random(#[source] rand::rngs::SysError),
}

/// SHA-256 of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes a token.
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Tells whether this is the hash of `shown`, in a time that does not depend on either.
    pub(crate) fn matches(&self, shown: &str) -> bool {
        Self::of(shown).0.ct_eq(&self.0).into()
    }

    /// Returns the bytes of the hash.
    pub(super) fn bytes(&self) -> [u8; 32] {
        self.0
    }

    fn from_hex(text: &str) -> Option<Self> {
        let digits: Option<Vec<u8>> = text
            .trim()
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 64)?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Some(Self(hash))
    }
}

/// Makes a new token in `data_dir` in place of the old one and returns it. Running servers take it at their next
/// start; sessions end with the server.
///
/// # Errors
/// The hash cannot be written, or the kernel has no random bytes.
pub fn rotate_token(data_dir: &Path) -> Result<String, IdentityError> {
    let mut random = [0; 32];
    SysRng
        .try_fill_bytes(&mut random)
        .map_err(IdentityError::Random)?;
    let token = format!("{PREFIX}{}", hex(&random));
    let path = hash_path(data_dir);
    let line = format!("{}\n", hex(&TokenHash::of(&token).0));
    secret_file::write(&path, line.as_bytes()).map_err(|source| IdentityError::File {
        action: "write",
        path,
        source,
    })?;
    Ok(token)
}

/// Reads a token that the operator made, with white space around it.
pub(super) fn load(path: &Path) -> Result<TokenHash, IdentityError> {
    let text = std::fs::read_to_string(path).map_err(|source| IdentityError::File {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let token = text.trim();
    if token.len() < MIN_LEN || token.contains(char::is_whitespace) {
        return Err(IdentityError::Weak {
            path: path.to_owned(),
        });
    }
    Ok(TokenHash::of(token))
}

/// Reads the hash of the token; makes a token if there is none, and returns it to be shown.
pub(super) fn load_or_create(data_dir: &Path) -> Result<(TokenHash, Option<String>), IdentityError> {
    let path = hash_path(data_dir);
    let stored = secret_file::read(&path).map_err(|source| IdentityError::File {
        action: "read",
        path: path.clone(),
        source,
    })?;
    match stored {
        Some(text) => match TokenHash::from_hex(&text) {
            Some(hash) => Ok((hash, None)),
            None => Err(IdentityError::MalformedHash { path }),
        },
        None => {
            let token = rotate_token(data_dir)?;
            Ok((TokenHash::of(&token), Some(token)))
        }
    }
}

/// Writes bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
            let written = write!(out, "{byte:02x}");
            debug_assert!(written.is_ok(), "strings take every write");
            out
        })
}

fn hash_path(data_dir: &Path) -> PathBuf {
    super::certificate::identity_dir(data_dir).join("token.sha256")
}
