//! Fields of protobuf messages, appended to a buffer. Values that are the default are written too where the caller
//! asks for them: only the callers know which fields have presence.

/// Appends a varint.
pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a string or bytes field; an empty one is left out.
pub(crate) fn push_text(out: &mut Vec<u8>, number: u64, text: &str) {
    if !text.is_empty() {
        push_bytes(out, number, text.as_bytes());
    }
}

/// Appends a length-delimited field.
pub(crate) fn push_bytes(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    push_varint(out, (number << 3) | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a varint field; zero is left out.
pub(crate) fn push_int(out: &mut Vec<u8>, number: u64, value: u64) {
    if value != 0 {
        push_varint(out, number << 3);
        push_varint(out, value);
    }
}

/// Appends a zigzag field; zero is left out.
pub(crate) fn push_sint(out: &mut Vec<u8>, number: u64, value: i64) {
    push_int(out, number, to_zigzag(value));
}

/// Appends a 64-bit field.
pub(crate) fn push_fixed64(out: &mut Vec<u8>, number: u64, bits: u64) {
    push_varint(out, (number << 3) | 1);
    out.extend_from_slice(&bits.to_le_bytes());
}

/// Appends a float field; positive zero is left out.
pub(crate) fn push_double(out: &mut Vec<u8>, number: u64, value: f64) {
    if value.to_bits() != 0 {
        push_fixed64(out, number, value.to_bits());
    }
}

/// Appends a packed field of floats; none are left out.
pub(crate) fn push_packed_doubles(out: &mut Vec<u8>, number: u64, values: &[f64]) {
    if values.is_empty() {
        return;
    }
    push_varint(out, (number << 3) | 2);
    push_varint(out, 8 * values.len() as u64);
    for value in values {
        out.extend_from_slice(&value.to_bits().to_le_bytes());
    }
}

/// Appends a packed field of varints; none are left out.
pub(crate) fn push_packed_varints(out: &mut Vec<u8>, number: u64, values: impl Iterator<Item = u64> + Clone) {
    let len: usize = values.clone().map(varint_len).sum();
    if len == 0 {
        return;
    }
    push_varint(out, (number << 3) | 2);
    push_varint(out, len as u64);
    for value in values {
        push_varint(out, value);
    }
}

/// Appends an inner message that `write` writes behind the place of its length. The length takes one byte for most
/// messages, so one byte is kept free and the message is moved if it takes more.
pub(crate) fn push_message(out: &mut Vec<u8>, number: u64, write: impl FnOnce(&mut Vec<u8>)) {
    push_varint(out, (number << 3) | 2);
    let at = out.len();
    out.push(0);
    write(out);
    let len = (out.len() - at - 1) as u64;
    let width = varint_len(len);
    if width > 1 {
        let end = out.len();
        out.resize(end + width - 1, 0);
        out.copy_within(at + 1..end, at + width);
    }
    let mut rest = len;
    for i in 0..width {
        let more = if i + 1 < width { 0x80 } else { 0 };
        out[at + i] = (rest & 0x7f) as u8 | more;
        rest >>= 7;
    }
}

/// Applies zigzag.
pub(crate) fn to_zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn varint_len(value: u64) -> usize {
    // One byte per seven bits, one at least.
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}
