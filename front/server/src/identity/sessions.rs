//! Sessions of browsers: opened with the token, kept in memory, ended by sign-out, age, another token or restart.

use std::collections::HashMap;

use model::Millis;
use parking_lot::Mutex;
use rand::RngExt as _;

use super::TokenHash;
use super::token::hex;

/// How long a session lasts.
pub(crate) const LIFETIME_SECONDS: i64 = 7 * 24 * 3600;
/// Sessions kept; the oldest goes when one more is opened.
const MAX_SESSIONS: usize = 1024;
const ID_BYTES: usize = 32;

/// What the cookie of a session carries: 256 random bits in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SessionId(String);

impl SessionId {
    /// Takes the value of a cookie, `None` if it cannot be one of ours.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let fits = text.len() == 2 * ID_BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Self(text.to_owned()))
    }

    /// Returns the value of the cookie.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The open sessions, found by hash so that a lookup tells nothing by its time.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    ends: Mutex<HashMap<[u8; 32], Millis>>,
}

impl Sessions {
    /// Opens a session.
    pub(super) fn open(&self, now: Millis) -> SessionId {
        let random: [u8; ID_BYTES] = rand::rng().random();
        let id = SessionId(hex(&random));
        let mut ends = self.ends.lock();
        ends.retain(|_, end| *end > now);
        if ends.len() >= MAX_SESSIONS {
            let oldest = ends.iter().min_by_key(|(_, end)| **end).map(|(key, _)| *key);
            oldest.and_then(|key| ends.remove(&key));
        }
        ends.insert(key(&id), now.saturating_add(LIFETIME_SECONDS * 1000));
        id
    }

    /// Tells whether a session is open.
    pub(super) fn knows(&self, id: &SessionId, now: Millis) -> bool {
        self.ends.lock().get(&key(id)).is_some_and(|end| *end > now)
    }

    /// Ends all sessions.
    pub(super) fn close_all(&self) {
        self.ends.lock().clear();
    }

    /// Ends a session.
    pub(super) fn close(&self, id: &SessionId) {
        self.ends.lock().remove(&key(id));
    }
}

fn key(id: &SessionId) -> [u8; 32] {
    TokenHash::of(id.as_str()).bytes()
}
