//! How points become samples: the `otlp` block of the Prometheus configuration.

use std::collections::BTreeSet;

/// How names of metrics and attributes become names of metrics and labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TranslationStrategy {
    /// Other characters than letters, digits, `_` (and `:` in metric names) become `_`; units and `_total` are
    /// appended.
    #[default]
    UnderscoreEscapingWithSuffixes,
    /// Characters likewise; nothing is appended.
    UnderscoreEscapingWithoutSuffixes,
    /// Names stay; units and `_total` are appended.
    NoUtf8EscapingWithSuffixes,
    /// Names stay as they are.
    NoTranslation,
}

impl TranslationStrategy {
    /// Returns the strategy for its word in the configuration.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "UnderscoreEscapingWithSuffixes" => Some(Self::UnderscoreEscapingWithSuffixes),
            "UnderscoreEscapingWithoutSuffixes" => Some(Self::UnderscoreEscapingWithoutSuffixes),
            "NoUTF8EscapingWithSuffixes" => Some(Self::NoUtf8EscapingWithSuffixes),
            "NoTranslation" => Some(Self::NoTranslation),
            _ => None,
        }
    }

    pub(super) fn escapes(self) -> bool {
        matches!(
            self,
            Self::UnderscoreEscapingWithSuffixes | Self::UnderscoreEscapingWithoutSuffixes
        )
    }

    pub(super) fn adds_suffixes(self) -> bool {
        matches!(
            self,
            Self::UnderscoreEscapingWithSuffixes | Self::NoUtf8EscapingWithSuffixes
        )
    }
}

/// Which attributes of a resource become labels of all its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promotion {
    /// Those listed.
    Only(BTreeSet<String>),
    /// All but those listed.
    AllBut(BTreeSet<String>),
}

impl Default for Promotion {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

/// What to do with points that count from the point before them instead of from a start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeltaHandling {
    /// They are refused.
    #[default]
    Refuse,
    /// They are stored as they come, of unknown type, histograms as gauges: what Prometheus does under
    /// `otlp-native-delta-ingestion`.
    Store,
    /// They were added up before, by [`crate::OtlpRequest::accumulate`]; what is still a delta is refused.
    Accumulate,
}

/// How points become samples. The defaults are those of Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpSettings {
    /// How names are translated.
    pub translation: TranslationStrategy,
    /// Which resource attributes become labels.
    pub promotion: Promotion,
    /// Whether `service.name`, `service.namespace` and `service.instance.id` become labels of `target_info` beside
    /// `job` and `instance`.
    pub keep_identifying_attributes: bool,
    /// Whether histograms with explicit bounds become native histograms with custom buckets instead of classic ones.
    pub explicit_histograms_as_native: bool,
    /// Whether name, version, schema URL and attributes of the scope become labels `otel_scope_*`.
    pub promote_scope: bool,
    /// What becomes of deltas.
    pub delta: DeltaHandling,
    /// Whether type and unit become the labels `__type__` and `__unit__`.
    pub type_and_unit_labels: bool,
    /// Whether label names that begin with one `_` get `key` before it, when escaping.
    pub prefix_underscore: bool,
    /// Whether several `_` in a row stay in label names, when escaping.
    pub keep_multiple_underscores: bool,
    /// How far a sample reaches, in milliseconds: `target_info` is repeated every half of it where points lie further
    /// apart.
    pub lookback: i64,
}

impl Default for OtlpSettings {
    fn default() -> Self {
        Self {
            translation: TranslationStrategy::default(),
            promotion: Promotion::default(),
            keep_identifying_attributes: false,
            explicit_histograms_as_native: false,
            promote_scope: false,
            delta: DeltaHandling::default(),
            type_and_unit_labels: false,
            prefix_underscore: true,
            keep_multiple_underscores: true,
            lookback: 5 * 60_000,
        }
    }
}
