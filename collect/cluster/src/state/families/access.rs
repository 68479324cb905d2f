//! Metrics of configuration, accounts, roles, certificates, webhooks.

use crate::objects::{Binding, CertificateSigningRequest, Secret, ServiceAccount, WebhookConfiguration};
use crate::state::row::{
    CREATED, DELETED, OWNER, Of, Out, Row, Stability, VERSION, created, deleted, exists, owners,
    resource_version, word,
};

pub(in crate::state) const CONFIG_MAPS: &[Row<()>] = &[
    Row::stable("kube_configmap_info", "There is such a ConfigMap.", exists),
    Row::stable("kube_configmap_created", CREATED, created),
    Row::experimental(
        "kube_configmap_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::labels("kube_configmap_labels", Stability::Stable),
    Row::annotations("kube_configmap_annotations"),
];

pub(in crate::state) const SECRETS: &[Row<Secret>] = &[
    Row::stable("kube_secret_info", "There is such a Secret.", exists),
    Row::stable("kube_secret_type", "Type of the Secret.", |secret, out| {
        out.info(&[("type", &secret.body.kind)]);
    }),
    Row::stable("kube_secret_created", CREATED, created),
    Row::experimental("kube_secret_metadata_resource_version", VERSION, resource_version),
    Row::experimental("kube_secret_owner", OWNER, owners),
    Row::labels("kube_secret_labels", Stability::Stable),
    Row::annotations("kube_secret_annotations"),
];

pub(in crate::state) const SERVICE_ACCOUNTS: &[Row<ServiceAccount>] = &[
    Row::experimental(
        "kube_serviceaccount_info",
        "Whether pods get the token of the account.",
        |account, out| {
            let said = account.body.automount_service_account_token.map_or("", word);
            out.info(&[("automount_token", said)]);
        },
    ),
    Row::experimental("kube_serviceaccount_created", CREATED, created),
    Row::experimental("kube_serviceaccount_deleted", DELETED, deleted),
    Row::experimental(
        "kube_serviceaccount_secret",
        "Secrets that pods of the account may use.",
        |account, out| {
            for secret in &account.body.secrets {
                out.info(&[("name", &secret.name)]);
            }
        },
    ),
    Row::experimental(
        "kube_serviceaccount_image_pull_secret",
        "Secrets with which images are pulled for the account.",
        |account, out| {
            for secret in &account.body.image_pull_secrets {
                out.info(&[("name", &secret.name)]);
            }
        },
    ),
    Row::labels("kube_serviceaccount_labels", Stability::Experimental),
    Row::annotations("kube_serviceaccount_annotations"),
];

pub(in crate::state) const ROLES: &[Row<()>] = &[
    Row::experimental("kube_role_info", "There is such a Role.", exists),
    Row::experimental("kube_role_created", CREATED, created),
    Row::experimental("kube_role_metadata_resource_version", VERSION, resource_version),
    Row::labels("kube_role_labels", Stability::Experimental),
    Row::annotations("kube_role_annotations"),
];

pub(in crate::state) const CLUSTER_ROLES: &[Row<()>] = &[
    Row::experimental("kube_clusterrole_info", "There is such a ClusterRole.", exists),
    Row::experimental("kube_clusterrole_created", CREATED, created),
    Row::experimental(
        "kube_clusterrole_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::labels("kube_clusterrole_labels", Stability::Experimental),
    Row::annotations("kube_clusterrole_annotations"),
];

pub(in crate::state) const ROLE_BINDINGS: &[Row<Binding>] = &[
    Row::experimental("kube_rolebinding_info", "Role that is bound.", role),
    Row::experimental("kube_rolebinding_created", CREATED, created),
    Row::experimental(
        "kube_rolebinding_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::labels("kube_rolebinding_labels", Stability::Experimental),
    Row::annotations("kube_rolebinding_annotations"),
];

pub(in crate::state) const CLUSTER_ROLE_BINDINGS: &[Row<Binding>] = &[
    Row::experimental("kube_clusterrolebinding_info", "Role that is bound.", role),
    Row::experimental("kube_clusterrolebinding_created", CREATED, created),
    Row::experimental(
        "kube_clusterrolebinding_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::labels("kube_clusterrolebinding_labels", Stability::Experimental),
    Row::annotations("kube_clusterrolebinding_annotations"),
];

pub(in crate::state) const SIGNING_REQUESTS: &[Row<CertificateSigningRequest>] = &[
    Row::stable("kube_certificatesigningrequest_created", CREATED, created),
    Row::labels("kube_certificatesigningrequest_labels", Stability::Stable),
    Row::annotations("kube_certificatesigningrequest_annotations"),
    Row::stable(
        "kube_certificatesigningrequest_condition",
        "How often the request was approved or denied.",
        |request, out| {
            for (condition, kind) in [("approved", "Approved"), ("denied", "Denied")] {
                let all = request.body.status.conditions.iter();
                let n = all.filter(|one| &*one.kind == kind).count();
                out.add(&[("condition", condition)], n as f64);
            }
        },
    ),
    Row::stable(
        "kube_certificatesigningrequest_cert_length",
        "Bytes of the certificate.",
        |request, out| {
            out.value(request.body.status.certificate_bytes as f64);
        },
    ),
];

pub(in crate::state) const MUTATING_WEBHOOKS: &[Row<WebhookConfiguration>] = &[
    Row::experimental(
        "kube_mutatingwebhookconfiguration_info",
        "There is such a configuration.",
        exists,
    ),
    Row::experimental("kube_mutatingwebhookconfiguration_created", CREATED, created),
    Row::experimental(
        "kube_mutatingwebhookconfiguration_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::experimental(
        "kube_mutatingwebhookconfiguration_webhook_clientconfig_service",
        "Services that the API server asks before it changes an object.",
        webhooks,
    ),
];

pub(in crate::state) const VALIDATING_WEBHOOKS: &[Row<WebhookConfiguration>] = &[
    Row::experimental(
        "kube_validatingwebhookconfiguration_info",
        "There is such a configuration.",
        exists,
    ),
    Row::experimental("kube_validatingwebhookconfiguration_created", CREATED, created),
    Row::experimental(
        "kube_validatingwebhookconfiguration_metadata_resource_version",
        VERSION,
        resource_version,
    ),
    Row::experimental(
        "kube_validatingwebhookconfiguration_webhook_clientconfig_service",
        "Services that the API server asks before it takes an object.",
        webhooks,
    ),
];

fn role(binding: &Of<'_, Binding>, out: &mut Out<'_>) {
    let role = &binding.body.role_ref;
    out.info(&[("roleref_kind", &role.kind), ("roleref_name", &role.name)]);
}

fn webhooks(configuration: &Of<'_, WebhookConfiguration>, out: &mut Out<'_>) {
    for webhook in &configuration.body.webhooks {
        let service = webhook.client_config.service.as_ref();
        out.info(&[
            ("webhook_name", &webhook.name),
            ("service_name", service.map_or("", |one| &one.name)),
            ("service_namespace", service.map_or("", |one| &one.namespace)),
        ]);
    }
}
