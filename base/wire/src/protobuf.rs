//! The protobuf wire format, read without copying and written without reflection.
//!
//! Messages on the hot path are read field by field from borrowed bytes; what is not known is skipped. Nothing here
//! recurses into its input and nothing allocates in proportion to a length that the input declares.
//! Format: <https://protobuf.dev/programming-guides/encoding/>.

use crate::DecodeError;

mod write;

pub(crate) use write::{
    push_bytes, push_double, push_fixed64, push_int, push_message, push_packed_doubles, push_packed_varints,
    push_sint, push_text, push_varint, to_zigzag,
};

/// A fault at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WireError {
    offset: usize,
    reason: &'static str,
}

impl WireError {
    /// Names the message that was being read.
    pub(crate) fn within(self, message: &'static str) -> DecodeError {
        DecodeError::Protobuf {
            message,
            offset: self.offset,
            reason: self.reason,
        }
    }
}

/// Leaves the place out: a page of metrics names the family instead.
impl From<WireError> for &'static str {
    fn from(error: WireError) -> Self {
        error.reason
    }
}

/// Reads the fields of one message in order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` ends in the whole request. Only the end is kept, so that moving on changes one thing.
    end: usize,
}

/// One field: its number and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    value: Value<'a>,
    offset: usize,
}

#[derive(Clone, Copy, Debug)]
enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(Reader<'a>),
    /// Skipped: a 32-bit value or a group.
    Other,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            end: message.len(),
        }
    }

    /// Returns what has not been read.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Tells whether everything has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Skips `n` bytes that the caller has read by itself from [`Reader::rest`].
    #[inline]
    pub(crate) fn skip(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default();
    }

    /// Reads the next field, `None` at the end. A group is skipped whole and returned as a field without value.
    #[inline]
    pub(crate) fn next_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let offset = self.offset();
        let (number, kind) = self.key()?;
        let value = match kind {
            3 => self.skip_group(number)?,
            4 => return Err(self.fault("group ends that did not begin")),
            _ => self.value(kind)?,
        };
        Ok(Some(Field {
            number,
            value,
            offset,
        }))
    }

    /// Reads one varint.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, WireError> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    /// Reads the bits of one 64-bit value.
    #[inline]
    pub(crate) fn fixed64(&mut self) -> Result<u64, WireError> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk::<8>()
            .ok_or_else(|| self.fault("message ends within a 64-bit value"))?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    #[inline]
    fn key(&mut self) -> Result<(u64, u64), WireError> {
        let key = self.varint()?;
        // Field numbers have 29 bits and begin at 1.
        if !(1..1 << 29).contains(&(key >> 3)) {
            return Err(self.fault("invalid field number"));
        }
        Ok((key >> 3, key & 7))
    }

    #[inline]
    fn value(&mut self, kind: u64) -> Result<Value<'a>, WireError> {
        match kind {
            0 => self.varint().map(Value::Varint),
            1 => self.fixed64().map(Value::Fixed64),
            2 => self.delimited().map(Value::Bytes),
            5 => {
                self.rest = self
                    .rest
                    .get(4..)
                    .ok_or_else(|| self.fault("message ends within a 32-bit value"))?;
                Ok(Value::Other)
            }
            _ => Err(self.fault("invalid wire type")),
        }
    }

    /// Reads bytes behind their length: a string, a message, or one of several messages in a row.
    #[inline]
    pub(crate) fn delimited(&mut self) -> Result<Reader<'a>, WireError> {
        let len = self.varint()?;
        let (bytes, rest) = usize::try_from(len)
            .ok()
            .and_then(|len| self.rest.split_at_checked(len))
            .ok_or_else(|| self.fault("length reaches beyond the message"))?;
        self.rest = rest;
        Ok(Reader {
            rest: bytes,
            end: self.offset(),
        })
    }

    /// Skips to the end of a group. Groups nest, so the open ones are counted rather than recursed into;
    /// that their numbers match is checked for the outermost only.
    fn skip_group(&mut self, number: u64) -> Result<Value<'a>, WireError> {
        let mut depth = 1_usize;
        loop {
            let (inner, kind) = self.key()?;
            match kind {
                3 => depth += 1,
                4 => depth -= 1,
                _ => {
                    self.value(kind)?;
                }
            }
            if depth == 0 {
                let closed = inner == number;
                return if closed {
                    Ok(Value::Other)
                } else {
                    Err(self.fault("group ends under another number"))
                };
            }
        }
    }

    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        for (i, &byte) in self.rest.iter().take(10).enumerate() {
            // The tenth byte holds one bit of 64.
            if i == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.rest = self.rest.get(i + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(self.fault("invalid varint"))
    }

    fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    #[cold]
    fn fault(&self, reason: &'static str) -> WireError {
        WireError {
            offset: self.offset(),
            reason,
        }
    }
}

impl<'a> Field<'a> {
    /// Returns a varint.
    #[inline]
    pub(crate) fn varint(&self) -> Result<u64, WireError> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(self.mismatch()),
        }
    }

    /// Returns a varint that must fit 32 bits; more bits are cut off, as every protobuf reader does.
    #[inline]
    pub(crate) fn uint32(&self) -> Result<u32, WireError> {
        Ok(low_bits(self.varint()?))
    }

    /// Returns a zigzag varint of 32 bits.
    pub(crate) fn sint32(&self) -> Result<i32, WireError> {
        let bits = low_bits(self.varint()?);
        Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
    }

    /// Returns a two's complement varint.
    #[inline]
    pub(crate) fn int64(&self) -> Result<i64, WireError> {
        Ok(self.varint()?.cast_signed())
    }

    /// Returns the bits of a 64-bit value.
    #[inline]
    pub(crate) fn fixed64(&self) -> Result<u64, WireError> {
        match self.value {
            Value::Fixed64(value) => Ok(value),
            _ => Err(self.mismatch()),
        }
    }

    /// Returns a 64-bit float.
    #[inline]
    pub(crate) fn double(&self) -> Result<f64, WireError> {
        self.fixed64().map(f64::from_bits)
    }

    /// Returns a string or an inner message.
    #[inline]
    pub(crate) fn bytes(&self) -> Result<Reader<'a>, WireError> {
        match self.value {
            Value::Bytes(reader) => Ok(reader),
            _ => Err(self.mismatch()),
        }
    }

    /// Returns a string; bytes that are not UTF-8 are an error, as in proto3.
    pub(crate) fn text(&self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.bytes()?.rest()).map_err(|_invalid| WireError {
            offset: self.offset,
            reason: "string is not valid UTF-8",
        })
    }

    /// Hands over the elements of a repeated varint, packed or not.
    #[inline]
    pub(crate) fn each_varint(&self, mut take: impl FnMut(u64)) -> Result<(), WireError> {
        match self.value {
            Value::Varint(value) => take(value),
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    take(packed.varint()?);
                }
            }
            _ => return Err(self.mismatch()),
        }
        Ok(())
    }

    /// Hands over the elements of a repeated 64-bit value, packed or not.
    #[inline]
    pub(crate) fn each_fixed64(&self, mut take: impl FnMut(u64)) -> Result<(), WireError> {
        match self.value {
            Value::Fixed64(value) => take(value),
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    take(packed.fixed64()?);
                }
            }
            _ => return Err(self.mismatch()),
        }
        Ok(())
    }

    /// Makes a fault of this field.
    #[cold]
    pub(crate) fn fault(&self, reason: &'static str) -> WireError {
        WireError {
            offset: self.offset,
            reason,
        }
    }

    #[cold]
    fn mismatch(&self) -> WireError {
        self.fault("field has the wrong wire type")
    }
}

/// Undoes zigzag.
#[inline]
pub(crate) fn zigzag(bits: u64) -> i64 {
    (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf defines that wider varints are cut to the width of the field"
)]
#[inline]
fn low_bits(value: u64) -> u32 {
    value as u32
}
