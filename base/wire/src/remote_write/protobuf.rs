//! A reader of the protobuf wire format that borrows from its input.
//! Format: <https://protobuf.dev/programming-guides/encoding/>.

use super::DecodeError;

/// A fault at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WireError {
    offset: usize,
    reason: &'static str,
}

impl WireError {
    /// Names the message that was being read.
    pub(super) fn within(self, message: &'static str) -> DecodeError {
        DecodeError::Protobuf {
            message,
            offset: self.offset,
            reason: self.reason,
        }
    }
}

/// Reads the fields of one message in order.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` begins in the whole request.
    offset: usize,
}

/// One field: its number and its value.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    value: Value<'a>,
    offset: usize,
}

#[derive(Clone, Debug)]
enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(Reader<'a>),
    /// Skipped: a 32-bit value or a group.
    Other,
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            offset: 0,
        }
    }

    /// Returns what has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads the next field, `None` at the end of the message.
    pub(super) fn next_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let offset = self.offset;
        let (number, kind) = self.key()?;
        let value = match kind {
            3 => self.skip_group(number)?,
            _ => self.value(kind)?,
        };
        Ok(Some(Field {
            number,
            value,
            offset,
        }))
    }

    fn key(&mut self) -> Result<(u64, u64), WireError> {
        let key = self.varint()?;
        // Field numbers have 29 bits and start at 1.
        if key >> 32 != 0 || key >> 3 == 0 {
            return Err(self.fault("invalid field number"));
        }
        Ok((key >> 3, key & 7))
    }

    fn value(&mut self, kind: u64) -> Result<Value<'a>, WireError> {
        match kind {
            0 => self.varint().map(Value::Varint),
            1 => {
                let (bytes, rest) = self
                    .rest
                    .split_first_chunk::<8>()
                    .ok_or_else(|| self.fault("message ends within a 64-bit value"))?;
                self.advance(rest);
                Ok(Value::Fixed64(u64::from_le_bytes(*bytes)))
            }
            2 => self.length_delimited().map(Value::Bytes),
            5 => {
                let rest = self
                    .rest
                    .get(4..)
                    .ok_or_else(|| self.fault("message ends within a 32-bit value"))?;
                self.advance(rest);
                Ok(Value::Other)
            }
            _ => Err(self.fault("invalid wire type")),
        }
    }

    fn length_delimited(&mut self) -> Result<Reader<'a>, WireError> {
        let len = self.varint()?;
        let (bytes, rest) = usize::try_from(len)
            .ok()
            .and_then(|len| self.rest.split_at_checked(len))
            .ok_or_else(|| self.fault("length reaches beyond the message"))?;
        let inner = Reader {
            rest: bytes,
            offset: self.offset,
        };
        self.advance(rest);
        Ok(inner)
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

    fn varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        for (i, &byte) in self.rest.iter().take(10).enumerate() {
            // The tenth byte holds one bit of 64.
            if i == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                let rest = self.rest.get(i + 1..).unwrap_or_default();
                self.advance(rest);
                return Ok(value);
            }
        }
        Err(self.fault("invalid varint"))
    }

    /// Moves on to `rest`, which is a tail of what was left.
    fn advance(&mut self, rest: &'a [u8]) {
        self.offset += self.rest.len() - rest.len();
        self.rest = rest;
    }

    fn fault(&self, reason: &'static str) -> WireError {
        WireError {
            offset: self.offset,
            reason,
        }
    }
}

impl<'a> Field<'a> {
    /// Returns a varint.
    pub(super) fn varint(&self) -> Result<u64, WireError> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(self.mismatch()),
        }
    }

    /// Returns the bits of a 64-bit value.
    pub(super) fn fixed64(&self) -> Result<u64, WireError> {
        match self.value {
            Value::Fixed64(value) => Ok(value),
            _ => Err(self.mismatch()),
        }
    }

    /// Returns a string or an inner message.
    pub(super) fn bytes(&self) -> Result<Reader<'a>, WireError> {
        match &self.value {
            Value::Bytes(reader) => Ok(reader.clone()),
            _ => Err(self.mismatch()),
        }
    }

    fn mismatch(&self) -> WireError {
        WireError {
            offset: self.offset,
            reason: "field has the wrong wire type",
        }
    }
}
