//! Who may do what: accounts, bindings, certificates; and secrets, of which only the type is read.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::fmt;

use super::network::NameRef;
use crate::objects::Text;
use crate::objects::value::{Condition, List};

/// A Secret, without what is secret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// Type, as in `kubernetes.io/tls`.
    #[serde(rename = "type")]
    pub kind: Text,
}

/// A ServiceAccount.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Whether pods get its token.
    pub automount_service_account_token: Option<bool>,
    /// Secrets its pods may use.
    pub secrets: List<NameRef>,
    /// Secrets with which images are pulled.
    pub image_pull_secrets: List<NameRef>,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Binding {
    /// What is allowed.
    pub role_ref: RoleRef,
    /// To whom.
    pub subjects: List<Subject>,
}

/// Names a Role or ClusterRole.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RoleRef {
    /// `Role` or `ClusterRole`.
    pub kind: Text,
    /// Name.
    pub name: Text,
}

/// Somebody.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: Text,
    /// Name.
    pub name: Text,
    /// Namespace of a ServiceAccount.
    pub namespace: Text,
}

/// A CertificateSigningRequest.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CertificateSigningRequest {
    /// What is asked for.
    pub spec: SigningSpec,
    /// What came of it.
    pub status: SigningStatus,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SigningSpec {
    /// Who should sign.
    pub signer_name: Text,
    /// Who asks.
    pub username: Text,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SigningStatus {
    /// Conditions.
    pub conditions: List<Condition>,
    /// How many bytes the certificate has; 0 if there is none.
    #[serde(rename = "certificate", deserialize_with = "base64_len")]
    pub certificate_bytes: usize,
}

/// Returns how many bytes a text in base64 (RFC 4648, padded, as Go writes bytes) stands for.
fn base64_len<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    struct Visit;
    impl Visitor<'_> for Visit {
        type Value = usize;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes in base64")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<usize, E> {
            Ok(text.trim_end_matches('=').len() * 3 / 4)
        }
        fn visit_unit<E: Error>(self) -> Result<usize, E> {
            Ok(0)
        }
    }
    deserializer.deserialize_any(Visit)
}
