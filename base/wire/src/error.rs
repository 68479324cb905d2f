//! Why bytes cannot be read, whatever the format.

/// Why a request cannot be used at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// The body is empty.
    #[error("request body is empty")]
    Empty,
    /// The request is larger than allowed once decompressed.
    #[error("request is {bytes} bytes decompressed, more than {limit}")]
    TooLarge {
        /// Size the block declares.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More of something than allowed.
    #[error("request has more than {limit} {what}")]
    TooMany {
        /// What there is too much of (`samples`, `symbols`).
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The body is not a snappy block.
    #[error("request body is not a snappy block")]
    Snappy(#[source] snap::Error),
    /// The decompressed bytes are not the message they should be.
    #[error("malformed protobuf in {message} at byte {offset}: {reason}")]
    Protobuf {
        /// The message that was being read.
        message: &'static str,
        /// Where in the decompressed request.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The bytes are not the JSON they should be.
    #[error("malformed JSON at line {line}, column {column}: {reason}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 before the first.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The message is well-formed, but breaks a rule of its format as a whole.
    #[error("invalid {message}: {reason}")]
    Invalid {
        /// The message.
        message: &'static str,
        /// The rule.
        reason: String,
    },
}

impl DecodeError {
    /// Tells whether the request was well-formed as far as it was read, but too large.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::TooMany { .. })
    }
}
