//! Volumes and what asks for them.

use serde::Deserialize;

use super::network::ObjectRef;
use super::pod::Requirements;
use crate::objects::Text;
use crate::objects::value::{Condition, List, Resources, TextMap};

/// A PersistentVolumeClaim.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PersistentVolumeClaim {
    /// What is wanted.
    pub spec: ClaimSpec,
    /// How it is.
    pub status: ClaimStatus,
}

/// What a claim asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClaimSpec {
    /// Ways in which it is to be mounted.
    pub access_modes: List<Text>,
    /// How much.
    pub resources: Requirements,
    /// Name of its StorageClass; `None` means the default one.
    pub storage_class_name: Option<Text>,
    /// `Filesystem` or `Block`.
    pub volume_mode: Option<Text>,
    /// Name of its PersistentVolume, empty until there is one.
    pub volume_name: Text,
}

/// How a claim is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClaimStatus {
    /// `Pending`, `Bound` or `Lost`.
    pub phase: Text,
    /// What it has.
    pub capacity: Resources,
    /// Conditions.
    pub conditions: List<Condition>,
}

/// A PersistentVolume.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PersistentVolume {
    /// What it is.
    pub spec: VolumeSpec,
    /// How it is.
    pub status: VolumeStatus,
}

/// What a volume is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeSpec {
    /// How much it holds.
    pub capacity: Resources,
    /// The claim it is bound to.
    pub claim_ref: Option<ObjectRef>,
    /// Name of its StorageClass.
    pub storage_class_name: Text,
    /// What becomes of it when its claim is gone.
    pub persistent_volume_reclaim_policy: Text,
    /// `Filesystem` or `Block`.
    pub volume_mode: Option<Text>,
    /// A disk of Google's cloud.
    pub gce_persistent_disk: Option<GceDisk>,
    /// A disk of Amazon's cloud.
    pub aws_elastic_block_store: Option<AwsDisk>,
    /// A disk of Microsoft's cloud.
    pub azure_disk: Option<AzureDisk>,
    /// A disk behind Fibre Channel.
    pub fc: Option<Box<FibreChannel>>,
    /// A disk behind iSCSI.
    pub iscsi: Option<Box<Iscsi>>,
    /// A folder of an NFS server.
    pub nfs: Option<Nfs>,
    /// A volume of a CSI driver.
    pub csi: Option<Csi>,
    /// A disk or folder of one node.
    pub local: Option<LocalVolume>,
    /// A folder of whatever node the pod is on.
    pub host_path: Option<HostPath>,
}

/// A disk of Google's cloud.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GceDisk {
    /// Name.
    pub pd_name: Text,
}

/// A disk of Amazon's cloud.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AwsDisk {
    /// Identity.
    #[serde(rename = "volumeID")]
    pub volume_id: Text,
}

/// A disk of Microsoft's cloud.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AzureDisk {
    /// Name.
    pub disk_name: Text,
}

/// A disk behind Fibre Channel.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FibreChannel {
    /// Names of the ports that have it.
    #[serde(rename = "targetWWNs")]
    pub target_wwns: List<Text>,
    /// Its number there.
    pub lun: Option<i32>,
    /// Names of the disk.
    pub wwids: List<Text>,
}

/// A disk behind iSCSI.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Iscsi {
    /// Address of the portal.
    pub target_portal: Text,
    /// Name of the target.
    pub iqn: Text,
    /// Its number there.
    pub lun: i32,
    /// Name with which one comes.
    pub initiator_name: Text,
}

/// A folder of an NFS server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Nfs {
    /// Server.
    pub server: Text,
    /// Folder.
    pub path: Text,
}

/// A volume of a CSI driver.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Csi {
    /// Driver.
    pub driver: Text,
    /// What the driver calls it.
    pub volume_handle: Text,
    /// What else the driver knows of it.
    pub volume_attributes: TextMap,
}

/// A disk or folder of one node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LocalVolume {
    /// Path.
    pub path: Text,
    /// File system.
    pub fs_type: Text,
}

/// A folder of whatever node the pod is on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct HostPath {
    /// Path.
    pub path: Text,
    /// What it must be.
    #[serde(rename = "type")]
    pub kind: Text,
}

/// How a volume is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct VolumeStatus {
    /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
    pub phase: Text,
    /// Why, in one word.
    pub reason: Text,
    /// Why, for people.
    pub message: Text,
}

/// A StorageClass.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StorageClass {
    /// What makes its volumes.
    pub provisioner: Text,
    /// What becomes of volumes whose claim is gone.
    pub reclaim_policy: Option<Text>,
    /// When volumes are made.
    pub volume_binding_mode: Option<Text>,
    /// Whether volumes may grow.
    pub allow_volume_expansion: Option<bool>,
}

/// A VolumeAttachment: a volume that is, or should be, at a node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct VolumeAttachment {
    /// What is wanted.
    pub spec: AttachmentSpec,
    /// How it is.
    pub status: AttachmentStatus,
}

/// Which volume should be where.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentSpec {
    /// Who takes care of it.
    pub attacher: Text,
    /// Node.
    pub node_name: Text,
    /// Volume.
    pub source: AttachmentSource,
}

/// Which volume is attached.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentSource {
    /// Name of the PersistentVolume; `None` for one that a pod brings along.
    pub persistent_volume_name: Option<Text>,
}

/// Whether a volume is where it should be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AttachmentStatus {
    /// Whether it is.
    pub attached: bool,
    /// What the driver says of it.
    pub attachment_metadata: TextMap,
}
