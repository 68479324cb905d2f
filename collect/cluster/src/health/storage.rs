//! How claims, volumes and attachments are.

use super::text;
use super::{Assessment, Finding, Severity, State, View, seconds};
use crate::objects::{Body, Kind, Object, PersistentVolumeClaim};

/// A volume is made and bound within this time.
const PATIENCE: i64 = 120;

pub(super) fn assess(view: &View<'_>, object: &Object) -> Assessment {
    match &object.body {
        Body::PersistentVolumeClaim(claim) => claimed(view, object, claim),
        Body::PersistentVolume(volume) => match &*volume.status.phase {
            "Failed" => {
                let state = State::new(
                    Severity::Critical,
                    "volume_failed",
                    format!("cannot be reclaimed: {}", text::brief(&volume.status.message)),
                );
                let finding = Finding::new(object, state, "see the storage behind it")
                    .because("status.reason", volume.status.reason.as_str())
                    .because("status.message", volume.status.message.as_str());
                Assessment::from_findings(vec![finding], State::default())
            }
            "Released" => {
                let state = State::plain(
                    Severity::Warning,
                    "volume_released",
                    "its claim is gone and its data is kept; nobody can use it",
                );
                let finding = Finding::new(object, state, "delete it once the data is not needed any more")
                    .because("status.phase", "Released");
                Assessment::from_findings(vec![finding], State::default())
            }
            "Bound" => Assessment::of(State::ok("bound", "is bound")),
            _ => Assessment::of(State::ok("available", "is free")),
        },
        Body::VolumeAttachment(attachment) if !attachment.status.attached => {
            let waits = view.now - object.meta.created;
            let state = State::plain(Severity::Progressing, "attaching", "is being attached");
            if waits < PATIENCE {
                return Assessment::of(state);
            }
            let state = State::new(
                Severity::Warning,
                "not_attached",
                format!("is not attached for {}", text::span(waits)),
            );
            let finding = Finding::new(object, state, "see the CSI driver's controller and the node")
                .because("status.attached", "false")
                .since(seconds(object.meta.created));
            Assessment::from_findings(vec![finding], State::default())
        }
        _ => Assessment::of(State::ok("exists", "exists")),
    }
}

fn claimed(view: &View<'_>, object: &Object, claim: &PersistentVolumeClaim) -> Assessment {
    match &*claim.status.phase {
        "Bound" => return Assessment::of(State::ok("bound", "is bound")),
        "Lost" => {
            let state = State::plain(
                Severity::Critical,
                "claim_lost",
                "its volume does not exist any more",
            );
            let finding = Finding::new(
                object,
                state,
                "restore the volume, or delete the claim; its data is gone",
            )
            .because("spec.volumeName", claim.spec.volume_name.as_str());
            return Assessment::from_findings(vec![finding], State::default());
        }
        _ => {}
    }
    let warnings = view.warnings(object);
    if let Some(warning) = warnings.iter().find(|one| &*one.reason == "ProvisioningFailed") {
        let state = State::new(
            Severity::Critical,
            "provisioning_failed",
            format!("no volume can be made for it: {}", text::brief(&warning.message)),
        )
        .with("message", &warning.message);
        let advice = "see the storage class, its provisioner, and the quota of the storage behind it";
        let finding = Finding::new(object, state, advice).because_warned(warning);
        return Assessment::from_findings(vec![finding], State::default());
    }
    if let Some(class) = &claim.spec.storage_class_name
        && !class.is_empty()
    {
        match view.store.find(&Kind::StorageClass, "", class) {
            None if view.knows(&Kind::StorageClass) => {
                let state = State::new(
                    Severity::Critical,
                    "no_storage_class",
                    format!("its storage class {class} does not exist"),
                )
                .with("storageClass", class);
                let finding =
                    Finding::new(object, state, "create the class, or a volume that fits the claim")
                        .because("spec.storageClassName", class.as_str());
                return Assessment::from_findings(vec![finding], State::default());
            }
            Some(found) => {
                if let Body::StorageClass(body) = &found.body
                    && body.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
                    && !is_used(view, object)
                {
                    return Assessment::of(State::ok(
                        "waits_for_pod",
                        "waits for the first pod that uses it",
                    ));
                }
            }
            None => {}
        }
    }
    let waits = view.now - object.meta.created;
    let state = State::plain(Severity::Progressing, "claim_pending", "waits for a volume");
    if waits < PATIENCE {
        return Assessment::of(state);
    }
    let state = State::new(
        Severity::Warning,
        "claim_pending",
        format!("waits for a volume for {}", text::span(waits)),
    )
    .with("seconds", waits);
    let mut finding = Finding::new(object, state, "see its events, and whether a volume fits it")
        .because("status.phase", claim.status.phase.as_str())
        .since(seconds(object.meta.created));
    for warning in warnings.iter().take(2) {
        finding = finding.because_warned(warning);
    }
    Assessment::from_findings(vec![finding], State::default())
}

fn is_used(view: &View<'_>, claim: &Object) -> bool {
    view.pods_in(&claim.meta.namespace).iter().any(|one| {
        matches!(&one.body, Body::Pod(pod) if pod.spec.claims.iter().any(|volume| volume.claim == claim.meta.name))
    })
}
