//! Where the cgroup hierarchies are mounted.

use crate::{CollectError, Root, parse};

/// A controller whose files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    /// Bandwidth and shares.
    Cpu,
    /// Time used.
    Cpuacct,
    /// Memory.
    Memory,
    /// Block devices.
    Blkio,
    /// Number of threads.
    Pids,
}

/// Name of each controller in the options of a v1 mount.
const NAMES: &[(&str, Controller)] = &[
    ("cpu", Controller::Cpu),
    ("cpuacct", Controller::Cpuacct),
    ("memory", Controller::Memory),
    ("blkio", Controller::Blkio),
    ("pids", Controller::Pids),
];

/// The mounts of cgroup file systems: v1 alone, v2 alone, or both on a hybrid system.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hierarchies {
    v1: Vec<(Controller, String)>,
    /// The v1 hierarchy in which systemd keeps its units, without a controller.
    systemd: Option<String>,
    unified: Option<String>,
}

impl Hierarchies {
    /// Finds the mounts in the tree's mount table: that of the first process, or one's own where that is not
    /// readable.
    pub(super) fn find(root: &Root) -> Result<Self, CollectError> {
        let mut buffer = Vec::new();
        let found = match root.read("proc/1/mountinfo", &mut buffer) {
            Ok(bytes) => Self::parse(bytes),
            Err(_) => Self::parse(root.read("proc/self/mountinfo", &mut buffer)?),
        };
        if found == Self::default() {
            return Err(CollectError::Absent {
                what: "a mounted cgroup file system".to_owned(),
            });
        }
        Ok(found)
    }

    /// Returns the v1 mount of a controller.
    pub(super) fn v1(&self, controller: Controller) -> Option<&str> {
        let found = self.v1.iter().find(|(other, _)| *other == controller);
        found.map(|(_, mount)| mount.as_str())
    }

    /// Returns the v2 mount.
    pub(super) fn unified(&self) -> Option<&str> {
        self.unified.as_deref()
    }

    /// Returns the mounts in which cgroups are looked for: a container has a cgroup in every v1 hierarchy, a
    /// service perhaps only in systemd's own, and on a hybrid system either may stand in the unified one only.
    pub(super) fn to_search(&self) -> impl Iterator<Item = &str> {
        let order = [
            Controller::Memory,
            Controller::Cpu,
            Controller::Pids,
            Controller::Cpuacct,
        ];
        let first = order.into_iter().find_map(|controller| self.v1(controller));
        first
            .into_iter()
            .chain(self.systemd.as_deref())
            .chain(self.unified.as_deref())
    }

    /// Parses a mount table. Source: proc_pid_mountinfo(5).
    fn parse(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        for line in parse::lines(bytes) {
            let mut words = parse::words(line);
            let mount = words.nth(4);
            let mut words = words.skip_while(|word| *word != b"-").skip(1);
            let (Some(mount), Some(kind)) = (mount, words.next()) else {
                continue;
            };
            let mount = parse::text(mount).to_owned();
            match kind {
                b"cgroup2" => {
                    found.unified.get_or_insert(mount);
                }
                b"cgroup" => found.add_v1(&mount, parse::text(words.nth(1).unwrap_or(b""))),
                _ => {}
            }
        }
        found
    }

    fn add_v1(&mut self, mount: &str, options: &str) {
        for option in options.split(',') {
            if option == "name=systemd" {
                self.systemd.get_or_insert_with(|| mount.to_owned());
            }
            let named = NAMES.iter().find(|(name, _)| *name == option);
            if let Some((_, controller)) = named
                && self.v1(*controller).is_none()
            {
                self.v1.push((*controller, mount.to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
