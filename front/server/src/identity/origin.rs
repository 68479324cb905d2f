//! Where a request was made: by a page of this server, or by one of another site.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// Tells whether a `Host` names this machine by a name that no foreign DNS can point here: a loopback name or
/// address, or the address listened on.
pub(super) fn is_local(host: &str, listen: IpAddr) -> bool {
    let name = without_port(host);
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let literal = name
        .strip_prefix('[')
        .and_then(|n| n.strip_suffix(']'))
        .unwrap_or(name);
    literal
        .parse()
        .is_ok_and(|ip: IpAddr| ip.is_loopback() || ip == listen)
}

/// Tells whether an `Origin` is that of the host a request was sent to. The scheme is not compared: a proxy in
/// front may speak another.
pub(super) fn is_same(origin: &str, host: &str) -> bool {
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

/// Tells whether a browser says that a page of another site asks for data. Following a link to a page is fine.
pub(super) fn is_cross_site(path: &str, headers: &HeaderMap) -> bool {
    let is = |name: &str, values: &[&str]| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| values.contains(&value))
    };
    is("sec-fetch-site", &["cross-site", "same-site"])
        && (path.starts_with("/api/") || !is("sec-fetch-mode", &["navigate"]))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // An IPv6 address in brackets has colons of its own.
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => name,
        _ => host,
    }
}
