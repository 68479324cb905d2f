//! How API services, definitions and webhooks are.

use super::text;
use super::{Assessment, Finding, Severity, State, View, condition_is};
use crate::objects::{Body, Kind, Object, Status, WebhookConfiguration};

pub(super) fn assess(view: &View<'_>, object: &Object) -> Assessment {
    match &object.body {
        Body::ApiService(one) => {
            let Some(unavailable) = condition_is(&one.status.conditions, "Available", Status::False) else {
                return Assessment::of(State::ok("available", "is available"));
            };
            let state = State::new(
                Severity::Critical,
                "api_unavailable",
                format!("cannot be asked: {}", text::brief(&unavailable.message)),
            )
            .with("message", &unavailable.message);
            let advice = "see the service behind it; until it answers, namespaces cannot be deleted and discovery is \
                slow";
            let finding = Finding::new(object, state, advice).because_of(unavailable);
            Assessment::from_findings(vec![finding], State::default())
        }
        Body::CustomResourceDefinition(one) => {
            let conditions = &one.status.conditions;
            let bad = condition_is(conditions, "NamesAccepted", Status::False)
                .or_else(|| condition_is(conditions, "Established", Status::False))
                .or_else(|| condition_is(conditions, "NonStructuralSchema", Status::True));
            let Some(bad) = bad else {
                return Assessment::of(State::ok("established", "is served"));
            };
            let state = State::new(
                Severity::Critical,
                "definition_refused",
                format!("is not served: {}", text::brief(&bad.message)),
            )
            .with("message", &bad.message);
            let finding = Finding::new(object, state, "correct the definition").because_of(bad);
            Assessment::from_findings(vec![finding], State::default())
        }
        Body::MutatingWebhookConfiguration(one) | Body::ValidatingWebhookConfiguration(one) => {
            hooked(view, object, one)
        }
        _ => Assessment::of(State::ok("exists", "exists")),
    }
}

fn hooked(view: &View<'_>, object: &Object, configuration: &WebhookConfiguration) -> Assessment {
    let mut findings = Vec::new();
    for hook in &configuration.webhooks {
        let Some(service) = &hook.client_config.service else {
            continue;
        };
        let found = view.store.find(&Kind::Service, &service.namespace, &service.name);
        let what = match found {
            None if view.knows(&Kind::Service) => "which does not exist",
            Some(service) if view.assess(&service).state.code == "no_endpoints" => "which leads nowhere",
            _ => continue,
        };
        let (severity, means) = match &*hook.failure_policy {
            "Ignore" => (Severity::Warning, "it is passed over"),
            _ => (Severity::Critical, "what it is asked about is refused"),
        };
        let state = State::new(
            severity,
            "webhook_unreachable",
            format!(
                "{} asks the service {}/{}, {what}: {means}",
                hook.name, service.namespace, service.name
            ),
        )
        .with("webhook", &hook.name)
        .with("service", &service.name);
        let advice = "bring the service back, or delete the webhook";
        findings.push(
            Finding::new(object, state, advice)
                .because("webhooks.failurePolicy", hook.failure_policy.as_str()),
        );
    }
    Assessment::from_findings(findings, State::ok("reachable", "its services are there"))
}
