//! Arithmetic to the letter of Prometheus: compensated sums, quantiles, Go's `Max` and `Min`.

/// A sum with Kahan's compensation in Neumaier's variant, as Prometheus `util/kahansum` has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kahan {
    pub(crate) sum: f64,
    pub(crate) compensation: f64,
}

impl Kahan {
    #[inline]
    pub(crate) fn add(self, value: f64) -> Self {
        let total = self.sum + value;
        let compensation = if total.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.compensation + ((self.sum - total) + value)
        } else {
            self.compensation + ((value - total) + self.sum)
        };
        Self {
            sum: total,
            compensation,
        }
    }

    #[inline]
    pub(crate) fn total(self) -> f64 {
        if self.sum.is_infinite() {
            self.sum
        } else {
            self.sum + self.compensation
        }
    }
}

/// An average that does not overflow where the average itself does not: a compensated sum as long as that is
/// finite, then an incremental mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mean {
    state: Kahan,
    count: f64,
    incremental: bool,
}

impl Mean {
    pub(crate) fn new(first: f64) -> Self {
        Self {
            state: Kahan {
                sum: first,
                compensation: 0.0,
            },
            count: 1.0,
            incremental: false,
        }
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.incremental {
            let next = self.state.add(value);
            if !next.sum.is_infinite() {
                self.state = next;
                return;
            }
            self.incremental = true;
            self.state.sum /= self.count - 1.0;
            self.state.compensation /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        let scaled = Kahan {
            sum: share * self.state.sum,
            compensation: share * self.state.compensation,
        };
        self.state = scaled.add(value / self.count);
    }

    pub(crate) fn value(&self) -> f64 {
        if self.incremental {
            self.state.sum + self.state.compensation
        } else {
            self.state.sum / self.count + self.state.compensation / self.count
        }
    }
}

/// Order of sample values with NaN first.
pub(crate) fn compare_nan_first(a: &f64, b: &f64) -> std::cmp::Ordering {
    a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Returns a quantile of values sorted by [`compare_nan_first`].
pub(crate) fn quantile_of_sorted(q: f64, sorted: &[f64]) -> f64 {
    if sorted.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let rank = q * (sorted.len() - 1) as f64;
    let lower = rank.floor() as usize;
    let upper = (lower + 1).min(sorted.len() - 1);
    let weight = rank - rank.floor();
    if weight == 0.0 {
        sorted[lower]
    } else {
        sorted[lower] * (1.0 - weight) + sorted[upper] * weight
    }
}

/// Go's `math.Max`: NaN wins over everything but +Inf.
pub(crate) fn go_max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// Go's `math.Min`: NaN wins over everything but -Inf.
pub(crate) fn go_min(a: f64, b: f64) -> f64 {
    -go_max(-a, -b)
}
