//! What all objects have.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::Text;
use super::text::Shared;
use super::value::{List, TextMap, option_time};

/// Identity of an object over its life, as the API server made it. Kept as 128 bits: an identity that is no UUID is
/// hashed to so many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uid(pub u128);

/// Metadata of an object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    /// Identity.
    pub uid: Uid,
    /// Namespace, empty for objects of the whole cluster.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// Version of the object in etcd; 0 if it is not a number.
    #[serde(deserialize_with = "number_in_text")]
    pub resource_version: u64,
    /// Version of what is wanted; 0 if the kind does not count it.
    pub generation: i64,
    /// When it was created, in seconds since 1970; 0 if that is not said.
    #[serde(rename = "creationTimestamp", deserialize_with = "created")]
    pub created: i64,
    /// When its end was asked for, if it was, in seconds since 1970.
    #[serde(rename = "deletionTimestamp", deserialize_with = "option_time")]
    pub deleted: Option<i64>,
    /// Labels, by name.
    pub labels: TextMap,
    /// Annotations, by name, without the copy of the whole object that kubectl keeps there and without values of
    /// more than 8 KiB.
    pub annotations: TextMap,
    /// What it belongs to.
    #[serde(rename = "ownerReferences")]
    pub owners: Owners,
    /// What must be done before it may go.
    pub finalizers: List<Text>,
}

/// The owners of an object; equal ones are held once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners(Option<Arc<[Owner]>>);

/// An owner of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "camelCase")]
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
    #[serde(deserialize_with = "flag")]
    pub controller: bool,
}

impl Deref for Owners {
    type Target = [Owner];

    fn deref(&self) -> &[Owner] {
        self.0.as_deref().unwrap_or(&[])
    }
}

impl<'de> Deserialize<'de> for Owners {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let owners: List<Owner> = List::deserialize(deserializer)?;
        if owners.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self(Some(Shared::shared(Arc::from(&*owners)))))
    }
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(false))
}

fn created<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(option_time(deserializer)?.unwrap_or(0))
}

fn number_in_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Visit;
    impl Visitor<'_> for Visit {
        type Value = u64;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
            Ok(text.parse().unwrap_or(0))
        }
    }
    deserializer.deserialize_str(Visit)
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Uid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Uid, E> {
                Ok(Uid::parse(text))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

impl Meta {
    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name)
    }

    /// Returns the value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name)
    }

    /// Returns the owner that manages the object.
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller)
    }
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

impl Uid {
    /// Appends the identity as a UUID in lower case.
    pub fn push_to(self, text: &mut String) {
        let mut rest = self.0;
        for digits in [8, 4, 4, 4, 12] {
            if digits != 8 {
                text.push('-');
            }
            for _ in 0..digits {
                rest = rest.rotate_left(4);
                text.push(HEX.get((rest & 15) as usize).copied().map_or('0', char::from));
            }
        }
    }
}

/// The digits of numbers to the base of sixteen.
const HEX: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for Uid {
    /// Writes a UUID in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(36);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
