use std::path::Path;

use expect_test::{Expect, expect};

use super::TlsSettings;

fn check(yaml: &str, expected: &Expect) {
    let settings: TlsSettings = serde_saphyr::from_str(yaml).unwrap();
    let mut mistakes = Vec::new();
    let config = settings.check(Path::new("/etc/p"), &mut mistakes);
    if mistakes.is_empty() {
        expected.assert_eq(&format!("{config:?}"));
    } else {
        expected.assert_eq(&mistakes.join("; "));
    }
}

#[test]
fn what_is_written_becomes_what_is_used() {
    check(
        "{ca: PEM, cert_file: c.pem, key: PEM, server_name: a.b, min_version: TLS13}",
        &expect![[
            r#"TlsConfig { authorities: Some(Inline(<secret>)), certificate: Some(File("/etc/p/c.pem")), key: Some(Inline(<secret>)), server_name: Some("a.b"), insecure_skip_verify: false, versions: Only13 }"#
        ]],
    );
    check(
        "{ca_file: '', insecure_skip_verify: true, min_version: TLS10, max_version: TLS12}",
        &expect![[
            r#"TlsConfig { authorities: None, certificate: None, key: None, server_name: None, insecure_skip_verify: true, versions: Only12 }"#
        ]],
    );
}

#[test]
fn all_mistakes_are_said_at_once() {
    check(
        "{ca: x, ca_file: y, cert: z, server_name: 'a b', min_version: TLS9}",
        &expect![[
            r#"at most one of ca and ca_file may be set; it needs both a certificate (cert_file) and its key (key_file), or neither; server_name "a b" is not the name of a server; min_version "TLS9" is not one of TLS10, TLS11, TLS12 and TLS13"#
        ]],
    );
    check(
        "{max_version: TLS11}",
        &expect!["max_version must be TLS12 or TLS13: older versions are not spoken"],
    );
    check(
        "{min_version: TLS13, max_version: TLS12}",
        &expect!["min_version is above max_version"],
    );
}

#[test]
fn a_key_is_never_written_again() {
    let settings: TlsSettings = serde_saphyr::from_str("{key: PRIVATE, cert: c}").unwrap();
    let written = serde_saphyr::to_string(&settings).unwrap();
    assert!(
        !written.contains("PRIVATE") && written.contains("<secret>"),
        "{written}"
    );
    assert!(!format!("{settings:?}").contains("PRIVATE"));
}
