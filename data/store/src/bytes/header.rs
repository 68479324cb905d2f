//! The first sixteen bytes of files: what they are and in which format, so that damage is told from a later version.
//!
//! ```text
//! 8 bytes magic, u32 format version, u32 low half of xxh3 of the twelve bytes before
//! ```
//! Early formats have zero in the place of the checksum. Every later one has it, whatever else it changes: a version
//! that its checksum does not confirm is damage, not a version.

use super::{Malformed, Reader, xxh3};

/// Bytes of a header.
pub(crate) const HEADER_LEN: usize = 16;

/// What a kind of file begins with.
pub(crate) struct Format {
    pub(crate) magic: &'static [u8; 8],
    /// The version that is written, and the newest that is read.
    pub(crate) version: u32,
    /// The newest version whose headers may lack the checksum.
    pub(crate) unchecked: u32,
}

/// What stands at the beginning of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// The version can be read.
    Known(u32),
    /// The version is a later one.
    Newer(u32),
    /// This is no header of the format.
    Damaged,
}

impl Format {
    /// Returns the header of a file that is written now.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        out.extend_from_slice(&self.version.to_le_bytes());
        let check = checksum(&out);
        out.extend_from_slice(&check.to_le_bytes());
        out
    }

    /// Reads a header and leaves the reader behind it.
    pub(crate) fn read(&self, reader: &mut Reader<'_>) -> Header {
        self.parse(reader).unwrap_or(Header::Damaged)
    }

    fn parse(&self, reader: &mut Reader<'_>) -> Result<Header, Malformed> {
        let named = reader.bytes(12)?;
        let check = reader.u32()?;
        let mut named_reader = Reader::new(named);
        if named_reader.bytes(8)? != self.magic {
            return Err(Malformed);
        }
        let version = named_reader.u32()?;
        let confirmed = check == checksum(named) || (check == 0 && version <= self.unchecked);
        if !confirmed || version == 0 {
            return Err(Malformed);
        }
        if version > self.version {
            return Ok(Header::Newer(version));
        }
        Ok(Header::Known(version))
    }

    /// Puts a header and a checksum before the content of a small file.
    pub(crate) fn seal(&self, rest: &[u8]) -> Vec<u8> {
        let mut out = self.header();
        out.extend_from_slice(&xxh3(rest).to_le_bytes());
        out.extend_from_slice(rest);
        out
    }

    /// Undoes [`Format::seal`]: returns the version and the content, or what is wrong.
    pub(crate) fn unseal<'a>(&self, bytes: &'a [u8]) -> Result<(u32, Reader<'a>), Header> {
        let mut reader = Reader::new(bytes);
        match self.read(&mut reader) {
            Header::Known(version) if reader.u64() == Ok(xxh3(reader.rest())) => Ok((version, reader)),
            Header::Known(_) => Err(Header::Damaged),
            other => Err(other),
        }
    }
}

/// The lower half is as good as any.
fn checksum(bytes: &[u8]) -> u32 {
    xxh3(bytes) as u32
}
