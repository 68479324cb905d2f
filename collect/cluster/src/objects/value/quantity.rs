//! Amounts of resources, as in `250m`, `1.5Gi` or `3e6`.
//!
//! Format and rounding are those of `resource.Quantity` of Kubernetes' API machinery: a decimal number with a suffix
//! that is a power of ten (`n` to `E`), a power of two (`Ki` to `Ei`) or an exponent; what is finer than is asked
//! for is rounded away from zero for positive amounts, and amounts beyond 2⁶³ − 1 count as that.

use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::List;
use crate::objects::Text;

/// The largest amount whose thousandths are counted.
const MAX_IN_MILLI: i64 = i64::MAX / 1000;

/// An amount of something: cores, bytes, pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quantity(Amount);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Amount {
    /// Thousandths, rounded up.
    Milli(i64),
    /// Whole ones, where there are too many to count thousandths.
    Whole(i64),
}

/// Amounts by name of what they are of, sorted by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Resources(List<(Text, Quantity)>);

/// A number as it is written: `mantissa × 10^tens × 2^twos`.
#[derive(Clone, Copy, Debug)]
struct Written {
    mantissa: i128,
    tens: i32,
    twos: u32,
    /// Digits were cut off that are not all zero; they count as a bit more than nothing.
    more: bool,
}

impl Quantity {
    /// Reads an amount as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let written = Written::parse(text)?;
        let milli = written.scaled(3);
        let amount = match i64::try_from(milli) {
            Ok(milli) => Amount::Milli(milli),
            Err(_) => {
                let whole = written.scaled(0);
                let bounded = whole.clamp(i128::from(-i64::MAX), i128::from(i64::MAX));
                Amount::Whole(i64::try_from(bounded).unwrap_or(i64::MAX))
            }
        };
        Some(Self(amount))
    }

    /// Reads an amount as the nearest floating point number to what is written, not rounded to thousandths.
    pub fn parse_exact(text: &str) -> Option<f64> {
        let written = Written::parse(text)?;
        // Powers of two and of ten up to 22 are exact, so that one rounding is all there is for common amounts.
        let base = written.mantissa as f64 * f64::from(2_u32).powi(i32::try_from(written.twos).unwrap_or(0));
        Some(match written.tens {
            0 => base,
            tens if tens > 0 => base * 10_f64.powi(tens),
            tens => base / 10_f64.powi(-tens),
        })
    }

    /// Returns the amount, rounded up to a whole number.
    pub fn whole(self) -> i64 {
        match self.0 {
            Amount::Milli(milli) => milli.div_euclid(1000) + i64::from(milli.rem_euclid(1000) > 0),
            Amount::Whole(whole) => whole,
        }
    }

    /// Returns the amount, rounded up to thousandths; to whole numbers where it is beyond 9.2 × 10¹⁵.
    pub fn value(self) -> f64 {
        match self.0 {
            Amount::Milli(_) if self.whole() > MAX_IN_MILLI => self.whole() as f64,
            Amount::Milli(milli) => milli as f64 / 1000.0,
            Amount::Whole(whole) => whole as f64,
        }
    }
}

impl Written {
    fn parse(text: &str) -> Option<Self> {
        let (negative, number) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let end = number
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(number.len());
        let (digits, suffix) = number.split_at_checked(end)?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let (tens, twos) = suffix_powers(suffix)?;
        let mut written = Self {
            mantissa: 0,
            tens,
            twos,
            more: false,
        };
        for digit in whole.bytes() {
            written.push(digit, 0);
        }
        for digit in fraction.bytes() {
            written.push(digit, -1);
        }
        if negative {
            written.mantissa = -written.mantissa;
        }
        Some(written)
    }

    /// Appends a digit, which moves the point by `shift`. Digits beyond the 18th are only noted.
    fn push(&mut self, digit: u8, shift: i32) {
        const FULL: i128 = 10_i128.pow(18);
        if self.mantissa < FULL {
            self.mantissa = self.mantissa * 10 + i128::from(digit - b'0');
            self.tens = self.tens.saturating_add(shift);
        } else {
            self.more |= digit != b'0';
            self.tens = self.tens.saturating_add(shift + 1);
        }
    }

    /// Returns the number × 10^`decimals`, rounded up; what is too large for 127 bits is their maximum.
    fn scaled(self, decimals: i32) -> i128 {
        // 19 digits × 2⁶⁰ are less than 2¹²⁴, so this is exact.
        let Some(binary) = self.mantissa.checked_mul(1 << self.twos) else {
            return i128::MAX * self.mantissa.signum();
        };
        let tens = self.tens.saturating_add(decimals);
        let power = 10_i128.checked_pow(tens.unsigned_abs());
        let more = i128::from(self.more && self.mantissa >= 0);
        match (tens >= 0, power) {
            (true, Some(power)) => binary
                .checked_add(more)
                .and_then(|binary| binary.checked_mul(power))
                .unwrap_or(i128::MAX * self.mantissa.signum()),
            (true, None) => i128::MAX * self.mantissa.signum(),
            (false, Some(power)) => {
                let rest = binary.rem_euclid(power) > 0 || (more > 0 && binary.rem_euclid(power) == 0);
                binary.div_euclid(power) + i128::from(rest)
            }
            (false, None) => i128::from(binary > 0),
        }
    }
}

/// Returns the power of ten and the power of two that a suffix stands for.
fn suffix_powers(suffix: &str) -> Option<(i32, u32)> {
    Some(match suffix {
        "" => (0, 0),
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "P" => (15, 0),
        "E" => (18, 0),
        "Ki" => (0, 10),
        "Mi" => (0, 20),
        "Gi" => (0, 30),
        "Ti" => (0, 40),
        "Pi" => (0, 50),
        "Ei" => (0, 60),
        exponent => {
            let digits = exponent.strip_prefix(['e', 'E'])?;
            let power: i32 = digits.strip_prefix('+').unwrap_or(digits).parse().ok()?;
            (power, 0)
        }
    })
}

impl Resources {
    /// Returns the amount of something.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        let i = self.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
        <[_]>::get(self, i).map(|(_, quantity)| *quantity)
    }
}

impl Deref for Resources {
    type Target = [(Text, Quantity)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Quantity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount as in 250m or 1Gi")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                Quantity::parse(text).ok_or_else(|| E::custom(format_args!("invalid amount {text:?}")))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
                self.visit_str(&format!("{number}"))
            }
            fn visit_unit<E: Error>(self) -> Result<Quantity, E> {
                Ok(Quantity(Amount::Milli(0)))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Resources;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of amounts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Resources, A::Error> {
                let mut amounts: Vec<(Text, Quantity)> = Vec::new();
                while let Some(amount) = map.next_entry()? {
                    amounts.push(amount);
                }
                amounts.sort_by(|a, b| a.0.cmp(&b.0));
                amounts.dedup_by(|a, b| a.0 == b.0);
                Ok(Resources(amounts.into()))
            }
            fn visit_unit<E: Error>(self) -> Result<Resources, E> {
                Ok(Resources::default())
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

#[cfg(test)]
mod tests;
