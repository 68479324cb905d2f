//! One key is picked out of an object, and nothing of the others is said.

use super::super::keys::{Holder, Missing, Reference, pick};

fn reference(holder: Holder, key: &str) -> Reference {
    Reference {
        holder,
        namespace: "shop".to_owned(),
        name: "auth".to_owned(),
        key: key.to_owned(),
    }
}

#[test]
fn keys_of_secrets_and_config_maps_are_picked() {
    let secret =
        br#"{"kind": "Secret", "data": {"pass\u0077ord": "aHVudGVyMg==", "broken": "%%", "bytes": "/w=="}}"#;
    let picked =
        |key: &str| pick(secret, &reference(Holder::Secret, key)).map(|secret| secret.reveal().to_owned());
    assert_eq!(picked("password").as_deref(), Ok("hunter2"));
    assert!(matches!(picked("other"), Err(Missing::Absent(_))));
    for key in ["broken", "bytes"] {
        let failed = picked(key).expect_err("it is no text in base64");
        let text = failed.to_string();
        assert!(!text.contains("%%") && !text.contains("hunter2"), "{text}");
    }

    let map = br#"{"kind": "ConfigMap", "data": {"ca.crt": "PEM\n"}}"#;
    let picked = pick(map, &reference(Holder::ConfigMap, "ca.crt"));
    assert_eq!(
        picked.map(|text| text.reveal().to_owned()).as_deref(),
        Ok("PEM\n")
    );
    let empty = pick(b"{}", &reference(Holder::Secret, "a"));
    assert!(matches!(empty, Err(Missing::Absent(_))));
    let none = pick(b"no object", &reference(Holder::Secret, "a"));
    assert!(matches!(none, Err(Missing::Failed(_))));
}
