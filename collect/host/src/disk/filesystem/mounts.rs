//! What is mounted, out of the text of `/proc/*/mountinfo`.
//!
//! The text is parsed again only when it changed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::{Problems, Root, parse};

/// Types of file systems that hold no files of anyone, or only what another mount reports already.
const EXCLUDED_TYPES: &[&str] = &[
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "erofs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
];

/// Types that the kernel answers for out of its own memory. `autofs` is not among them: walking over one can wait
/// for its daemon.
const LOCAL_TYPES: &[&str] = &[
    "btrfs", "efivarfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "msdos", "nilfs2", "ntfs3", "ramfs",
    "reiserfs", "rootfs", "tmpfs", "udf", "vfat", "xfs",
];

/// A mounted file system.
pub(super) struct Mount {
    /// Source, with the kernel's escapes as they are.
    pub device: String,
    /// Mount point, without escapes and without the prefix of the tree.
    pub mount_point: String,
    /// Type of the file system.
    pub kind: String,
    pub major: String,
    pub minor: String,
    pub read_only: bool,
    /// Where to ask.
    pub path: PathBuf,
    /// Whether it ever answered.
    pub answered: bool,
    /// Whether neither the file system nor one on the way to it can hang.
    local: bool,
}

impl Mount {
    /// Tells whether it may be asked on the collector's own thread.
    pub(super) fn is_direct(&self) -> bool {
        self.local && self.answered
    }
}

/// The mounts of the last text.
#[derive(Default)]
pub(super) struct Table {
    text: Vec<u8>,
    mounts: Vec<Mount>,
    problems: Problems,
}

impl Table {
    /// Brings the table up to date and returns what could not be read. `own` says that the text is this process's
    /// own: its mount points then begin with the place of the tree.
    pub(super) fn update(&mut self, root: &Root, text: &[u8], own: bool) -> Problems {
        if self.text == text {
            return self.problems.clone();
        }
        let place = root.path("");
        let prefix = if own { place.as_os_str().as_bytes() } else { b"/" };
        let prefix = prefix.strip_suffix(b"/").unwrap_or(prefix);
        let before = std::mem::take(&mut self.mounts);
        self.problems = Problems::default();
        let mut all = Vec::new();
        for line in parse::lines(text) {
            match Line::parse(line) {
                Some(line) => all.push(line),
                None => self.problems.add(format_args!(
                    "cannot read a line of mountinfo: {:?}",
                    parse::excerpt(line)
                )),
            }
        }
        let remote: Vec<Vec<u8>> = all
            .iter()
            .filter(|line| !line.cannot_hang())
            .map(|line| unescape(line.mount_point))
            .collect();
        for line in &all {
            let point = unescape(line.mount_point);
            let point_in_tree = point.strip_prefix(prefix).unwrap_or(&point);
            let point_in_tree = if point_in_tree.is_empty() {
                b"/"
            } else {
                point_in_tree
            };
            if EXCLUDED_TYPES.contains(&line.kind) || is_excluded(point_in_tree) {
                continue;
            }
            let mut mount = Mount {
                device: lossy(line.device),
                mount_point: lossy(point_in_tree),
                kind: line.kind.to_owned(),
                major: line.major.to_string(),
                minor: line.minor.to_string(),
                read_only: line.read_only,
                path: root.path(OsStr::from_bytes(point_in_tree)),
                answered: false,
                local: !remote.iter().any(|above| is_at_or_below(&point, above)),
            };
            mount.answered = before
                .iter()
                .any(|known| known.answered && is_same_place(known, &mount) && known.minor == mount.minor);
            // Of file systems mounted one over the other, statfs sees the last.
            self.mounts.retain(|known| !is_same_place(known, &mount));
            self.mounts.push(mount);
        }
        self.text.clear();
        self.text.extend_from_slice(text);
        self.problems.clone()
    }

    /// Returns the mounts in the order in which they were mounted.
    pub(super) fn mounts(&self) -> impl Iterator<Item = &Mount> {
        self.mounts.iter()
    }

    /// Returns the mounts in the order in which they were mounted.
    pub(super) fn mounts_mut(&mut self) -> impl Iterator<Item = &mut Mount> {
        self.mounts.iter_mut()
    }
}

/// A line of mountinfo. Format: proc_pid_mountinfo(5).
struct Line<'t> {
    major: u32,
    minor: u32,
    mount_point: &'t [u8],
    kind: &'t str,
    device: &'t [u8],
    read_only: bool,
}

impl<'t> Line<'t> {
    /// Parses `27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard`.
    fn parse(line: &'t [u8]) -> Option<Self> {
        // A source may be empty, which leaves two spaces: split at every space.
        let mut fields = line.split(|byte| *byte == b' ');
        let numbers = std::str::from_utf8(fields.nth(2)?).ok()?;
        let (major, minor) = numbers.split_once(':')?;
        let mount_point = fields.nth(1)?;
        let options = fields.next()?;
        fields.find(|field| *field == b"-")?;
        let kind = std::str::from_utf8(fields.next()?).ok()?;
        let device = fields.next()?;
        let super_options = fields.next()?;
        let has = |options: &[u8], wanted: &[u8]| options.split(|byte| *byte == b',').any(|o| o == wanted);
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
            mount_point,
            kind,
            device,
            read_only: has(options, b"ro")
                || has(super_options, b"ro")
                || has(super_options, b"emergency_ro"),
        })
    }

    fn cannot_hang(&self) -> bool {
        LOCAL_TYPES.contains(&self.kind) || (EXCLUDED_TYPES.contains(&self.kind) && self.kind != "autofs")
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Undoes the octal escapes of space, tab, newline and backslash.
fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if *first == b'\\'
            && let Some((digits, after)) = after.split_at_checked(3)
            && let Some(byte) = octal(digits)
        {
            plain.push(byte);
            rest = after;
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

fn octal(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 8).ok()
}

/// Tells whether nothing at or below a mount point is of interest: the kernel's own, and what container runtimes
/// mount for their containers.
fn is_excluded(point: &[u8]) -> bool {
    [&b"/dev"[..], b"/proc", b"/sys"]
        .into_iter()
        .any(|top| is_at_or_below(point, top))
        || [
            &b"/run/credentials/"[..],
            b"/var/lib/docker/",
            b"/var/lib/containers/storage/",
        ]
        .into_iter()
        .any(|top| point.len() > top.len() && point.starts_with(top))
}

fn is_at_or_below(point: &[u8], top: &[u8]) -> bool {
    let top = top.strip_suffix(b"/").unwrap_or(top);
    point
        .strip_prefix(top)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// Tells whether two mounts would give the same series.
fn is_same_place(a: &Mount, b: &Mount) -> bool {
    a.mount_point == b.mount_point && a.device == b.device && a.kind == b.kind
}

#[cfg(test)]
mod tests;
