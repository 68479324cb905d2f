//! Finds targets and scrapes them as Prometheus does.

mod status;

pub use status::{
    ActiveTarget, DroppedTarget, MetadataRequest, PoolStatus, RelabelStep, ReloadStatus, ScrapeStatus,
    TargetHealth, TargetMetadata,
};
