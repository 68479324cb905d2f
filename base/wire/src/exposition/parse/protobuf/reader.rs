//! A reader of protobuf messages that borrows from the page.
//! Format: <https://protobuf.dev/programming-guides/encoding/>.

/// Reads the fields of one message in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// A field: its number and its value.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    value: Value<'a>,
}

#[derive(Clone, Debug)]
enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32,
}

const CUT: &str = "the page ends within a message";
const MISMATCH: &str = "a field has the wrong wire type";

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads a message behind its length.
    pub(super) fn delimited(&mut self) -> Result<Self, &'static str> {
        let len = usize::try_from(self.varint()?).map_err(|_| CUT)?;
        let (message, rest) = self.rest.split_at_checked(len).ok_or(CUT)?;
        self.rest = rest;
        Ok(Self { rest: message })
    }

    /// Reads the next field, `None` at the end of the message.
    pub(super) fn next_field(&mut self) -> Result<Option<Field<'a>>, &'static str> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.fixed64()?),
            2 => Value::Bytes(self.delimited()?.rest),
            5 => {
                self.rest = self.rest.get(4..).ok_or(CUT)?;
                Value::Fixed32
            }
            _ => return Err("a field has a wire type that is not used any more"),
        };
        Ok(Some(Field {
            number: key >> 3,
            value,
        }))
    }

    fn fixed64(&mut self) -> Result<u64, &'static str> {
        let (bytes, rest) = self.rest.split_first_chunk::<8>().ok_or(CUT)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    fn varint(&mut self) -> Result<u64, &'static str> {
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
        Err(if self.rest.len() < 10 {
            CUT
        } else {
            "a number is longer than 64 bits"
        })
    }
}

impl<'a> Field<'a> {
    pub(super) fn varint(&self) -> Result<u64, &'static str> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(MISMATCH),
        }
    }

    pub(super) fn double(&self) -> Result<f64, &'static str> {
        match self.value {
            Value::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(MISMATCH),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, &'static str> {
        match self.value {
            Value::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| "a text is not valid UTF-8"),
            _ => Err(MISMATCH),
        }
    }

    pub(super) fn message(&self) -> Result<Reader<'a>, &'static str> {
        match self.value {
            Value::Bytes(bytes) => Ok(Reader { rest: bytes }),
            _ => Err(MISMATCH),
        }
    }

    /// Appends the numbers of a repeated `sint64`, packed or not.
    pub(super) fn push_signed(&self, out: &mut Vec<i64>) -> Result<(), &'static str> {
        match self.value {
            Value::Varint(value) => out.push(zigzag(value)),
            Value::Bytes(bytes) => {
                let mut packed = Self::packed(bytes);
                while !packed.rest.is_empty() {
                    out.push(zigzag(packed.varint()?));
                }
            }
            _ => return Err(MISMATCH),
        }
        Ok(())
    }

    /// Appends the numbers of a repeated `double`, packed or not.
    pub(super) fn push_doubles(&self, out: &mut Vec<f64>) -> Result<(), &'static str> {
        match self.value {
            Value::Fixed64(bits) => out.push(f64::from_bits(bits)),
            Value::Bytes(bytes) => {
                let mut packed = Self::packed(bytes);
                while !packed.rest.is_empty() {
                    out.push(f64::from_bits(packed.fixed64()?));
                }
            }
            _ => return Err(MISMATCH),
        }
        Ok(())
    }

    fn packed(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }
}

/// Returns the signed number that a `sint` field holds.
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}
