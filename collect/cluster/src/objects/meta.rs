//! What all objects have.

use std::fmt;

use super::Text;

/// Identity of an object over its life, as the API server made it. Kept as 128 bits: an identity that is no UUID is
/// hashed to so many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uid(pub u128);

/// Metadata of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// Identity.
    pub uid: Uid,
    /// Namespace, empty for objects of the whole cluster.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// Version of the object in etcd; 0 if it is not a number.
    pub resource_version: u64,
    /// Version of what is wanted; 0 if the kind does not count it.
    pub generation: i64,
    /// When it was created, in seconds since 1970.
    pub created: i64,
    /// When its end was asked for, if it was, in seconds since 1970.
    pub deleted: Option<i64>,
    /// Labels, by name.
    pub labels: Box<[(Text, Text)]>,
    /// Annotations, by name, without the copy of the whole object that kubectl keeps there.
    pub annotations: Box<[(Text, Text)]>,
    /// What it belongs to.
    pub owners: Box<[Owner]>,
    /// What must be done before it may go.
    pub finalizers: Box<[Text]>,
}

/// An owner of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// Identity.
    pub uid: Uid,
    /// Group and version, as in `apps/v1`.
    pub api_version: Text,
    /// Name of the kind in the singular.
    pub kind: Text,
    /// Name.
    pub name: Text,
    /// Whether it is the one that manages the object.
    pub controller: bool,
}

impl Meta {
    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        find(&self.labels, name)
    }

    /// Returns the value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        find(&self.annotations, name)
    }

    /// Returns the owner that manages the object.
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller)
    }
}

fn find<'a>(pairs: &'a [(Text, Text)], name: &str) -> Option<&'a str> {
    pairs
        .binary_search_by(|(key, _)| (**key).cmp(name))
        .ok()
        .and_then(|i| pairs.get(i))
        .map(|(_, value)| &**value)
}

impl Uid {
    /// Reads an identity as the API server writes it.
    pub fn parse(text: &str) -> Self {
        let mut bits: u128 = 0;
        let mut digits = 0;
        for byte in text.bytes().filter(|&byte| byte != b'-') {
            let Some(digit) = char::from(byte).to_digit(16).filter(|_| digits < 32) else {
                return Self(xxhash_rust::xxh3::xxh3_128(text.as_bytes()));
            };
            bits = bits << 4 | u128::from(digit);
            digits += 1;
        }
        match digits {
            32 => Self(bits),
            0 => Self(0),
            _ => Self(xxhash_rust::xxh3::xxh3_128(text.as_bytes())),
        }
    }
}

impl fmt::Display for Uid {
    /// Writes a UUID in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        let part = |shift: u32, digits: u32| bits >> shift & ((1 << (4 * digits)) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        )
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
