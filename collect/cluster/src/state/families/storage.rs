//! Metrics of volumes and what asks for them.

use crate::objects::{
    PersistentVolume, PersistentVolumeClaim, StorageClass, Text, VolumeAttachment, VolumeSpec,
};
use crate::state::row::{CONDITION, CREATED, DELETED, Of, Out, Row, Stability, created, deleted};

/// The annotation that named the StorageClass before there was a field for it.
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub(in crate::state) const CLAIMS: &[Row<PersistentVolumeClaim>] = &[
    Row::stable(
        "kube_persistentvolumeclaim_info",
        "Class and volume of the claim.",
        |claim, out| {
            let spec = &claim.body.spec;
            let class = claim
                .meta
                .annotation(OLD_CLASS)
                .or(spec.storage_class_name.as_deref());
            out.info(&[
                ("storageclass", class.unwrap_or("")),
                ("volumename", &spec.volume_name),
                ("volumemode", spec.volume_mode.as_deref().unwrap_or("")),
            ]);
        },
    ),
    Row::experimental("kube_persistentvolumeclaim_created", CREATED, created),
    Row::experimental("kube_persistentvolumeclaim_deletion_timestamp", DELETED, deleted),
    Row::labels("kube_persistentvolumeclaim_labels", Stability::Stable),
    Row::annotations("kube_persistentvolumeclaim_annotations"),
    Row::stable(
        "kube_persistentvolumeclaim_access_mode",
        "Ways in which the claim is to be mounted.",
        |claim, out| {
            for mode in &claim.body.spec.access_modes {
                out.info(&[("access_mode", mode)]);
            }
        },
    ),
    Row::stable(
        "kube_persistentvolumeclaim_resource_requests_storage_bytes",
        "How much the claim asks for.",
        |claim, out| {
            if let Some(storage) = claim.body.spec.resources.requests.get("storage") {
                out.whole(storage.whole());
            }
        },
    ),
    Row::stable(
        "kube_persistentvolumeclaim_status_phase",
        "Phase of the claim: 1 for the present one.",
        |claim, out| {
            let phase = &claim.body.status.phase;
            if !phase.is_empty() {
                out.states("phase", &["Lost", "Bound", "Pending"], phase);
            }
        },
    ),
    Row::experimental(
        "kube_persistentvolumeclaim_status_condition",
        CONDITION,
        |claim, out| {
            out.conditions(&claim.body.status.conditions);
        },
    ),
];

pub(in crate::state) const VOLUMES: &[Row<PersistentVolume>] = &[
    Row::stable(
        "kube_persistentvolume_info",
        "Class of the volume, and what it is.",
        info,
    ),
    Row::experimental("kube_persistentvolume_created", CREATED, created),
    Row::experimental("kube_persistentvolume_deletion_timestamp", DELETED, deleted),
    Row::labels("kube_persistentvolume_labels", Stability::Stable),
    Row::annotations("kube_persistentvolume_annotations"),
    Row::stable(
        "kube_persistentvolume_claim_ref",
        "Claim that the volume is bound to.",
        |volume, out| {
            if let Some(claim) = &volume.body.spec.claim_ref {
                out.info(&[("name", &claim.name), ("claim_namespace", &claim.namespace)]);
            }
        },
    ),
    Row::stable(
        "kube_persistentvolume_capacity_bytes",
        "How much the volume holds.",
        |volume, out| {
            let storage = volume.body.spec.capacity.get("storage");
            out.whole(storage.map_or(0, crate::objects::Quantity::whole));
        },
    ),
    Row::experimental(
        "kube_persistentvolume_volume_mode",
        "Whether the volume is a file system.",
        |volume, out| {
            let mode = volume.body.spec.volume_mode.as_deref();
            out.info(&[("volumemode", mode.unwrap_or("Filesystem"))]);
        },
    ),
    Row::stable(
        "kube_persistentvolume_status_phase",
        "Phase of the volume: 1 for the present one.",
        |volume, out| {
            let phase = &volume.body.status.phase;
            if !phase.is_empty() {
                out.states(
                    "phase",
                    &["Pending", "Available", "Bound", "Released", "Failed"],
                    phase,
                );
            }
        },
    ),
    Row::opt_in(
        "kube_persistentvolume_csi_attributes",
        "What a Ceph driver says of the volume.",
        |volume, out| {
            if let Some(csi) = &volume.body.spec.csi {
                out.info(&[
                    ("csi_mounter", csi.volume_attributes.get("mounter").unwrap_or("")),
                    (
                        "csi_map_options",
                        csi.volume_attributes.get("mapOptions").unwrap_or(""),
                    ),
                ]);
            }
        },
    ),
];

pub(in crate::state) const STORAGE_CLASSES: &[Row<StorageClass>] = &[
    Row::stable(
        "kube_storageclass_info",
        "What makes the volumes of the class, and how.",
        |class, out| {
            let body = class.body;
            out.info(&[
                ("provisioner", &body.provisioner),
                (
                    "reclaim_policy",
                    body.reclaim_policy.as_deref().unwrap_or("Delete"),
                ),
                (
                    "volume_binding_mode",
                    body.volume_binding_mode.as_deref().unwrap_or("Immediate"),
                ),
            ]);
        },
    ),
    Row::stable("kube_storageclass_created", CREATED, created),
    Row::labels("kube_storageclass_labels", Stability::Stable),
    Row::annotations("kube_storageclass_annotations"),
];

pub(in crate::state) const ATTACHMENTS: &[Row<VolumeAttachment>] = &[
    Row::experimental(
        "kube_volumeattachment_info",
        "Node of the attachment, and who takes care of it.",
        |one, out| {
            out.info(&[
                ("attacher", &one.body.spec.attacher),
                ("node", &one.body.spec.node_name),
            ]);
        },
    ),
    Row::experimental("kube_volumeattachment_created", CREATED, created),
    Row::experimental(
        "kube_volumeattachment_labels",
        "Labels of the attachment.",
        |one, out| {
            out.pairs("label", &one.meta.labels);
        },
    ),
    Row::experimental(
        "kube_volumeattachment_spec_source_persistentvolume",
        "Volume that is attached.",
        |one, out| {
            if let Some(volume) = &one.body.spec.source.persistent_volume_name {
                out.info(&[("volumename", volume)]);
            }
        },
    ),
    Row::experimental(
        "kube_volumeattachment_status_attached",
        "Whether the volume is attached.",
        |one, out| {
            out.value(one.body.status.attached);
        },
    ),
    Row::experimental(
        "kube_volumeattachment_status_attachment_metadata",
        "What the driver says of the attachment.",
        |one, out| out.pairs("metadata", &one.body.status.attachment_metadata),
    ),
];

/// What a volume is, by label; the first kind of volume that is there counts.
#[derive(Default)]
struct Source<'a> {
    gce: &'a str,
    ebs: &'a str,
    azure: &'a str,
    fc: [String; 3],
    iscsi: [&'a str; 3],
    iscsi_lun: String,
    nfs: [&'a str; 2],
    csi: [&'a str; 2],
    local: [&'a str; 2],
    host: [&'a str; 2],
}

impl<'a> Source<'a> {
    fn of(spec: &'a VolumeSpec) -> Self {
        let mut source = Self::default();
        if let Some(gce) = &spec.gce_persistent_disk {
            source.gce = &gce.pd_name;
        } else if let Some(ebs) = &spec.aws_elastic_block_store {
            source.ebs = &ebs.volume_id;
        } else if let Some(azure) = &spec.azure_disk {
            source.azure = &azure.disk_name;
        } else if let Some(fc) = &spec.fc {
            let lun = fc.lun.map(|lun| lun.to_string()).unwrap_or_default();
            source.fc = [joined(&fc.wwids), lun, joined(&fc.target_wwns)];
        } else if let Some(iscsi) = &spec.iscsi {
            source.iscsi = [&iscsi.target_portal, &iscsi.iqn, &iscsi.initiator_name];
            source.iscsi_lun = iscsi.lun.to_string();
        } else if let Some(nfs) = &spec.nfs {
            source.nfs = [&nfs.server, &nfs.path];
        } else if let Some(csi) = &spec.csi {
            source.csi = [&csi.driver, &csi.volume_handle];
        } else if let Some(local) = &spec.local {
            source.local = [&local.path, &local.fs_type];
        } else if let Some(host) = &spec.host_path {
            source.host = [&host.path, &host.kind];
        }
        source
    }
}

fn joined(items: &[Text]) -> String {
    let items: Vec<&str> = items.iter().map(|item| &**item).collect();
    items.join(",")
}

fn info(volume: &Of<'_, PersistentVolume>, out: &mut Out<'_>) {
    let spec = &volume.body.spec;
    let source = Source::of(spec);
    let [wwids, fc_lun, target_wwns] = &source.fc;
    let [portal, iqn, initiator] = source.iscsi;
    out.info(&[
        ("storageclass", &spec.storage_class_name),
        ("gce_persistent_disk_name", source.gce),
        ("ebs_volume_id", source.ebs),
        ("azure_disk_name", source.azure),
        ("fc_wwids", wwids),
        ("fc_lun", fc_lun),
        ("fc_target_wwns", target_wwns),
        ("iscsi_target_portal", portal),
        ("iscsi_iqn", iqn),
        ("iscsi_lun", &source.iscsi_lun),
        ("iscsi_initiator_name", initiator),
        ("nfs_server", source.nfs[0]),
        ("nfs_path", source.nfs[1]),
        ("csi_driver", source.csi[0]),
        ("csi_volume_handle", source.csi[1]),
        ("local_path", source.local[0]),
        ("local_fs", source.local[1]),
        ("host_path", source.host[0]),
        ("host_path_type", source.host[1]),
    ]);
}
