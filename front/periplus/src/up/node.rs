//! `periplus agent`: the collectors of a machine, whose samples go to a server and stay nowhere.
//!
//! It is `periplus up` without what asks and keeps: the store is the queue on disk that forwarding reads from, the lake is
//! not opened, and of the server only health and own metrics are left. What the server has not taken is sent after a
//! restart too, as long as it is not more than may wait.

use std::path::Path;
use std::time::Duration;

use forward::{RemoteWriteConfig, parse_remote_write};
use model::{Labels, with_causes};
use serde_json::{Value, json};
use store::StoreConfig;

use super::config::{Scope, UpConfig, default_data};
use crate::cli::{AgentArgs, UpArgs};
use crate::report::Failure;

/// Name of the one receiver: that of its checkpoint, and a label of metrics.
const RECEIVER: &str = "server";
/// Name of the data folder, beside that of a `periplus up` on the same machine.
const FOLDER: &str = "periplus-agent";
/// Where remote write goes on servers that are named without a path.
const WRITE_PATH: &str = "/api/v1/write";
/// Connections that send at once: samples of one machine need one, those that have waited a few more.
const MAX_LANES: usize = 4;
/// Samples of the head, which nobody asks for; the log is dropped as often.
const HEAD_RANGE: Duration = Duration::from_secs(15 * 60);
/// The log is dropped by whole segments, so these are small beside what may wait.
const SEGMENT_BYTES: u64 = 16 << 20;
const PAGE_CACHE_BYTES: usize = 1 << 16;

/// Checks the command line.
///
/// # Errors
/// All mistakes in it.
pub(super) fn check(args: &AgentArgs) -> Result<UpConfig, Failure> {
    let mut config = UpConfig::check(&as_up(args))?.scoped(Scope::Node);
    let mut mistakes = Vec::new();
    if args.token_file.is_some() && !args.to.is_tls() && !args.to.is_loopback() {
        mistakes.push(format!(
            "--to {} would get the token unencrypted; it needs https://",
            args.to
        ));
    }
    let pairs = args.label.iter();
    let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
    if let Err(error) = Labels::from_pairs(pairs) {
        mistakes.push(format!("--label: {}", with_causes(&error)));
    }
    let receivers = receivers(args).unwrap_or_else(|found| {
        mistakes.extend(found);
        Vec::new()
    });
    if !mistakes.is_empty() {
        return Err(Failure::message("cannot start with this command line")
            .detail(mistakes)
            .usage()
            .hint("`periplus agent --help` shows examples"));
    }
    config.receivers = receivers;
    for receiver in &mut config.receivers {
        // There is nobody to see to it at once: what comes waits until the token is right.
        receiver.retry_on_refused_identity = true;
    }
    config.labels.clone_from(&args.label);
    config.hold = args.hold;
    Ok(config)
}

/// Returns the one receiver, by the words of a configuration file, so that all that is checked there is checked here.
fn receivers(args: &AgentArgs) -> Result<Vec<RemoteWriteConfig>, Vec<String>> {
    let path = if args.to.prefix().is_empty() {
        WRITE_PATH
    } else {
        ""
    };
    let mut receiver = json!({
        "name": RECEIVER,
        "url": format!("{}{path}", args.to),
        "protobuf_message": "io.prometheus.write.v2.Request",
        "queue_config": { "max_shards": MAX_LANES },
    });
    let mut set = |key: &str, value: Value| {
        if let Some(table) = receiver.as_object_mut() {
            table.insert(key.to_owned(), value);
        }
    };
    if let Some(file) = &args.token_file {
        set("authorization", json!({ "credentials_file": file }));
    }
    if let Some(file) = &args.ca_file {
        set("tls_config", json!({ "ca_file": file }));
    }
    // JSON is YAML too.
    parse_remote_write(&json!([receiver]).to_string(), Path::new(""))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// Makes a store a queue: nothing is kept but what waits.
pub(super) fn as_queue(config: &mut StoreConfig) {
    config.retention = HEAD_RANGE;
    config.head_range = HEAD_RANGE;
    config.compacted_range = HEAD_RANGE;
    config.log_segment_bytes = SEGMENT_BYTES;
    config.max_exemplars = 0;
    config.page_cache_bytes = PAGE_CACHE_BYTES;
    config.scrub_interval = None;
}

fn as_up(args: &AgentArgs) -> UpArgs {
    let is_root = rustix::process::geteuid().is_root();
    let data = args.data.clone();
    UpArgs {
        listen: args.listen,
        data: data.or_else(|| default_data(FOLDER, is_root, &|name| std::env::var_os(name))),
        interval: args.interval,
        retention: Some(HEAD_RANGE.max(args.interval)),
        retention_size: None,
        retention_events: None,
        root: args.root.clone(),
        instance: args.instance.clone(),
        enable: args.enable.clone(),
        disable: args.disable.clone(),
        config: None,
        kubeconfig: None,
        context: None,
        tls_cert: None,
        tls_key: None,
        rotate_token: false,
        token_file: args.token_file.clone(),
        write_token_file: None,
        enable_admin_api: false,
        enable_lifecycle: false,
        cors_origin: None,
        enable_feature: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
