//! Which format a page is in, by its media type.

/// A family of formats that one parser reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpositionFormat {
    /// `text/plain`, versions 0.0.4 and 1.0.0.
    Text,
    /// `application/openmetrics-text`, versions 0.0.1 and 1.0.0.
    OpenMetrics,
    /// `application/vnd.google.protobuf`, `io.prometheus.client.MetricFamily`, delimited.
    Protobuf,
}

/// Why the format of a page is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The answer says nothing about its content.
    #[error("the target sends no Content-Type and no fallback_scrape_protocol is set for it")]
    Missing,
    /// The answer is of a kind that holds no metrics.
    #[error(
        "the target sends Content-Type {content_type:?}, which holds no metrics, and no fallback_scrape_protocol is set for it"
    )]
    Unsupported {
        /// What the target said, cut to 128 characters.
        content_type: String,
    },
}

impl ExpositionFormat {
    /// Finds the format for a `Content-Type`; `fallback` is taken if that is absent or of another kind.
    ///
    /// # Errors
    /// There is no such format and no fallback.
    pub fn from_content_type(
        content_type: Option<&str>,
        fallback: Option<Self>,
    ) -> Result<Self, FormatError> {
        let given = content_type.map(str::trim).filter(|given| !given.is_empty());
        let Some(given) = given else {
            return fallback.ok_or(FormatError::Missing);
        };
        let (media_type, parameters) = given.split_once(';').unwrap_or((given, ""));
        let found = match media_type.trim().to_ascii_lowercase().as_str() {
            "text/plain" => Some(Self::Text),
            "application/openmetrics-text" if !is_version_2(parameters) => Some(Self::OpenMetrics),
            "application/vnd.google.protobuf" => Some(Self::Protobuf),
            _ => None,
        };
        found.or(fallback).ok_or_else(|| FormatError::Unsupported {
            content_type: given.chars().take(128).collect(),
        })
    }
}

/// OpenMetrics 2.0 is not final.
fn is_version_2(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("version") && value.trim().trim_matches('"').starts_with("2.")
    })
}
