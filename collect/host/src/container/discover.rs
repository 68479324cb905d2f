//! Walks the cgroup hierarchies for cgroups of containers and services, and for the processes in them.

use std::collections::BTreeMap;
use std::fs::{read_dir, symlink_metadata};
use std::os::unix::fs::MetadataExt;

use crate::{CollectError, Root, parse};

use super::cgroup::{Class, classify};
use super::files::Files;
use super::hierarchy::Hierarchies;

/// Cgroups looked at in one walk; a machine with more shows the first ones only, with a problem noted.
const MAX_CGROUPS: usize = 16_384;
/// Depth of the hierarchy that is looked at.
const MAX_DEPTH: usize = 16;
/// Process ids kept of one cgroup.
const MAX_PIDS: usize = 32_768;

/// A cgroup of a container or a service.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Path in the hierarchy, with `/` in front.
    pub(super) path: String,
    /// Mount of the hierarchy in which it was found.
    pub(super) mount: String,
    /// Inode of its folder: another one under the same path is another cgroup.
    pub(super) inode: u64,
    pub(super) class: Class,
}

/// Finds all cgroups of containers and services, in order of their paths.
pub(super) fn find(files: &mut Files<'_>, hierarchies: &Hierarchies) -> Result<Vec<Found>, CollectError> {
    let mut walk = Walk {
        root: files.root(),
        found: BTreeMap::new(),
        visited: 0,
    };
    let mut first_error = None;
    let mut read_one = false;
    for mount in hierarchies.to_search() {
        match symlink_metadata(walk.root.path(mount)) {
            Ok(_) => {
                read_one = true;
                walk.visit(mount, "", 0);
            }
            Err(error) => {
                first_error.get_or_insert(CollectError::Read {
                    what: mount.to_owned(),
                    source: error,
                });
            }
        }
    }
    let Walk { found, visited, .. } = walk;
    if visited >= MAX_CGROUPS {
        files.note(format_args!(
            "more than {MAX_CGROUPS} cgroups, the others are left out"
        ));
    }
    match first_error {
        Some(error) if !read_one => Err(error),
        _ => Ok(found.into_values().collect()),
    }
}

struct Walk<'r> {
    root: &'r Root,
    found: BTreeMap<String, Found>,
    visited: usize,
}

impl Walk<'_> {
    fn visit(&mut self, mount: &str, path: &str, depth: usize) {
        self.visited += 1;
        if self.visited > MAX_CGROUPS || depth > MAX_DEPTH {
            return;
        }
        let folder = self.root.path(format!("{mount}{path}"));
        let Ok(metadata) = symlink_metadata(&folder) else {
            return;
        };
        if let Some(class) = classify(path)
            && !self.found.contains_key(path)
        {
            let found = Found {
                path: path.to_owned(),
                mount: mount.to_owned(),
                inode: metadata.ino(),
                class,
            };
            self.found.insert(path.to_owned(), found);
        }
        // A folder without folders in it has two links; most cgroups are leaves, and listing one costs ten times
        // what asking this costs.
        if metadata.nlink() == 2 {
            return;
        }
        for name in folders(&folder) {
            self.visit(mount, &format!("{path}/{name}"), depth + 1);
        }
    }
}

fn folders(folder: &std::path::Path) -> Vec<String> {
    let Ok(entries) = read_dir(folder) else {
        return Vec::new();
    };
    let folders = entries
        .flatten()
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
    folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Returns the process ids in a cgroup and the cgroups below it, those of the cgroup itself first.
pub(super) fn pids(files: &mut Files<'_>, cgroup: &Found) -> Vec<u32> {
    let mut pids = Vec::new();
    add_pids(files, &format!("{}{}", cgroup.mount, cgroup.path), 0, &mut pids);
    pids
}

fn add_pids(files: &mut Files<'_>, folder: &str, depth: usize, pids: &mut Vec<u32>) {
    if let Some(bytes) = files.read(folder, "cgroup.procs") {
        let new = parse::lines(bytes).filter_map(parse::unsigned);
        // 0 stands for a process of another pid namespace.
        let new = new
            .filter(|pid| *pid != 0)
            .filter_map(|pid| u32::try_from(pid).ok());
        pids.extend(new.take(MAX_PIDS.saturating_sub(pids.len())));
    }
    let path = files.root().path(folder);
    if depth >= MAX_DEPTH || symlink_metadata(&path).is_ok_and(|m| m.nlink() == 2) {
        return;
    }
    for name in folders(&path) {
        add_pids(files, &format!("{folder}/{name}"), depth + 1, pids);
    }
}
