//! Files that are read once and may change.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files with their times of change.
#[derive(Debug, Default)]
pub struct WatchedFiles(Vec<(PathBuf, Option<SystemTime>)>);

impl WatchedFiles {
    /// Notes files as they are now, which is before they are read.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        let paths = paths.into_iter();
        Self(paths.map(|path| (path.clone(), changed_at(path))).collect())
    }

    /// Tells whether one of them is another than it was.
    pub fn have_changed(&self) -> bool {
        self.0.iter().any(|(path, time)| changed_at(path) != *time)
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|found| found.modified()).ok()
}
