//! Label sets, packed.
//!
//! A label set is one string: each name and each value is preceded by its byte length written as one `char`
//! (lengths from 0xD800 on skip the surrogate gap). Pairs are sorted by name and names are unique, so two sets
//! are equal exactly when their strings are, and one hash of the string identifies a series. The string is
//! valid UTF-8 as a whole, which lets it be read back without `unsafe` and without copying.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The label that holds the metric name.
pub const METRIC_NAME: &str = "__name__";

/// Longest name or value a label set can hold, in bytes.
pub const MAX_LABEL_BYTES: usize = 0x10_0000;

const SURROGATES_START: u32 = 0xD800;
const SURROGATES_LEN: u32 = 0x800;

/// Why labels cannot form a set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The same name came twice.
    #[error("duplicate label name {0:?}")]
    Duplicate(String),
    /// A label without a name.
    #[error("empty label name")]
    EmptyName,
    /// A name or value longer than [`MAX_LABEL_BYTES`].
    #[error("label {name:?} is {bytes} bytes long, more than {MAX_LABEL_BYTES}")]
    TooLong {
        /// Name of the label, cut to 64 bytes.
        name: String,
        /// Length of the longer of name and value.
        bytes: usize,
    },
    /// A packed string that no label set packs to.
    #[error("malformed packed labels")]
    Malformed,
}

/// An immutable label set: sorted, unique names, no empty values. Cloning copies a pointer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels {
    packed: Arc<str>,
}

/// A borrowed label set in packed form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PackedLabels<'a> {
    packed: &'a str,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            packed: Arc::from(""),
        }
    }
}

impl Labels {
    /// Builds a set from pairs in any order. Pairs with an empty value are left out, as Prometheus does.
    ///
    /// # Errors
    /// A name is empty or repeated, or a name or value is longer than [`MAX_LABEL_BYTES`].
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, LabelError> {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.add(name.as_ref(), value.as_ref());
        }
        builder.build()
    }

    /// Takes a string that [`Labels::packed`] returned.
    ///
    /// # Errors
    /// The string is not a packed label set.
    pub fn from_packed(packed: &str) -> Result<Self, LabelError> {
        Ok(Self {
            packed: Arc::from(PackedLabels::parse(packed)?.packed),
        })
    }

    /// Returns the packed string.
    pub fn packed(&self) -> &str {
        &self.packed
    }

    /// Returns the borrowed form.
    pub fn as_packed(&self) -> PackedLabels<'_> {
        PackedLabels { packed: &self.packed }
    }

    /// Iterates over `(name, value)` in order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.as_packed().iter()
    }

    /// Returns the value of a label, `None` if the set does not have it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.as_packed().get(name)
    }

    /// Returns the metric name, empty if there is none.
    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or("")
    }

    /// Tells whether the set has no labels.
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// Returns the set of the labels for which `keep` is true.
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let mut packed = String::with_capacity(self.packed.len());
        for (name, value) in self.iter() {
            if keep(name) {
                push_pair(&mut packed, name, value);
            }
        }
        Self {
            packed: Arc::from(packed),
        }
    }
}

impl<'a> PackedLabels<'a> {
    /// Checks a packed string and borrows it as a label set.
    ///
    /// # Errors
    /// The string is cut, its names are not sorted and unique, or a value is empty.
    pub fn parse(packed: &'a str) -> Result<Self, LabelError> {
        let mut rest = packed;
        let mut previous = "";
        while !rest.is_empty() {
            let (name, after) = split_item(rest).ok_or(LabelError::Malformed)?;
            let (value, after) = split_item(after).ok_or(LabelError::Malformed)?;
            if name <= previous || value.is_empty() {
                return Err(LabelError::Malformed);
            }
            previous = name;
            rest = after;
        }
        Ok(Self { packed })
    }

    /// Borrows a packed string that is known to come from [`Labels::packed`], [`LabelsBuilder`] or
    /// [`crate::Batch`] without checking it. On any other string iteration ends early, nothing worse.
    pub fn trusted(packed: &'a str) -> Self {
        debug_assert!(
            Self::parse(packed).is_ok(),
            "trusted packed labels are well-formed"
        );
        Self { packed }
    }

    /// Returns the packed string.
    pub fn packed(self) -> &'a str {
        self.packed
    }

    /// Iterates over `(name, value)` in order of names.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = self.packed;
        std::iter::from_fn(move || {
            let (name, after) = split_item(rest)?;
            let (value, after) = split_item(after)?;
            rest = after;
            Some((name, value))
        })
    }

    /// Iterates over the labels one by one, each as a packed set of its own, in order of names.
    pub fn pairs(self) -> impl Iterator<Item = Self> {
        let mut rest = self.packed;
        std::iter::from_fn(move || {
            let (_, after) = split_item(rest)?;
            let (_, after) = split_item(after)?;
            let (pair, after) = rest.split_at_checked(rest.len() - after.len())?;
            rest = after;
            Some(Self { packed: pair })
        })
    }

    /// Returns the value of a label, `None` if the set does not have it.
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// Copies the set.
    pub fn to_labels(self) -> Labels {
        Labels {
            packed: Arc::from(self.packed),
        }
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Order of Prometheus `labels.Compare`: pair by pair, name before value, the shorter set first.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

/// The exposition form: `name{label="value"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric_name())?;
        let mut labels = self.iter().filter(|(name, _)| *name != METRIC_NAME).peekable();
        if labels.peek().is_none() && !self.metric_name().is_empty() {
            return Ok(());
        }
        f.write_str("{")?;
        for (i, (name, value)) in labels.enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for PackedLabels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Collects pairs and packs them; keeps its memory between sets.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    text: String,
    /// `(start of name, start of value, end of value)` in `text`.
    spans: Vec<(usize, usize, usize)>,
}

impl LabelsBuilder {
    /// Forgets all pairs.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// Adds a pair. Checks come with [`LabelsBuilder::build`].
    pub fn add(&mut self, name: &str, value: &str) -> &mut Self {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.spans.push((start, middle, self.text.len()));
        self
    }

    /// Iterates over the names that were added with an empty value, which no set has.
    pub fn empty_names(&self) -> impl Iterator<Item = &str> {
        let empty = self.spans.iter().filter(|(_, middle, end)| middle == end);
        empty.filter_map(|&(start, middle, _)| self.text.get(start..middle))
    }

    /// Packs the pairs collected so far into a set.
    ///
    /// # Errors
    /// As [`Labels::from_pairs`].
    pub fn build(&mut self) -> Result<Labels, LabelError> {
        let mut packed = String::with_capacity(self.text.len() + 4 * self.spans.len());
        self.pack_into(&mut packed)?;
        Ok(Labels {
            packed: Arc::from(packed),
        })
    }

    /// Appends the packed pairs to `out`; on error `out` is as it was.
    ///
    /// # Errors
    /// As [`Labels::from_pairs`].
    pub fn pack_into(&mut self, out: &mut String) -> Result<(), LabelError> {
        let Self { text, spans } = self;
        let slice = |from: usize, to: usize| text.get(from..to).unwrap_or("");
        let sorted = spans
            .windows(2)
            .all(|w| slice(w[0].0, w[0].1) < slice(w[1].0, w[1].1));
        if !sorted {
            spans.sort_by(|a, b| slice(a.0, a.1).cmp(slice(b.0, b.1)));
        }
        let mut previous = None;
        for &(start, middle, end) in spans.iter() {
            let (name, value) = (slice(start, middle), slice(middle, end));
            if name.is_empty() {
                return Err(LabelError::EmptyName);
            }
            if previous == Some(name) {
                return Err(LabelError::Duplicate(cut(name)));
            }
            let bytes = name.len().max(value.len());
            if bytes > MAX_LABEL_BYTES {
                return Err(LabelError::TooLong {
                    name: cut(name),
                    bytes,
                });
            }
            previous = Some(name);
        }
        for &(start, middle, end) in spans.iter() {
            if end > middle {
                push_pair(out, slice(start, middle), slice(middle, end));
            }
        }
        Ok(())
    }
}

fn cut(name: &str) -> String {
    name.chars().take(64).collect()
}

fn push_pair(out: &mut String, name: &str, value: &str) {
    for item in [name, value] {
        out.push(length_char(item.len()));
        out.push_str(item);
    }
}

fn length_char(len: usize) -> char {
    debug_assert!(len <= MAX_LABEL_BYTES, "lengths are checked before packing");
    let code = u32::try_from(len).unwrap_or(u32::MAX);
    let code = if code >= SURROGATES_START {
        code.saturating_add(SURROGATES_LEN)
    } else {
        code
    };
    char::from_u32(code).unwrap_or(char::MAX)
}

/// Splits a length-prefixed item off the front.
fn split_item(packed: &str) -> Option<(&str, &str)> {
    let head = packed.chars().next()?;
    let code = u32::from(head);
    let len = if code >= SURROGATES_START {
        code - SURROGATES_LEN
    } else {
        code
    };
    let start = head.len_utf8();
    let end = start + usize::try_from(len).ok()?;
    Some((packed.get(start..end)?, packed.get(end..)?))
}

#[cfg(test)]
mod tests;
