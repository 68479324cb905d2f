//! Which version a request is of, by its headers.

/// Content type of remote write 1.0 requests.
pub const CONTENT_TYPE_V1: &str = "application/x-protobuf;proto=prometheus.WriteRequest";
/// Content type of remote write 2.0 requests.
pub const CONTENT_TYPE_V2: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/// A version of remote write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemoteWriteVersion {
    /// `prometheus.WriteRequest`.
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

impl RemoteWriteVersion {
    /// Returns the content type of requests of this version.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V1 => CONTENT_TYPE_V1,
            Self::V2 => CONTENT_TYPE_V2,
        }
    }

    /// Returns the value of the header `X-Prometheus-Remote-Write-Version`.
    pub fn version_header(self) -> &'static str {
        match self {
            Self::V1 => "0.1.0",
            Self::V2 => "2.0.0",
        }
    }

    /// Returns the version for the name of its message, as in `proto=` and in configurations.
    pub fn from_message(name: &str) -> Option<Self> {
        match name {
            "prometheus.WriteRequest" => Some(Self::V1),
            "io.prometheus.write.v2.Request" => Some(Self::V2),
            _ => None,
        }
    }
}

/// Why a request is answered with status 415, on which a sender of 2.0 falls back to 1.0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedMediaType {
    /// Another content type, or a parameter that is none.
    #[error("content type {0:?} is not supported; send {CONTENT_TYPE_V2} or {CONTENT_TYPE_V1}")]
    ContentType(String),
    /// Another message.
    #[error("message {0:?} is not supported; send {CONTENT_TYPE_V2} or {CONTENT_TYPE_V1}")]
    Message(String),
    /// Another compression.
    #[error("content encoding {0:?} is not supported; send snappy")]
    ContentEncoding(String),
}

/// Tells the version of a request from the values of `Content-Type` and `Content-Encoding`.
///
/// A missing content type, or one without `proto`, means 1.0; a missing encoding means snappy, which both versions
/// prescribe.
///
/// # Errors
/// The request is of no version known here.
pub fn negotiate_remote_write(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
) -> Result<RemoteWriteVersion, UnsupportedMediaType> {
    let version = content_type.map_or(Ok(RemoteWriteVersion::V1), version_of)?;
    match content_encoding.map(str::trim) {
        Some(encoding) if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("snappy") => {
            Err(UnsupportedMediaType::ContentEncoding(encoding.to_owned()))
        }
        _ => Ok(version),
    }
}

fn version_of(content_type: &str) -> Result<RemoteWriteVersion, UnsupportedMediaType> {
    let unsupported = || UnsupportedMediaType::ContentType(content_type.to_owned());
    let mut parts = content_type.split(';').map(str::trim);
    let is_protobuf = parts
        .next()
        .is_some_and(|kind| kind.is_empty() || kind.eq_ignore_ascii_case("application/x-protobuf"));
    if !is_protobuf {
        return Err(unsupported());
    }
    let mut version = RemoteWriteVersion::V1;
    for parameter in parts.filter(|part| !part.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or_else(unsupported)?;
        if name.trim().eq_ignore_ascii_case("proto") {
            let message = value.trim().trim_matches('"');
            version = RemoteWriteVersion::from_message(message)
                .ok_or_else(|| UnsupportedMediaType::Message(message.to_owned()))?;
        }
    }
    Ok(version)
}
