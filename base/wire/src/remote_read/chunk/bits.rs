//! Bits in the order of Prometheus' chunks: most significant first.

/// Widths in bits that a varbit number can take behind its prefix of as many ones.
const WIDTHS: [u32; 7] = [3, 6, 9, 12, 18, 25, 56];

/// Bits on their way into bytes.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits of the last byte that are still free.
    free: u32,
}

impl BitWriter {
    /// Begins behind whole bytes.
    pub(super) fn behind(bytes: Vec<u8>) -> Self {
        Self { bytes, free: 0 }
    }

    /// Appends the lowest `n <= 64` bits of a number.
    pub(super) fn push(&mut self, value: u64, n: u32) {
        let mut left = n;
        while left > 0 {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let taken = left.min(self.free);
            left -= taken;
            self.free -= taken;
            // At most eight bits, shifted to where the byte has room.
            let bits = (value >> left & ((1 << taken) - 1)) << self.free;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bits.to_le_bytes()[0];
            }
        }
    }

    /// Appends a signed number in as many bits as it needs.
    pub(super) fn push_varbit(&mut self, value: i64) {
        if value == 0 {
            return self.push(0, 1);
        }
        let width = WIDTHS
            .into_iter()
            .enumerate()
            .find(|&(_, width)| fits(value, width));
        self.push_prefixed(value.cast_unsigned(), width);
    }

    /// Appends an unsigned number in as many bits as it needs.
    pub(super) fn push_varbit_unsigned(&mut self, value: u64) {
        if value == 0 {
            return self.push(0, 1);
        }
        let width = WIDTHS
            .into_iter()
            .enumerate()
            .find(|&(_, width)| value >> width == 0);
        self.push_prefixed(value, width);
    }

    /// Writes one `1` more than the position of the width and a `0`, or eight `1` for the whole number.
    fn push_prefixed(&mut self, value: u64, width: Option<(usize, u32)>) {
        match width {
            Some((position, width)) => {
                for _ in 0..=position {
                    self.push(1, 1);
                }
                self.push(0, 1);
                self.push(value, width);
            }
            None => {
                self.push(0xff, 8);
                self.push(value, 64);
            }
        }
    }

    /// Returns the bytes; the last one is filled with zeros.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns the bytes so far.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// Tells whether a number is read back from its lowest `n` bits: these hold one more positive than negative numbers.
pub(super) fn fits(value: i64, n: u32) -> bool {
    let half = 1_i64 << (n - 1);
    -(half - 1) <= value && value <= half
}

/// A column of floats, each written as its difference to the one before.
#[derive(Debug)]
pub(super) struct XorColumn {
    value: u64,
    /// The window of bits that the last difference took, if there was one.
    window: Option<(u32, u32)>,
}

impl XorColumn {
    pub(super) fn new(value: f64) -> Self {
        Self {
            value: value.to_bits(),
            window: None,
        }
    }

    pub(super) fn push(&mut self, out: &mut BitWriter, value: f64) {
        let bits = value.to_bits();
        let delta = bits ^ self.value;
        self.value = bits;
        if delta == 0 {
            return out.push(0, 1);
        }
        out.push(1, 1);
        // Leading zeros are written in five bits.
        let leading = delta.leading_zeros().min(31);
        let trailing = delta.trailing_zeros();
        if let Some((l, t)) = self.window
            && leading >= l
            && trailing >= t
        {
            out.push(0, 1);
            return out.push(delta >> t, 64 - l - t);
        }
        self.window = Some((leading, trailing));
        out.push(1, 1);
        out.push(u64::from(leading), 5);
        let significant = 64 - leading - trailing;
        // Six bits cannot hold 64; 0 stands for it, as there is always one significant bit.
        out.push(u64::from(significant), 6);
        out.push(delta >> trailing, significant);
    }
}
