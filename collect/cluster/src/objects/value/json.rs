//! Strings, lists and maps of JSON.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::objects::Text;
use crate::objects::text::Shared;

/// The annotation in which kubectl keeps a copy of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Longest value of an annotation that is kept. What is longer is a document that somebody parked there (the API
/// server takes 256 KiB an object) and of no use as a label.
pub(in crate::objects) const MAX_VALUE_BYTES: usize = 8 << 10;

/// An immutable list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List<T>(Box<[T]>);

/// Pairs of strings by name, sorted, as labels and annotations are; equal sets are held once.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct TextMap(Option<Arc<[(Text, Text)]>>);

/// How many elements a list has whose elements are of no use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Count(pub u32);

/// A number of things, or a share of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IntOrPercent {
    /// A number.
    Int(i64),
    /// A text, which should be a number with `%` behind it.
    Text(Text),
}

impl IntOrPercent {
    /// Returns the number of things that is meant, out of `total`; a share is rounded up if `up`, else down. `None`
    /// if the text is no share.
    pub fn of(&self, total: i64, round_up: Rounding) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Text(text) => {
                let percent: i64 = text.strip_suffix('%')?.parse().ok()?;
                let hundredths = percent.checked_mul(total)?;
                match round_up {
                    Rounding::Up => hundredths.checked_add(99).map(|sum| sum.div_euclid(100)),
                    Rounding::Down => Some(hundredths.div_euclid(100)),
                }
            }
        }
    }
}

/// Which way a share of things is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the next whole number.
    Up,
    /// To the whole number before.
    Down,
}

impl TextMap {
    /// Makes a map of pairs in any order; of pairs with one name the last counts.
    pub(in crate::objects) fn new(mut pairs: Vec<(Text, Text)>) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        // Last first, so that it is the last that stays.
        pairs.reverse();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|a, b| a.0 == b.0);
        Self(Some(Shared::shared(Arc::from(pairs))))
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let i = self.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
        Some(&*<[_]>::get(self, i)?.1)
    }
}

impl Deref for TextMap {
    type Target = [(Text, Text)];

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().unwrap_or(&[])
    }
}

impl fmt::Debug for TextMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(k, v)| (k, v))).finish()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items.into_boxed_slice())
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text::new(text))
            }
            fn visit_unit<E: Error>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Visit<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                // Into memory of just that size: what `items` grew in is free for the next list, and leaves no holes
                // between what stays.
                let mut exact = Vec::with_capacity(items.len());
                exact.append(&mut items);
                Ok(List::from(exact))
            }
            fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
                Ok(List::default())
            }
        }
        deserializer.deserialize_any(Visit(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items: List<IgnoredAny> = List::deserialize(deserializer)?;
        Ok(Self(u32::try_from(items.len()).unwrap_or(u32::MAX)))
    }
}

impl<'de> Deserialize<'de> for IntOrPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = IntOrPercent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or a string")
            }
            fn visit_i64<E: Error>(self, int: i64) -> Result<IntOrPercent, E> {
                Ok(IntOrPercent::Int(int))
            }
            fn visit_u64<E: Error>(self, int: u64) -> Result<IntOrPercent, E> {
                i64::try_from(int).map(IntOrPercent::Int).map_err(E::custom)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<IntOrPercent, E> {
                Ok(IntOrPercent::Text(Text::new(text)))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

impl<'de> Deserialize<'de> for TextMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = TextMap;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TextMap, A::Error> {
                let mut pairs = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    let Some(name) = name else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if let Bounded(Some(value)) = map.next_value()? {
                        pairs.push((name, value));
                    }
                }
                Ok(TextMap::new(pairs))
            }
            fn visit_unit<E: Error>(self) -> Result<TextMap, E> {
                Ok(TextMap::default())
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

/// Name of a pair, `None` for the one that is never kept.
struct Name(Option<Text>);

/// Value of a pair, `None` if it is too long to keep.
struct Bounded(Option<Text>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name((text != LAST_APPLIED).then(|| Text::new(text))))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

impl<'de> Deserialize<'de> for Bounded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Bounded;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Bounded, E> {
                Ok(Bounded((text.len() <= MAX_VALUE_BYTES).then(|| Text::new(text))))
            }
            fn visit_unit<E: Error>(self) -> Result<Bounded, E> {
                Ok(Bounded(Some(Text::default())))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}
