use std::path::Path;

use tls::SecretSource;

use super::{Algorithm, Grant, OAuth2Config, OAuth2Settings};

fn check(yaml: &str) -> Result<OAuth2Config, String> {
    let settings: OAuth2Settings = serde_saphyr::from_str(yaml).unwrap();
    let mut mistakes = Vec::new();
    let config = settings.check(Path::new("/etc/p"), &mut mistakes);
    config.ok_or_else(|| mistakes.join("; "))
}

#[test]
fn nothing_is_shown_that_is_secret() {
    let yaml = "{client_id: me, client_secret: hidden, token_url: 'https://u:hidden@a.test/token', \
                endpoint_params: {resource: hidden}, client_certificate_key: hidden, proxy_url: 'http://u:hidden@p:1'}";
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
            "{client_secret: a, client_secret_file: b, token_url: x, scopes: [a], \
             endpoint_params: {scope: b, client_id: c}, no_proxy: d, tls_config: {cert: e}}"
        )
        .unwrap_err(),
        "client_id is missing; at most one of client_secret and client_secret_file may be set; endpoint_params can not set scope: it is set by its own key; \
         endpoint_params can not set client_id: it is set by its own key; no_proxy and proxy_connect_header need \
         proxy_url; tls_config: it needs both a certificate (cert_file) and its key (key_file), or neither; token_url is \
         missing or not the URL of a server"
    );
}

#[test]
fn a_grant_needs_what_it_is_made_of() {
    let with = |more: &str| check(&format!("{{client_id: me, token_url: 'http://a.test', {more}}}"));
    assert_eq!(
        with("grant_type: password").unwrap_err(),
        "grant_type \"password\" is not supported: client_credentials and \
         urn:ietf:params:oauth:grant-type:jwt-bearer are"
    );
    let jwt = |more: &str| {
        with(&format!(
            "grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', {more}"
        ))
    };
    assert_eq!(
        jwt("client_secret: a, signature_algorithm: ES256, endpoint_params: {client_id: c}").unwrap_err(),
        "client_certificate_key or client_certificate_key_file is missing: the key that signs; signature_algorithm is \
         none of RS256, RS384 and RS512"
    );
    assert_eq!(
        jwt("client_certificate_key: a, client_certificate_key_file: b").unwrap_err(),
        "at most one of client_certificate_key and client_certificate_key_file may be set"
    );
    assert_eq!(
        jwt("client_certificate_key: a, endpoint_params: {assertion: b, client_id: c}").unwrap_err(),
        "endpoint_params can not set assertion: it is set by its own key"
    );
    let Grant::JwtBearer(assertion) = jwt("client_certificate_key_file: key.pem, iss: ''")
        .unwrap()
        .grant
    else {
        panic!("it is the grant that was asked for");
    };
    assert_eq!(assertion.key, SecretSource::File("/etc/p/key.pem".into()));
    assert_eq!((assertion.algorithm, assertion.issuer), (Algorithm::Rs256, None));
}
