//! Collector `selinux`: whether SELinux is on, what it does and what it is told to do at boot.
//!
//! It is on if its file system is mounted and a policy is loaded; without a policy every process carries the
//! label `kernel`. Modes: 1 enforcing, 0 permissive, -1 disabled or not known.
//! Sources: selinux(8), `/sys/fs/selinux/enforce`, `/etc/selinux/config`.

use model::{Family, Sink};

use crate::{CollectError, Collector, Root, attribute, parse};

const ENABLED: Family<'_> = Family::gauge("node_selinux_enabled", "1 if SELinux is on, 0 if not.");
const CONFIG_MODE: Family<'_> = Family::gauge(
    "node_selinux_config_mode",
    "Mode of SELinux that boot sets: 1 enforcing, 0 permissive, -1 disabled.",
);
const CURRENT_MODE: Family<'_> = Family::gauge(
    "node_selinux_current_mode",
    "Mode of SELinux now: 1 enforcing, 0 permissive, -1 not known.",
);
const DISABLED: f64 = -1.0;

/// Collects `node_selinux_*`.
#[derive(Default)]
pub(crate) struct Selinux {
    buffer: Vec<u8>,
}

impl Collector for Selinux {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let enforce = match attribute::number(root, "sys/fs/selinux/enforce", &mut self.buffer) {
            Err(CollectError::Absent { .. }) => None,
            Ok(mode) => Some(mode),
            Err(_) => Some(DISABLED),
        };
        let (Some(mode), true) = (enforce, self.has_policy(root)) else {
            out.sample(&ENABLED, &[], 0.0);
            return Ok(());
        };
        out.sample(&ENABLED, &[], 1.0);
        out.sample(&CONFIG_MODE, &[], self.config_mode(root));
        out.sample(&CURRENT_MODE, &[], mode);
        Ok(())
    }
}

impl Selinux {
    fn has_policy(&mut self, root: &Root) -> bool {
        match root.read("proc/self/attr/current", &mut self.buffer) {
            Ok(label) => label.trim_ascii().strip_suffix(b"\0").unwrap_or(label) != b"kernel",
            Err(_) => true,
        }
    }

    fn config_mode(&mut self, root: &Root) -> f64 {
        let Ok(bytes) = root.read("etc/selinux/config", &mut self.buffer) else {
            return DISABLED;
        };
        let mode = parse::lines(bytes).find_map(|line| line.trim_ascii().strip_prefix(b"SELINUX="));
        match mode.map(|mode| mode.trim_ascii()) {
            Some(b"enforcing" | b"\"enforcing\"") => 1.0,
            Some(b"permissive" | b"\"permissive\"") => 0.0,
            _ => DISABLED,
        }
    }
}

#[cfg(test)]
mod tests;
