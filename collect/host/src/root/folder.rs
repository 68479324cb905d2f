//! A folder of small files that is opened once and read without allocation: how sysfs shows a device.
//!
//! A file that is not there, or that the driver refuses to answer for, is a value this device does not have. Only
//! what cannot be read for another reason, or does not parse, is a problem.

use std::io;
use std::mem::MaybeUninit;

use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;

use crate::{CollectError, Problems, Root, attribute, parse};

/// Largest attribute: a page of the largest page size.
const MAX_ATTRIBUTE_BYTES: usize = 1 << 16;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// An open folder.
pub(crate) struct Folder {
    fd: OwnedFd,
}

impl Folder {
    /// Opens a folder of the tree.
    ///
    /// # Errors
    /// As [`Root::list`].
    pub(crate) fn open(root: &Root, relative: &str) -> Result<Self, CollectError> {
        match rustix::fs::open(root.path(relative), FOLDER, Mode::empty()) {
            Ok(fd) => Ok(Self { fd }),
            Err(errno) => {
                let what = format!("/{relative}");
                Err(match errno {
                    Errno::NOENT | Errno::NOTDIR => CollectError::Absent { what },
                    Errno::ACCESS | Errno::PERM => CollectError::Denied {
                        what,
                        hint: "run as root",
                    },
                    _ => CollectError::Read {
                        what,
                        source: errno.into(),
                    },
                })
            }
        }
    }

    /// Opens a folder in this one, `None` if there is none.
    pub(crate) fn folder(&self, name: &str) -> Option<Self> {
        let fd = rustix::fs::openat(&self.fd, name, FOLDER, Mode::empty()).ok()?;
        Some(Self { fd })
    }

    /// Calls `visit` with name and kind of everything in the folder, in the order of the file system. Names that
    /// are not UTF-8 are left out.
    ///
    /// # Errors
    /// What the kernel says, also in the middle.
    pub(crate) fn each(&self, mut visit: impl FnMut(&str, FileType)) -> io::Result<()> {
        rustix::fs::seek(&self.fd, SeekFrom::Start(0))?;
        let mut buffer = [MaybeUninit::<u8>::uninit(); 4096];
        let mut entries = RawDir::new(&self.fd, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            if let Ok(name) = entry.file_name().to_str()
                && name != "."
                && name != ".."
            {
                visit(name, entry.file_type());
            }
        }
        Ok(())
    }

    fn read(&self, name: &str, buffer: &mut Vec<u8>) -> Result<(), Errno> {
        buffer.clear();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, Mode::empty())?;
        loop {
            buffer.reserve(4096);
            let room = buffer.capacity() - buffer.len();
            let n = rustix::io::read(&fd, rustix::buffer::spare_capacity(buffer))?;
            // The kernel fills an attribute into the buffer at once: a short read is the end.
            if n < room {
                return Ok(());
            }
            if buffer.len() > MAX_ATTRIBUTE_BYTES {
                return Err(Errno::FBIG);
            }
        }
    }

    /// Returns where a file of the folder stands, for messages.
    fn place(&self, name: &str) -> String {
        use std::os::fd::AsRawFd;
        let link = format!("/proc/self/fd/{}", self.fd.as_raw_fd());
        match std::fs::read_link(link) {
            Ok(folder) => folder.join(name).display().to_string(),
            Err(_) => name.to_owned(),
        }
    }
}

/// Reads the files of folders and keeps what went wrong.
#[derive(Default)]
pub(crate) struct Reader {
    buffer: Vec<u8>,
    problems: Problems,
}

impl Reader {
    /// Reads a file whole, without white space around it.
    pub(crate) fn bytes(&mut self, folder: &Folder, name: &str) -> Option<&[u8]> {
        match folder.read(name, &mut self.buffer) {
            Ok(()) => Some(self.buffer.trim_ascii()),
            Err(errno) => {
                if !is_missing(errno) {
                    let place = folder.place(name);
                    self.problems.add(format_args!("failed to read {place}: {errno}"));
                }
                None
            }
        }
    }

    /// As [`Reader::bytes`], with the place where problems with what was read are noted.
    pub(crate) fn bytes_and_problems(
        &mut self,
        folder: &Folder,
        name: &str,
    ) -> Option<(&[u8], &mut Problems)> {
        self.bytes(folder, name)?;
        Some((self.buffer.trim_ascii(), &mut self.problems))
    }

    /// As [`Reader::bytes_and_problems`]; a file that is not there is empty.
    pub(crate) fn bytes_or_empty(&mut self, folder: &Folder, name: &str) -> (&[u8], &mut Problems) {
        if self.bytes(folder, name).is_none() {
            self.buffer.clear();
        }
        (self.buffer.trim_ascii(), &mut self.problems)
    }

    /// Reads a signed number, decimal or, after `0x`, hexadecimal.
    pub(crate) fn signed(&mut self, folder: &Folder, name: &str) -> Option<i64> {
        let value = attribute::parse_integer(self.bytes(folder, name)?);
        self.expect_number(value, folder, name)
    }

    /// Reads an unsigned number, decimal or, after `0x`, hexadecimal.
    pub(crate) fn unsigned(&mut self, folder: &Folder, name: &str) -> Option<u64> {
        let value = parse_unsigned(self.bytes(folder, name)?);
        self.expect_number(value, folder, name)
    }

    /// Reads a text into `into`, which is empty where there is none; bytes that are not UTF-8 are replaced.
    pub(crate) fn text<'t>(&mut self, folder: &Folder, name: &str, into: &'t mut String) -> Option<&'t str> {
        into.clear();
        let bytes = self.bytes(folder, name)?;
        into.push_str(&String::from_utf8_lossy(bytes));
        Some(into)
    }

    /// Notes a problem.
    pub(crate) fn problem(&mut self, problem: impl std::fmt::Display) {
        self.problems.add(problem);
    }

    /// Ends a collection and forgets its problems.
    ///
    /// # Errors
    /// [`CollectError::Partial`] if there were problems.
    pub(crate) fn finish(&mut self) -> Result<(), CollectError> {
        std::mem::take(&mut self.problems).into_result()
    }

    fn expect_number<T>(&mut self, value: Option<T>, folder: &Folder, name: &str) -> Option<T> {
        if value.is_none() {
            let place = folder.place(name);
            self.problems.add(format_args!("no number in {place}"));
        }
        value
    }
}

/// Parses an unsigned number, decimal or, after `0x`, hexadecimal.
pub(crate) fn parse_unsigned(bytes: &[u8]) -> Option<u64> {
    match bytes.strip_prefix(b"0x") {
        Some(digits) => parse_hex(digits),
        None => parse::unsigned(bytes),
    }
}

/// Parses a hexadecimal number without prefix that fills `bytes`.
pub(crate) fn parse_hex(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for byte in bytes {
        let digit = char::from(*byte).to_digit(16)?;
        value = value.checked_mul(16)? + u64::from(digit);
    }
    Some(value)
}

fn is_missing(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NOENT
            | Errno::NOTDIR
            | Errno::ISDIR
            | Errno::ACCESS
            | Errno::PERM
            | Errno::INVAL
            | Errno::OPNOTSUPP
            | Errno::NODEV
            | Errno::NXIO
            | Errno::NODATA
    )
}

#[cfg(test)]
mod tests;
