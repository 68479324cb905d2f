//! Texts that must not be seen, and where they come from.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is printed in place of a secret, as Prometheus prints it.
pub const MASK: &str = "<secret>";
/// No password, token, key or chain of certificates is longer.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A secret; printing or writing it gives a mask.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the secret, for the request it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// The configuration itself.
    Inline(Secret),
    /// A file, read for each use, so that it may be rotated.
    File(PathBuf),
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read, or is no text.
    #[error("failed to read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is no secret.
    #[error("{path} is larger than {MAX_FILE_BYTES} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl SecretSource {
    /// Returns the secret, without white space around it.
    ///
    /// # Errors
    /// The file cannot be read, is no text, or is longer than 1 MiB.
    pub fn load(&self) -> Result<Secret, SecretError> {
        match self {
            Self::Inline(secret) => Ok(secret.clone()),
            Self::File(path) => read(path).map(Secret),
        }
    }
}

fn read(path: &Path) -> Result<String, SecretError> {
    let failed = |source| SecretError::Read {
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_FILE_BYTES {
        return Err(SecretError::TooLarge {
            path: path.to_owned(),
        });
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Ok(text.trim().to_owned())
}

/// Takes a secret from one of two keys, each with its name; an empty text is none. A relative path begins at `folder`.
///
/// # Errors
/// Both are given.
pub fn pick_source(
    inline: (&str, Option<Secret>),
    file: (&str, Option<String>),
    folder: &Path,
) -> Result<Option<SecretSource>, String> {
    let secret = inline.1.filter(|secret| !secret.reveal().is_empty());
    let path = file.1.filter(|path| !path.is_empty());
    match (secret, path) {
        (Some(_), Some(_)) => Err(format!("at most one of {} and {} may be set", inline.0, file.0)),
        (Some(secret), None) => Ok(Some(SecretSource::Inline(secret))),
        (None, Some(path)) => Ok(Some(SecretSource::File(folder.join(path)))),
        (None, None) => Ok(None),
    }
}
