//! What a server says when asked for a token: RFC 6749, section 5, and what servers make of it.

use std::time::Duration;

use serde_json::Value;
use tls::Secret;

/// A token and how long it is good for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    /// The value of `Authorization`.
    pub(crate) authorization: Secret,
    /// `None` if it does not end.
    pub(crate) lifetime: Option<Duration>,
}

/// What an answer says, by key.
enum Fields {
    Form(Vec<(String, String)>),
    Json(Value),
}

impl Fields {
    fn get(&self, key: &str) -> Option<String> {
        match self {
            Self::Form(pairs) => {
                let pair = pairs.iter().find(|(name, _)| name == key);
                pair.map(|(_, value)| value.clone())
            }
            Self::Json(value) => match value.get(key) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            },
        }
    }
}

/// Reads an answer of a kind; the text of the error says what is missing.
pub(crate) fn read(content_type: &str, body: &[u8]) -> Result<Granted, &'static str> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let fields = match media_type {
        // Early servers answer in the form of a query.
        "application/x-www-form-urlencoded" | "text/plain" => {
            Fields::Form(url::form_urlencoded::parse(body).into_owned().collect())
        }
        _ => Fields::Json(serde_json::from_slice(body).map_err(|_| "the answer is not JSON")?),
    };
    let token = fields.get("access_token").filter(|token| !token.is_empty());
    let token = token.ok_or("the answer has no access_token")?;
    let kind = match fields.get("token_type").unwrap_or_default() {
        kind if kind.is_empty() || kind.eq_ignore_ascii_case("bearer") => "Bearer".to_owned(),
        kind if kind.eq_ignore_ascii_case("basic") => "Basic".to_owned(),
        kind if kind.eq_ignore_ascii_case("mac") => "MAC".to_owned(),
        other => other,
    };
    let seconds = fields.get("expires_in").and_then(|text| text.parse::<f64>().ok());
    let lifetime = seconds.filter(|seconds| *seconds > 0.0);
    Ok(Granted {
        authorization: Secret::new(format!("{kind} {token}")),
        // What does not fit lasts longer than this process.
        lifetime: lifetime.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    })
}

#[cfg(test)]
mod tests;
