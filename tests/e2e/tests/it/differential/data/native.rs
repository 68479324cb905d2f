//! Native histograms that change as real ones do: they grow, are reset, lose resolution, widen their zero bucket,
//! and get other bounds. No observation is NaN: before 3.11 Prometheus takes the wrong bucket for the quantiles of such
//! histograms.

use model::{Buckets, CUSTOM_BUCKETS, Histogram, ResetHint, Span, exponential_bound};
use rand::RngExt as _;
use rand::rngs::SmallRng;

use super::Kind;

/// One histogram of a series after the other.
pub(super) struct Native {
    kind: Kind,
    histogram: Histogram,
    /// Counts of the buckets above and below zero from [`Native::lowest`] on.
    positive: Vec<f64>,
    negative: Vec<f64>,
    lowest: i32,
}

const BOUNDS: [&[f64]; 4] = [
    &[1.0, 5.0, 10.0],
    &[1.0, 2.0, 5.0, 10.0, 20.0],
    &[2.0, 5.0, 100.0],
    &[0.5],
];
/// None lies within a bucket of any schema used here: where one does, a sum depends on the order of its series.
const ZERO_THRESHOLDS: [f64; 4] = [0.0, 0.001, 0.001, 1.0];

impl Native {
    pub(super) fn new(kind: Kind, random: &mut SmallRng) -> Self {
        let mut native = Self {
            kind,
            histogram: Histogram::default(),
            positive: Vec::new(),
            negative: Vec::new(),
            lowest: 0,
        };
        native.begin(random);
        native
    }

    /// Begins anew, as after a restart: with other buckets, perhaps.
    fn begin(&mut self, random: &mut SmallRng) {
        let gauge = self.kind == Kind::NativeGauge;
        self.histogram = Histogram {
            integer: !gauge,
            reset_hint: if gauge {
                ResetHint::Gauge
            } else {
                ResetHint::Unknown
            },
            ..Histogram::default()
        };
        if self.kind == Kind::Custom {
            let bounds = BOUNDS[random.random_range(0..BOUNDS.len())];
            self.histogram.schema = CUSTOM_BUCKETS;
            self.histogram.custom_values = bounds.into();
            self.positive = vec![0.0; bounds.len() + 1];
            self.lowest = 0;
            return;
        }
        self.histogram.schema = [-1, 0, 0, 1, 2, 3][random.random_range(0..6)];
        self.histogram.zero_threshold = ZERO_THRESHOLDS[random.random_range(0..4)];
        // No bucket within the zero bucket: a client never makes one.
        let outside = |lowest: &i32| {
            exponential_bound(lowest - 1, self.histogram.schema) >= self.histogram.zero_threshold
        };
        self.lowest = (random.random_range(-4..2)..).find(outside).unwrap_or(1);
        self.positive = vec![0.0; random.random_range(0..12)];
        self.negative = vec![
            0.0;
            if random.random_bool(0.3) {
                random.random_range(1..6)
            } else {
                0
            }
        ];
    }

    /// Returns the next histogram.
    pub(super) fn next(&mut self, random: &mut SmallRng) -> Histogram {
        match random.random_range(0..150) {
            0 => self.begin(random),
            1 if self.kind != Kind::Custom && self.histogram.schema > -2 => self.halve(),
            _ => {}
        }
        if self.kind == Kind::NativeGauge {
            self.positive.iter_mut().for_each(|count| *count = 0.0);
            self.negative.iter_mut().for_each(|count| *count = 0.0);
            self.histogram.zero_count = 0.0;
            self.histogram.sum = 0.0;
        }
        for _ in 0..random.random_range(0..8) {
            self.observe(random);
        }
        let mut histogram = self.histogram.clone();
        let side = |counts: &[f64]| Buckets {
            spans: vec![Span {
                offset: self.lowest,
                length: u32::try_from(counts.len()).unwrap_or(0),
            }],
            counts: counts.to_vec(),
        };
        histogram.positive = side(&self.positive);
        histogram.negative = side(&self.negative);
        histogram.compact(2);
        let counts = self.positive.iter().chain(&self.negative);
        histogram.count = counts.sum::<f64>() + histogram.zero_count;
        histogram
    }

    fn observe(&mut self, random: &mut SmallRng) {
        let step = if self.kind == Kind::NativeGauge { 8.0 } else { 1.0 };
        let amount = f64::from(random.random_range(1..9_u8)) / step;
        self.histogram.sum += f64::from(random.random_range(-40..80_i16)) / 8.0;
        let total = self.positive.len() + self.negative.len();
        let at = random.random_range(0..total + 1);
        if let Some(count) = self.positive.iter_mut().chain(&mut self.negative).nth(at) {
            *count += amount;
        } else if self.kind == Kind::Custom {
            self.positive[0] += amount;
        } else {
            self.histogram.zero_count += amount;
        }
    }

    /// Goes on with half the resolution, as a client that has too many buckets.
    fn halve(&mut self) {
        let from = self.histogram.schema;
        let lowest = Buckets::reduced_index(self.lowest, from, from - 1);
        for counts in [&mut self.positive, &mut self.negative] {
            let mut merged = Vec::new();
            for (index, count) in (self.lowest..).zip(counts.iter()) {
                let at = usize::try_from(Buckets::reduced_index(index, from, from - 1) - lowest).unwrap_or(0);
                merged.resize(merged.len().max(at + 1), 0.0);
                merged[at] += count;
            }
            *counts = merged;
        }
        self.lowest = lowest;
        self.histogram.schema -= 1;
    }
}
