//! Slows down those who guess tokens.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use model::Millis;
use parking_lot::Mutex;

/// Wrong tokens an address may show in one window.
const MAX_FAILURES: u32 = 10;
const WINDOW_MS: Millis = 60_000;
/// Addresses remembered; the one whose window began first is forgotten for a new one.
const MAX_ADDRESSES: usize = 4096;

/// Wrong tokens by address.
#[derive(Debug, Default)]
pub(super) struct Failures {
    windows: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    start: Millis,
    failures: u32,
}

impl Failures {
    /// Returns how long an address has to wait before it may show another token.
    pub(super) fn wait_seconds(&self, address: IpAddr, now: Millis) -> Option<u32> {
        let window = self.windows.lock().get(&group(address)).copied()?;
        let left = window.start.saturating_add(WINDOW_MS).saturating_sub(now);
        let blocked = window.failures >= MAX_FAILURES && left > 0;
        blocked.then(|| u32::try_from(left.min(WINDOW_MS) / 1000 + 1).unwrap_or(1))
    }

    /// Forgets all of them.
    pub(super) fn forget(&self) {
        self.windows.lock().clear();
    }

    /// Notes a wrong token.
    pub(super) fn note(&self, address: IpAddr, now: Millis) {
        let key = group(address);
        let mut windows = self.windows.lock();
        if windows.len() >= MAX_ADDRESSES && !windows.contains_key(&key) {
            let oldest = windows
                .iter()
                .min_by_key(|(_, window)| window.start)
                .map(|(key, _)| *key);
            oldest.and_then(|key| windows.remove(&key));
        }
        let fresh = Window {
            start: now,
            failures: 0,
        };
        let window = windows.entry(key).or_insert(fresh);
        if now.saturating_sub(window.start) >= WINDOW_MS {
            *window = fresh;
        }
        window.failures += 1;
    }
}

#[cfg(test)]
impl Failures {
    /// Returns the number of addresses remembered.
    pub(super) fn n_addresses(&self) -> usize {
        self.windows.lock().len()
    }
}

/// An IPv6 host commands a whole /64, so that counts as one address.
fn group(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            v6.to_ipv4_mapped()
                .map_or_else(|| IpAddr::V6(Ipv6Addr::from(network)), IpAddr::V4)
        }
    }
}
