use std::path::Path;

use super::{OAuth2Config, OAuth2Settings};

fn check(yaml: &str) -> Result<OAuth2Config, String> {
    let settings: OAuth2Settings = serde_saphyr::from_str(yaml).unwrap();
    let mut mistakes = Vec::new();
    let config = settings.check(Path::new("/etc/p"), &mut mistakes);
    config.ok_or_else(|| mistakes.join("; "))
}

#[test]
fn nothing_is_shown_that_is_secret() {
    let yaml = "{client_id: me, client_secret: hidden, token_url: 'https://u:hidden@a.test/token', \
                endpoint_params: {assertion: hidden}, proxy_url: 'http://u:hidden@p:1'}";
    let mut settings: OAuth2Settings = serde_saphyr::from_str(yaml).unwrap();
    assert!(check(yaml).is_ok());
    settings.mask(|_| "masked".to_owned());
    let printed = serde_saphyr::to_string(&settings).unwrap();
    assert!(
        !printed.contains("hidden") && printed.contains("client_id: me"),
        "{printed}"
    );
}

#[test]
fn all_mistakes_are_said_at_once() {
    assert_eq!(
        check(
            "{client_secret: a, client_secret_file: b, grant_type: password, token_url: x, scopes: [a], \
             endpoint_params: {scope: b, client_id: c}, no_proxy: d, tls_config: {cert: e}}"
        )
        .unwrap_err(),
        "client_id is missing; grant_type \"password\" is not supported: only client_credentials is; at most one of \
         client_secret and client_secret_file may be set; endpoint_params can not set scope: it is set by its own key; \
         endpoint_params can not set client_id: it is set by its own key; no_proxy and proxy_connect_header need \
         proxy_url; tls_config: it needs both a certificate (cert_file) and its key (key_file), or neither; token_url is \
         missing or not the URL of a server"
    );
}
