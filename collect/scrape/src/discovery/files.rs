//! `file_sd_configs`: lists in files, read again when they change.
//!
//! Changes are seen by size and time of change, looked at every two seconds: that works on every file system,
//! mounted secrets and network shares among them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::list::{self, Syntax};
use super::{Discovery, GroupSink, Search, TargetGroup};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// A list of targets.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A file as it was when it was read.
#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    size: u64,
    changed: Option<SystemTime>,
}

/// What files hold.
#[derive(Debug, Default)]
struct State {
    stamps: BTreeMap<PathBuf, Stamp>,
    groups: BTreeMap<PathBuf, Vec<TargetGroup>>,
}

/// Lists in files.
pub(super) struct Files {
    patterns: Vec<PathBuf>,
    refresh: Duration,
    state: State,
}

impl Files {
    pub(super) fn new(patterns: Vec<PathBuf>, refresh: Duration) -> Self {
        Self {
            patterns,
            refresh,
            state: State::default(),
        }
    }

    async fn run(mut self, out: GroupSink, stop: CancellationToken) {
        let mut read_all = Instant::now() + self.refresh;
        let mut first = true;
        loop {
            let now = Instant::now();
            if now >= read_all {
                read_all = now + self.refresh;
                self.state.stamps.clear();
            }
            let patterns = self.patterns.clone();
            let mut state = std::mem::take(&mut self.state);
            let read = spawn_blocking(move || {
                let changed = look(&patterns, &mut state);
                (state, changed)
            });
            let Ok((state, changed)) = read.await else { return };
            self.state = state;
            if changed || first {
                first = false;
                out.replace(self.state.groups.values().flatten().cloned().collect())
                    .await;
            }
            if stop
                .run_until_cancelled(tokio::time::sleep(LOOK.min(self.refresh)))
                .await
                .is_none()
            {
                return;
            }
        }
    }
}

impl Discovery for Files {
    fn search(self: Box<Self>, out: GroupSink, stop: CancellationToken) -> Search {
        Box::pin(self.run(out, stop))
    }
}

/// Reads what has changed; tells whether anything has.
fn look(patterns: &[PathBuf], state: &mut State) -> bool {
    let mut changed = false;
    let mut present = Vec::new();
    for pattern in patterns {
        let Ok(paths) = glob::glob(&pattern.to_string_lossy()) else {
            continue;
        };
        present.extend(paths.filter_map(Result::ok));
    }
    for path in &present {
        let Ok(found) = std::fs::metadata(path) else {
            continue;
        };
        let stamp = Stamp {
            size: found.len(),
            changed: found.modified().ok(),
        };
        if state.stamps.get(path) == Some(&stamp) {
            continue;
        }
        state.stamps.insert(path.clone(), stamp);
        match read(path) {
            Ok(groups) => {
                changed |= state.groups.get(path) != Some(&groups);
                state.groups.insert(path.clone(), groups);
            }
            Err(reason) => {
                tracing::warn!(path = %path.display(), %reason, "failed to read targets; those read before stay");
            }
        }
    }
    let before = state.groups.len();
    state.groups.retain(|path, _| present.contains(path));
    state.stamps.retain(|path, _| present.contains(path));
    changed || state.groups.len() != before
}

fn read(path: &Path) -> Result<Vec<TargetGroup>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("the file is larger than {MAX_FILE_BYTES} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let syntax = if path.extension().is_some_and(|end| end == "json") {
        Syntax::Json
    } else {
        Syntax::Yaml
    };
    let name = path.to_string_lossy();
    list::parse(&text, syntax, &name, ("__meta_filepath", &name))
}
