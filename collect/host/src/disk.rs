//! Collectors of the group `disk`: block devices, and the file systems on them.
//!
//! Names, labels and units are node_exporter's.

mod bcache;
mod bcachefs;
mod btrfs;
mod diskstats;
mod dmmultipath;
mod filesystem;
mod mdadm;
mod nfs;
mod nvme;
mod tapestats;
mod xfs;
mod zfs;

pub(crate) use bcache::Bcache;
pub(crate) use bcachefs::Bcachefs;
pub(crate) use btrfs::Btrfs;
pub(crate) use diskstats::DiskStats;
pub(crate) use dmmultipath::DmMultipath;
pub(crate) use filesystem::Filesystem;
pub(crate) use mdadm::Mdadm;
pub(crate) use nfs::{Nfs, Nfsd};
pub(crate) use nvme::Nvme;
pub(crate) use tapestats::TapeStats;
pub(crate) use xfs::Xfs;
pub(crate) use zfs::Zfs;
