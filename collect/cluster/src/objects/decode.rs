//! JSON as the API server sends it → [`Object`].

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Body, Interner, Kind, Meta, Object};

/// Why an object was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The JSON is not what the kind's schema says.
    #[error("cannot decode an object of {kind}")]
    Json {
        /// Kind, as in `deployments.apps`.
        kind: String,
        /// Where and what.
        #[source]
        source: serde_json::Error,
    },
    /// The object has no name.
    #[error("cannot take an object of {kind} without a name")]
    NoName {
        /// Kind, as in `deployments.apps`.
        kind: String,
    },
}

/// An object of a kind that has nothing beside `spec` and `status`: read in one pass.
#[derive(Deserialize)]
#[serde(bound = "S: Deserialize<'de> + Default, T: Deserialize<'de> + Default")]
struct Usual<S, T> {
    metadata: Meta,
    #[serde(default)]
    spec: S,
    #[serde(default)]
    status: T,
}

/// The metadata of any object.
#[derive(Deserialize)]
struct Any {
    metadata: Meta,
}

/// Decodes one object.
///
/// # Errors
/// The JSON is not what the kind's schema says, or the object has no name.
pub fn decode(kind: &Kind, json: &[u8], interner: &Interner) -> Result<Object, DecodeError> {
    let object = interner.during(|| parse(kind, json));
    let object = object.map_err(|source| DecodeError::Json {
        kind: kind.to_string(),
        source,
    })?;
    if object.meta.name.is_empty() {
        return Err(DecodeError::NoName {
            kind: kind.to_string(),
        });
    }
    Ok(object)
}

fn parse(kind: &Kind, json: &[u8]) -> serde_json::Result<Object> {
    // serde would also read a list, field by field.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(serde::de::Error::custom("an object is expected"));
    }
    match kind {
        Kind::Pod => usual(json, |spec, status| super::Pod { spec, status }, Body::Pod),
        Kind::Node => usual(json, |spec, status| super::Node { spec, status }, Body::Node),
        Kind::Deployment => usual(
            json,
            |spec, status| super::Deployment { spec, status },
            Body::Deployment,
        ),
        Kind::ReplicaSet => usual(
            json,
            |spec, status| super::ReplicaSet { spec, status },
            Body::ReplicaSet,
        ),
        Kind::CronJob => {
            let mut object = body(json, Body::CronJob)?;
            if let Body::CronJob(job) = &mut object.body {
                job.plan(object.meta.created);
            }
            Ok(object)
        }
        Kind::Namespace => body(json, Body::Namespace),
        Kind::Lease => body(json, Body::Lease),
        Kind::StatefulSet => body(json, Body::StatefulSet),
        Kind::DaemonSet => body(json, Body::DaemonSet),
        Kind::ReplicationController => body(json, Body::ReplicationController),
        Kind::Job => body(json, Body::Job),
        Kind::Service => body(json, Body::Service),
        Kind::Endpoints => body(json, Body::Endpoints),
        Kind::EndpointSlice => body(json, Body::EndpointSlice),
        Kind::Ingress => body(json, Body::Ingress),
        Kind::IngressClass => body(json, Body::IngressClass),
        Kind::NetworkPolicy => body(json, Body::NetworkPolicy),
        Kind::PersistentVolumeClaim => body(json, Body::PersistentVolumeClaim),
        Kind::PersistentVolume => body(json, Body::PersistentVolume),
        Kind::StorageClass => body(json, Body::StorageClass),
        Kind::VolumeAttachment => body(json, Body::VolumeAttachment),
        Kind::HorizontalPodAutoscaler => body(json, Body::HorizontalPodAutoscaler),
        Kind::PodDisruptionBudget => body(json, Body::PodDisruptionBudget),
        Kind::ResourceQuota => body(json, Body::ResourceQuota),
        Kind::LimitRange => body(json, Body::LimitRange),
        Kind::PriorityClass => body(json, Body::PriorityClass),
        Kind::Secret => body(json, Body::Secret),
        Kind::ServiceAccount => body(json, Body::ServiceAccount),
        Kind::RoleBinding => body(json, Body::RoleBinding),
        Kind::ClusterRoleBinding => body(json, Body::ClusterRoleBinding),
        Kind::CertificateSigningRequest => body(json, Body::CertificateSigningRequest),
        Kind::MutatingWebhookConfiguration => body(json, Body::MutatingWebhookConfiguration),
        Kind::ValidatingWebhookConfiguration => body(json, Body::ValidatingWebhookConfiguration),
        Kind::ApiService => body(json, Body::ApiService),
        Kind::CustomResourceDefinition => body(json, Body::CustomResourceDefinition),
        Kind::ConfigMap | Kind::Role | Kind::ClusterRole | Kind::Custom(_) => {
            let Any { metadata } = serde_json::from_slice(json)?;
            Ok(Object {
                meta: metadata,
                body: Body::Plain(kind.clone()),
            })
        }
    }
}

/// Decodes an object that has nothing beside `spec` and `status`.
fn usual<S, T, B>(json: &[u8], join: fn(S, T) -> B, wrap: fn(Box<B>) -> Body) -> serde_json::Result<Object>
where
    S: DeserializeOwned + Default,
    T: DeserializeOwned + Default,
{
    let Usual {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    Ok(Object::new(metadata, join(spec, status), wrap))
}

/// Decodes an object whose fields stand at the top, beside the metadata: read in two passes, since these are small.
fn body<T: DeserializeOwned>(json: &[u8], wrap: fn(Box<T>) -> Body) -> serde_json::Result<Object> {
    let Any { metadata } = serde_json::from_slice(json)?;
    let body: T = serde_json::from_slice(json)?;
    Ok(Object::new(metadata, body, wrap))
}
