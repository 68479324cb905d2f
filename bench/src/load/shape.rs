//! How the values of a series come about. Seeded: the same series has the same values in every run.

/// A splitmix64 generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Seeds a generator from bytes (FNV-1a).
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut random = Self(0xcbf2_9ce4_8422_2325);
        random.mix(bytes);
        random
    }

    /// Mixes more bytes into the seed.
    pub(crate) fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Draws 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Draws from 0 up to but without 1, all 53 bits of it.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws a whole number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound.max(1)
    }

    /// Draws a number of events where `mean` are expected: Knuth's product for few, the normal curve for many.
    pub(crate) fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 30.0 {
            // The sum of twelve uniform draws has variance 1.
            let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
            return (mean + mean.sqrt() * normal).round().max(0.0);
        }
        let (limit, mut product, mut events) = ((-mean).exp(), self.unit(), 0.0);
        while product > limit {
            product *= self.unit();
            events += 1.0;
        }
        events
    }
}

/// A course of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Always the same.
    Constant(f64),
    /// A whole number that changes by one now and then.
    Slow {
        /// Largest first value.
        max: u64,
        /// Chance of a change from one sample to the next.
        chance: f64,
    },
    /// A counter of events, whole numbers.
    Events {
        /// Events expected from one sample to the next.
        mean: f64,
        /// The share of them that counts here: that of a bucket.
        share: f64,
    },
    /// CPU seconds in microseconds.
    Cpu {
        /// Cores used, in the mean.
        cores: f64,
        /// Seconds from one sample to the next.
        interval: f64,
    },
    /// A counter of bytes.
    Bytes {
        /// Bytes from one sample to the next, in the mean.
        mean: u64,
    },
    /// Memory in multiples of 4 KiB that wanders.
    Pages {
        /// Largest first value in pages.
        max: u64,
    },
    /// A ratio with all bits of the mantissa, wandering around a centre.
    Ratio {
        /// The centre.
        centre: f64,
    },
}

impl Shape {
    /// Returns what a scrape shows of a value.
    pub(crate) fn shown(self, value: f64) -> f64 {
        match self {
            // Buckets of one histogram count the same events, so they never fall and never cross.
            Self::Events { share, .. } => (value * share).floor(),
            _ => value,
        }
    }

    /// Draws the first value.
    pub(crate) fn first(self, random: &mut Random) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Slow { max, .. } => random.below(max) as f64,
            Self::Events { mean, .. } => (mean * (1000 + random.below(100_000)) as f64).floor(),
            Self::Cpu { cores, .. } => micro(cores * (random.unit() * 1e5)),
            Self::Bytes { mean } => (mean * random.below(100_000)) as f64,
            Self::Pages { max } => (max / 4 + random.below(max)) as f64 * 4096.0,
            Self::Ratio { centre } => centre * (0.5 + random.unit()),
        }
    }

    /// Draws the next value.
    pub(crate) fn next(self, value: f64, random: &mut Random) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Slow { chance, .. } => match random.unit() {
                draw if draw < chance / 2.0 => (value - 1.0).max(0.0),
                draw if draw < chance => value + 1.0,
                _ => value,
            },
            Self::Events { mean, .. } => value + random.poisson(mean),
            Self::Cpu { cores, interval } => micro(value + cores * interval * (0.5 + random.unit())),
            Self::Bytes { mean } => value + (mean / 2 + random.below(mean)) as f64,
            Self::Pages { max } => {
                let step = (max / 64).max(1);
                let pages = value / 4096.0 + random.below(2 * step + 1) as f64 - step as f64;
                pages.max(1.0) * 4096.0
            }
            Self::Ratio { centre } => (value + centre * (random.unit() - 0.5) * 0.1).max(centre * 1e-3),
        }
    }
}

/// Rounds to microseconds, as counters of CPU time come.
fn micro(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests;
