use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::client_config;
use crate::{Secret, SecretSource, TlsConfig};

fn inline(text: &str) -> Option<SecretSource> {
    Some(SecretSource::Inline(Secret::new(text)))
}

fn refusal(config: &TlsConfig) -> String {
    let error = client_config(config, &[]).unwrap_err();
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

#[test]
fn what_cannot_be_used_is_named_and_never_quoted() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["a.test".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem();
    let own = TlsConfig {
        certificate: inline(&certificate),
        key: inline(&key.serialize_pem()),
        authorities: inline(&certificate),
        ..TlsConfig::default()
    };
    assert_eq!(
        client_config(&own, &["h2"]).unwrap().alpn_protocols,
        [b"h2".to_vec()]
    );
    let bad = TlsConfig {
        key: inline("hidden"),
        ..own.clone()
    };
    assert_eq!(refusal(&bad), "key of tls_config holds no private key in PEM: ");
    let other = KeyPair::generate().unwrap().serialize_pem();
    let bad = TlsConfig {
        key: inline(&other),
        ..own.clone()
    };
    assert!(
        refusal(&bad).starts_with("cannot use cert and key of tls_config: "),
        "{}",
        refusal(&bad)
    );
    let bad = TlsConfig {
        authorities: Some(SecretSource::File(Path::new("/nonexistent/ca.pem").into())),
        ..own
    };
    assert_eq!(
        refusal(&bad),
        "cannot read ca of tls_config: failed to read /nonexistent/ca.pem"
    );
}
