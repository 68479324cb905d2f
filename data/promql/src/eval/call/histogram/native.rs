//! Estimates from native histograms.

use model::{Histogram, Labels};

use crate::annotations::NanEffect;
use crate::ast::Span;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::call::histogram::{Estimate, Input};
use crate::eval::frame::{Row, histogram_at};
use crate::eval::steps::steps_of;
use crate::histogram::{self, NanNote};

impl Evaluator<'_> {
    pub(super) fn native_rows(
        &self,
        input: &Input,
        estimate: Estimate<'_>,
        row: &mut dyn FnMut(Row<'_>) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let mut values = vec![0.0; input.frame.n_steps()];
        for (idx, present) in &input.native {
            let labels = input.frame.labels(*idx);
            for i in steps_of(present) {
                if let Some(histogram) = histogram_at(input.frame.histograms(*idx), i) {
                    values[i] = self.native_value((input.span, labels), (estimate, i), histogram);
                }
            }
            self.push_estimates(labels, (&values, present), row)?;
        }
        Ok(())
    }

    fn native_value(
        &self,
        (span, labels): (Span, &Labels),
        (estimate, i): (Estimate<'_>, usize),
        histogram: &Histogram,
    ) -> f64 {
        let (value, effect) = match estimate {
            Estimate::Quantile(qs) => {
                let (value, note) = histogram::quantile(qs[i], histogram);
                let effect = note.map(|note| match note {
                    NanNote::Result => NanEffect::QuantileIsNan,
                    NanNote::Skew => NanEffect::QuantileIsSkewed,
                });
                (value, effect)
            }
            Estimate::Fraction(low, high) => {
                let (value, has_nan) = histogram::fraction(low[i], high[i], histogram);
                (value, has_nan.then_some(NanEffect::LeftOutOfFraction))
            }
        };
        if let Some(effect) = effect {
            let name = self.name_for_remarks(labels);
            self.annotate(|notes| notes.nan_observations(span, name, effect));
        }
        value
    }
}
