use url::Url;

use super::Renamed;
use crate::TlsConfig;

fn find(name: &str, url: &str) -> Option<(String, String, String)> {
    let config = TlsConfig {
        server_name: Some(name.to_owned()),
        ..TlsConfig::default()
    };
    let url = Url::parse(url).unwrap();
    let renamed = Renamed::find(&config, &url)?;
    let host = renamed.host().to_owned();
    Some((
        renamed.rename(&url).to_string(),
        host,
        renamed.host_header().to_owned(),
    ))
}

#[test]
fn the_url_gets_the_name_and_the_header_keeps_the_host() {
    let found =
        |url: &str, host: &str, header: &str| Some((url.to_owned(), host.to_owned(), header.to_owned()));
    assert_eq!(
        find("a.test", "https://10.0.0.1:10250/metrics?x=y"),
        found("https://a.test:10250/metrics?x=y", "10.0.0.1", "10.0.0.1:10250")
    );
    assert_eq!(
        find("a.test", "https://[::1]/"),
        found("https://a.test/", "::1", "[::1]")
    );
    assert_eq!(
        find("a.test", "https://b.test/"),
        found("https://a.test/", "b.test", "b.test")
    );
}

#[test]
fn what_needs_no_other_name_keeps_its_own() {
    assert_eq!(find("a.test", "https://A.test/"), None);
    assert_eq!(find("a.test", "http://b.test/"), None);
    assert_eq!(find("10.0.0.1", "https://b.test/"), None);
}
