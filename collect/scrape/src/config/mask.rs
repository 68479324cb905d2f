//! Secrets in tables that are passed on unread.

use serde_json::Value;
use tls::MASK;

/// Keys whose values nobody must see, by the end of their names.
const SECRET_KEYS: [&str; 8] = [
    "password",
    "credentials",
    "bearer_token",
    "client_secret",
    "secret_key",
    "secrets",
    "token",
    "key",
];

/// Replaces the secrets in a table; keys that end in `_file` name files, which are none.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Object(table) => {
            for (name, value) in table {
                let secret = SECRET_KEYS
                    .iter()
                    .any(|key| name == key || name.ends_with(&format!("_{key}")));
                match value {
                    Value::String(text) if secret => MASK.clone_into(text),
                    Value::String(text) => *text = mask_url(text),
                    Value::Array(list) if secret => list.iter_mut().for_each(|item| *item = MASK.into()),
                    other => mask(other),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask),
        _ => {}
    }
}

/// Replaces the password of a URL.
pub(super) fn mask_url(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else {
        return text.to_owned();
    };
    if url.password().is_none() || url.set_password(Some("xxxxx")).is_err() {
        return text.to_owned();
    }
    url.to_string()
}
