//! The next step for what can go wrong at the start.

use std::io::ErrorKind;

use lake::LakeError;
use server::ServerError;
use store::StoreError;

use super::config::UpConfig;
use crate::report::Failure;

/// Says what to do when the store does not open.
pub(super) fn store(error: StoreError) -> Failure {
    let hint = match &error {
        StoreError::Locked { .. } => {
            "`periplus up` runs already with this folder: look at its page, stop it, or give this one its own folder \
             with --data DIR and its own port with --listen"
        }
        StoreError::NewerFormat { .. } => {
            "start the newer version that wrote it, or begin afresh with another --data DIR; nothing was changed"
        }
        StoreError::Io { source, .. } => match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "choose a folder that this user may write with --data DIR"
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "make room on that disk, or choose another with --data DIR"
            }
            _ => "check the disk; another folder can be chosen with --data DIR",
        },
        StoreError::Corrupt { .. } => {
            "move the file away to go on without what it holds, or restore the folder from a backup"
        }
        StoreError::NoSpace { .. } => "make room on that disk, or choose another with --data DIR",
        StoreError::TooManyTombstones { .. } => {
            "start without new deletions and order POST /api/v1/admin/tsdb/clean_tombstones"
        }
        StoreError::StartThread { .. } => {
            "raise the limit of threads of this user or container (ulimit -u, pids.max)"
        }
    };
    Failure::new(error).hint(hint)
}

/// Says what to do when the lake does not open.
pub(super) fn lake(error: LakeError) -> Failure {
    let hint = match &error {
        LakeError::InUse { .. } => {
            "`periplus up` runs already with this folder: look at its page, stop it, or give this one its own folder \
             with --data DIR and its own port with --listen"
        }
        LakeError::Config(_) => "correct periplus.lake in the configuration file",
        LakeError::Threads(_) => "raise the limit of threads of this user or container (ulimit -u, pids.max)",
        LakeError::Open { .. } => "choose a folder that this user may write with --data DIR",
        LakeError::Log { .. }
        | LakeError::Transactions { .. }
        | LakeError::File { .. }
        | LakeError::Parquet { .. } => {
            "check the disk or the bucket; to go on without this table's rows, move its folder under lake/tables and \
             lake/log away"
        }
    };
    Failure::new(error).hint(hint)
}

/// Says what to do when the server does not start.
pub(super) fn server(error: ServerError, config: &UpConfig) -> Failure {
    let hint = match &error {
        ServerError::Listen { address, source } => match source.kind() {
            ErrorKind::AddrInUse => format!(
                "something listens there already, perhaps another `periplus up`: choose another port, for example \
                 --listen {}:0 for a free one",
                bracketed(address.ip())
            ),
            ErrorKind::AddrNotAvailable => {
                "this machine does not have that address: choose one of `ip address`, or --listen 0.0.0.0:8420 for \
                 all"
                    .to_owned()
            }
            ErrorKind::PermissionDenied => "ports below 1024 need root: choose one above with --listen".to_owned(),
            _ => "choose another address with --listen".to_owned(),
        },
        ServerError::DataDir { .. } => "choose a folder that this user may write with --data DIR".to_owned(),
        ServerError::Identity(_) => format!(
            "check who may read and write {}",
            config.data.join("identity").display()
        ),
        ServerError::Certificate(_) if config.tls.is_some() => {
            "--tls-cert takes a certificate chain and --tls-key its private key, both PEM".to_owned()
        }
        ServerError::Certificate(_) => format!(
            "remove the certificate in {} to have a new one made",
            config.data.join("identity").display()
        ),
    };
    Failure::new(error).hint(hint)
}

fn bracketed(address: std::net::IpAddr) -> String {
    if address.is_ipv6() {
        format!("[{address}]")
    } else {
        address.to_string()
    }
}

#[cfg(test)]
mod tests;
